#include <windlass/base/encoding.hpp>
#include <windlass/client/request.hpp>
#include <windlass/json/value.hpp>

namespace windlass::inline v0::client {
namespace {

/// Collects `?a=b&c=d`.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_ += text_.empty() ? '?' : '&';
    text_ += name;
    text_ += '=';
    text_ += encode_percent(value);
    return *this;
  }
  Query& flag(std::string_view name, bool on) { return add(name, on ? "true" : ""); }
  Query& dry_run(bool on) { return add("dryRun", on ? "All" : ""); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

Error unusable(const meta::Resource& resource, const std::string& why) {
  return {Errc::invalid_argument, resource.group_resource() + ": " + why};
}

/// What may stand between two slashes of a path as it is.
bool fits_path(std::string_view segment) {
  if (segment == "." || segment == "..") return false;
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || c == '/' || c == '%' || c == '?' || c == '#') return false;
  }
  return true;
}

Result<void> check_namespace(const meta::Resource& resource, const std::string& name, bool needed) {
  if (!resource.namespaced) return {};
  if (name.empty() && needed) return unusable(resource, "a namespace is needed");
  if (!fits_path(name)) return unusable(resource, quote_json(name) + " is no name of a namespace");
  return {};
}

/// The path of one object.
Result<std::string> path_of(const meta::Resource& resource, const meta::ObjectKey& key,
                            std::string_view subresource) {
  if (auto ok = check_namespace(resource, key.namespace_, true); !ok) return ok.error();
  if (key.name.empty()) return unusable(resource, "a name is needed");
  if (!fits_path(key.name))
    return unusable(resource, quote_json(key.name) + " is no name of an object");
  return meta::object_path(resource, resource.namespaced ? key.namespace_ : std::string(), key.name,
                           subresource);
}

Result<std::string> path_of_all(const meta::Resource& resource, const std::string& name_space,
                                bool needed) {
  if (auto ok = check_namespace(resource, name_space, needed); !ok) return ok.error();
  return meta::collection_path(resource, resource.namespaced ? name_space : std::string());
}

http::Request make(std::string method, std::string target, std::string body = {},
                   std::string_view content_type = "application/json") {
  http::Request request{.method = std::move(method), .target = std::move(target)};
  request.headers.set("Accept", "application/json");
  if (!body.empty()) request.headers.set("Content-Type", content_type);
  request.body = std::move(body);
  return request;
}

std::string_view content_type_of(PatchType type) {
  switch (type) {
    case PatchType::json:
      return "application/json-patch+json";
    case PatchType::merge:
      return "application/merge-patch+json";
    case PatchType::strategic_merge:
      return "application/strategic-merge-patch+json";
  }
  return {};
}

std::string_view policy_of(Propagation propagation) {
  switch (propagation) {
    case Propagation::server_default:
      return "";
    case Propagation::background:
      return "Background";
    case Propagation::foreground:
      return "Foreground";
    case Propagation::orphan:
      return "Orphan";
  }
  return "";
}

std::string body_of(const DeleteOptions& options) {
  json::Object body;
  json::Object preconditions;
  if (!options.uid.empty()) preconditions.set("uid", options.uid);
  if (!options.resource_version.empty())
    preconditions.set("resourceVersion", options.resource_version);
  if (!preconditions.empty()) body.set("preconditions", std::move(preconditions));
  const auto policy = policy_of(options.propagation);
  if (!policy.empty()) body.set("propagationPolicy", policy);
  if (options.grace_period_seconds) body.set("gracePeriodSeconds", *options.grace_period_seconds);
  if (options.dry_run) body.set("dryRun", json::Array{"All"});
  return body.empty() ? std::string() : json::dump(json::Value(std::move(body)));
}

}  // namespace

Result<http::Request> get_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                  std::string_view subresource, const GetOptions& options) {
  auto path = path_of(resource, key, subresource);
  if (!path) return path.error();
  Query query;
  query.add("resourceVersion", options.resource_version);
  return make("GET", *path + query.text());
}

