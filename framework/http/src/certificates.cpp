#include <array>
#include <chrono>
#include <ctime>

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "openssl.hpp"

namespace windlass::inline v0::http {
namespace detail {

std::string take_openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason != nullptr ? reason : "an OpenSSL error without a reason";
}

Bio read_only_bio(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

namespace {

/// Keys with a passphrase are refused instead of asking on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

std::string name_text(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return bio_text(out.get());
}

std::string entry_text(const X509_NAME_ENTRY* entry) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

std::vector<std::string> entries(const X509_NAME* name, int kind) {
  std::vector<std::string> texts;
  for (int at = X509_NAME_get_index_by_NID(name, kind, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(name, kind, at)) {
    texts.push_back(entry_text(X509_NAME_get_entry(name, at)));
  }
  return texts;
}

}  // namespace

std::string subject_of(const X509* certificate) {
  return name_text(X509_get_subject_name(certificate));
}

PeerCertificate describe_peer(const X509* certificate) {
  const auto* name = X509_get_subject_name(certificate);
  auto names = entries(name, NID_commonName);
  return {names.empty() ? std::string() : names.back(), entries(name, NID_organizationName)};
}

Result<std::vector<Certificate>> parse_certificates(std::string_view pem, std::string_view what) {
  const auto bio = read_only_bio(pem);
  std::vector<Certificate> found;
  ERR_clear_error();
  while (auto* next = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
    found.emplace_back(next);
  }
  const auto code = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  if (found.empty() || !at_end) {
    const auto why = at_end ? std::string("it has no CERTIFICATE block") : take_openssl_error();
    ERR_clear_error();
    return Error{Errc::tls, std::string(what) + " is not a PEM certificate: " + why};
  }
  ERR_clear_error();
  return found;
}

Result<Key> parse_key(std::string_view pem, std::string_view what) {
  const auto bio = read_only_bio(pem);
  ERR_clear_error();
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) {
    return Error{Errc::tls, std::string(what) +
                                " is not an unencrypted PEM private key: " + take_openssl_error()};
  }
  return key;
}

namespace {

using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

[[noreturn]] void fail(const std::string& what) {
  throw Exception(Errc::tls, "cannot make a certificate: " + what);
}

void check(bool good) {
  if (!good) fail(take_openssl_error());
}

void add_entry(X509_NAME* name, const char* kind, const std::string& text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  check(X509_NAME_add_entry_by_txt(name, kind, MBSTRING_UTF8, bytes, static_cast<int>(text.size()),
                                   -1, 0) == 1);
}

void set_time(ASN1_TIME* field, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  check(ASN1_TIME_set(field, static_cast<std::time_t>(seconds)) != nullptr);
}

void set_serial(X509* certificate) {
  const Number number(BN_new());
  check(number && BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
  check(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void add_extension(X509* certificate, X509V3_CTX* context, int kind, const char* value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, context, kind, value));
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void add_name(GENERAL_NAMES* names, int kind, const void* data, std::size_t size) {
  auto* text = ASN1_STRING_type_new(kind == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
  auto* name = GENERAL_NAME_new();
  check(text != nullptr && name != nullptr);
  check(ASN1_STRING_set(text, data, static_cast<int>(size)) == 1);
  GENERAL_NAME_set0_value(name, kind, text);
  check(sk_GENERAL_NAME_push(names, name) > 0);
}

void add_alternative_names(X509* certificate, const CertificateRequest& request) {
  if (request.dns_names.empty() && request.ip_addresses.empty()) return;
  const Names names(sk_GENERAL_NAME_new_null());
  for (const auto& dns : request.dns_names) add_name(names.get(), GEN_DNS, dns.data(), dns.size());
  for (const auto& address : request.ip_addresses) {
    std::array<unsigned char, 16> bytes{};
    const bool ipv6 = address.find(':') != address.npos;
    if (::inet_pton(ipv6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) {
      fail("\"" + address + "\" is not an IP address");
    }
    add_name(names.get(), GEN_IPADD, bytes.data(), ipv6 ? 16 : 4);
  }
  check(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1);
}

void add_extensions(X509* certificate, X509* issuer, const CertificateRequest& request) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  add_extension(certificate, &context, NID_basic_constraints,
                request.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, &context, NID_key_usage,
                request.is_ca ? "critical,digitalSignature,keyCertSign,cRLSign"
                              : "critical,digitalSignature");
  if (!request.is_ca) {
    add_extension(certificate, &context, NID_ext_key_usage, "serverAuth,clientAuth");
  }
  add_extension(certificate, &context, NID_subject_key_identifier, "hash");
  if (issuer != certificate) {
    add_extension(certificate, &context, NID_authority_key_identifier, "keyid");
  }
  add_alternative_names(certificate, request);
}

KeyPair make(const CertificateRequest& request, const KeyPair* issuer) {
  if (request.not_after <= request.not_before) fail("it would end before it begins");
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  check(key && certificate);
  check(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  set_serial(certificate.get());
  set_time(X509_getm_notBefore(certificate.get()), request.not_before);
  set_time(X509_getm_notAfter(certificate.get()), request.not_after);
  auto* subject = X509_get_subject_name(certificate.get());
  for (const auto& organization : request.organizations) add_entry(subject, "O", organization);
  if (!request.common_name.empty()) add_entry(subject, "CN", request.common_name);
  check(X509_set_pubkey(certificate.get(), key.get()) == 1);

  Certificate issuer_certificate;
  Key issuer_key;
  if (issuer != nullptr) {
    auto chain = parse_certificates(issuer->certificate_pem, "the issuer's certificate").value();
    issuer_certificate = std::move(chain.front());
    auto parsed = parse_key(issuer->key_pem, "the issuer's key");
    if (!parsed) throw Exception(parsed.error());
    issuer_key = std::move(*parsed);
  }
  auto* signer = issuer_certificate ? issuer_certificate.get() : certificate.get();
  check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) == 1);
  add_extensions(certificate.get(), signer, request);
  auto* signing_key = issuer_key ? issuer_key.get() : key.get();
  check(X509_sign(certificate.get(), signing_key, EVP_sha256()) > 0);

  const Bio certificate_out(BIO_new(BIO_s_mem()));
  const Bio key_out(BIO_new(BIO_s_secmem()));
  check(PEM_write_bio_X509(certificate_out.get(), certificate.get()) == 1);
  check(PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
        1);
  return {bio_text(certificate_out.get()), bio_text(key_out.get())};
}

}  // namespace
}  // namespace detail

Result<KeyPair> make_certificate(const CertificateRequest& request, const KeyPair* issuer) {
  try {
    return detail::make(request, issuer);
  } catch (const Exception& failure) {
    return failure.error();
  }
}

Result<WallTime> certificate_expiry(std::string_view pem) {
  auto chain = detail::parse_certificates(pem, "the text");
  if (!chain) return chain.error();
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(chain->front().get()), &end) != 1) {
    return Error{Errc::tls,
                 "the certificate's end cannot be read: " + detail::take_openssl_error()};
  }
  const std::chrono::year_month_day date{std::chrono::year(end.tm_year + 1900),
                                         std::chrono::month(static_cast<unsigned>(end.tm_mon) + 1),
                                         std::chrono::day(static_cast<unsigned>(end.tm_mday))};
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(end.tm_hour) +
         std::chrono::minutes(end.tm_min) + std::chrono::seconds(end.tm_sec);
}

}  // namespace windlass::inline v0::http
