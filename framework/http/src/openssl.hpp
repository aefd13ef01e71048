#pragma once
// OpenSSL's objects as owners, and its errors as text.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <windlass/http/tls.hpp>

namespace windlass::inline v0::http::detail {

template <auto function>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

/// Takes the oldest error of this thread's queue and clears the rest.
std::string take_openssl_error();

Bio read_only_bio(std::string_view bytes);
std::string bio_text(BIO* bio);
/// Every certificate of a PEM text; Errc::tls when there is none or one is broken.
Result<std::vector<Certificate>> parse_certificates(std::string_view pem, std::string_view what);
Result<Key> parse_key(std::string_view pem, std::string_view what);
/// "CN=...,O=..." for people.
std::string subject_of(const X509* certificate);
PeerCertificate describe_peer(const X509* certificate);

}  // namespace windlass::inline v0::http::detail