Result<http::Request> list_request(const meta::Resource& resource, const ListOptions& options) {
  auto path = path_of_all(resource, options.namespace_, false);
  if (!path) return path.error();
  Query query;
  query.add("labelSelector", options.label_selector).add("fieldSelector", options.field_selector);
  // a continue token holds the version; the server refuses both together
  if (options.continue_.empty()) {
    query.add("resourceVersion", options.resource_version)
        .add("resourceVersionMatch", options.resource_version_match);
  }
  if (options.limit > 0) query.add("limit", std::to_string(options.limit));
  query.add("continue", options.continue_);
  return make("GET", *path + query.text());
}

Result<http::Request> watch_request(const meta::Resource& resource, const WatchOptions& options) {
  auto path = path_of_all(resource, options.namespace_, false);
  if (!path) return path.error();
  Query query;
  query.flag("watch", true)
      .add("labelSelector", options.label_selector)
      .add("fieldSelector", options.field_selector)
      .add("resourceVersion", options.resource_version)
      .flag("allowWatchBookmarks", options.allow_bookmarks);
  if (options.send_initial_events) {
    query.flag("sendInitialEvents", true).add("resourceVersionMatch", "NotOlderThan");
  }
  if (options.timeout_seconds > 0)
    query.add("timeoutSeconds", std::to_string(options.timeout_seconds));
  return make("GET", *path + query.text());
}

Result<http::Request> create_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                     std::string_view subresource, std::string body,
                                     const CreateOptions& options) {
  auto path = subresource.empty() ? path_of_all(resource, key.namespace_, true)
                                  : path_of(resource, key, subresource);
  if (!path) return path.error();
  Query query;
  query.dry_run(options.dry_run)
      .add("fieldManager", options.field_manager)
      .add("fieldValidation", options.field_validation);
  return make("POST", *path + query.text(), std::move(body));
}

Result<http::Request> update_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                     std::string_view subresource, std::string body,
                                     const UpdateOptions& options) {
  auto path = path_of(resource, key, subresource);
  if (!path) return path.error();
  Query query;
  query.dry_run(options.dry_run)
      .add("fieldManager", options.field_manager)
      .add("fieldValidation", options.field_validation);
  return make("PUT", *path + query.text(), std::move(body));
}

Result<http::Request> patch_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                    std::string_view subresource, PatchType type, std::string body,
                                    const PatchOptions& options) {
  auto path = path_of(resource, key, subresource);
  if (!path) return path.error();
  Query query;
  query.dry_run(options.dry_run).add("fieldManager", options.field_manager);
  return make("PATCH", *path + query.text(), std::move(body), content_type_of(type));
}

Result<http::Request> apply_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                    std::string_view subresource, std::string body,
                                    const ApplyOptions& options) {
  auto path = path_of(resource, key, subresource);
  if (!path) return path.error();
  if (options.field_manager.empty()) return unusable(resource, "apply needs a field manager");
  Query query;
  query.dry_run(options.dry_run)
      .add("fieldManager", options.field_manager)
      .flag("force", options.force);
  return make("PATCH", *path + query.text(), std::move(body), "application/apply-patch+yaml");
}

Result<http::Request> delete_request(const meta::Resource& resource, const meta::ObjectKey& key,
                                     const DeleteOptions& options) {
  auto path = path_of(resource, key, {});
  if (!path) return path.error();
  return make("DELETE", *path, body_of(options));
}

std::string describe_request(std::string_view verb, const meta::Resource& resource,
                             const meta::ObjectKey& key, std::string_view subresource) {
  std::string text = std::string(verb) + " " + resource.group_resource();
  if (!subresource.empty()) text += "/" + std::string(subresource);
  const auto& where = key.name.empty() ? key.namespace_ : key.to_string();
  if (!where.empty()) text += " \"" + where + "\"";
  return text;
}

}  // namespace windlass::inline v0::client
