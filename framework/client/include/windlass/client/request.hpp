#pragma once
// From verb, resource, key and options to an HTTP request, as a value. No I/O.

#include <string>
#include <string_view>

#include <windlass/client/options.hpp>
#include <windlass/http/message.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::client {

// Each returns Errc::invalid_argument when the key does not fit the resource: no name, no namespace
// for a namespaced resource, or a name that cannot stand in a path. The namespace of a cluster-wide
// resource is ignored. Credentials, the server's path prefix and the user agent are not theirs.

Result<http::Request> get_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                  std::string_view subresource, const GetOptions& options);
Result<http::Request> list_request(const meta::Resource& resource, const ListOptions& options);
Result<http::Request> watch_request(const meta::Resource& resource, const WatchOptions& options);
/// Without a subresource the key's name is not used (it may be empty: generateName).
Result<http::Request> create_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                     std::string_view subresource, std::string body,
                                     const CreateOptions& options);
Result<http::Request> update_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                     std::string_view subresource, std::string body,
                                     const UpdateOptions& options);
Result<http::Request> patch_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                    std::string_view subresource, PatchType type, std::string body,
                                    const PatchOptions& options);
Result<http::Request> apply_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                    std::string_view subresource, std::string body,
                                    const ApplyOptions& options);
Result<http::Request> delete_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                     const DeleteOptions& options);

/// `update deployments.apps/status "ns/name"`: what error messages begin with.
std::string describe_request(std::string_view verb, const meta::Resource& resource,
                             const meta::ObjectKey& key, std::string_view subresource = {});

}  // namespace windlass::inline v0::client
