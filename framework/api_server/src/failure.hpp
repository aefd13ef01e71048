#pragma once
// Refusals: the metav1.Status documents of kube-apiserver, thrown inside the core and turned into
// responses by Core::handle.

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

struct Resource;

struct Cause {
  std::string reason;
  std::string message;
  std::string field;
};

/// Collects validation failures, with the wording of k8s.io/apimachinery's field errors.
class Causes {
 public:
  Causes() = default;
  explicit Causes(bool loopback_endpoints) : loopback_endpoints_(loopback_endpoints) {}

  /// What an address of a pod or node must not be.
  void special_address(std::string field, const json::Value& value, std::string_view text);
  void required(std::string field, std::string_view detail = "");
  void invalid(std::string field, const json::Value& value, std::string_view detail);
  /// One cause for each of `details`.
  void invalid(std::string field, const json::Value& value,
               const std::vector<std::string>& details);
  /// As `invalid`, with the value as it is to be shown.
  void invalid_shown(std::string field, std::string_view shown, std::string_view detail);
  void not_supported(std::string field, const json::Value& value,
                     const std::vector<std::string>& supported);
  void not_supported_shown(std::string field, std::string_view shown,
                           const std::vector<std::string>& supported);
  void duplicate(std::string field, const json::Value& value);
  void forbidden(std::string field, std::string_view detail);
  void not_found(std::string field, const json::Value& value);
  void too_long(std::string field, std::size_t maximum);
  void too_many(std::string field, std::size_t actual, std::size_t maximum);
  void type_invalid(std::string field, const json::Value& value, std::string_view detail);
  void add(Cause cause) { list_.push_back(std::move(cause)); }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  [[nodiscard]] std::size_t size() const { return list_.size(); }
  [[nodiscard]] const std::vector<Cause>& list() const { return list_; }

 private:
  void add(std::string reason, std::string message, std::string field);
  std::vector<Cause> list_;
  bool loopback_endpoints_ = false;
};

class Failure : public std::exception {
 public:
  Failure(int code, std::string reason, std::string message, json::Value details = nullptr);
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] json::Value status() const;

  static Failure bad_request(std::string message);
  static Failure not_found(const Resource& resource, std::string_view name);
  static Failure path_not_found();
  static Failure already_exists(const Resource& resource, std::string_view name);
  static Failure conflict(const Resource& resource, std::string_view name,
                          std::string_view why = "");
  static Failure invalid(const Resource& resource, std::string_view name, const Causes& causes);
  static Failure forbidden(const Resource& resource, std::string_view name, std::string_view why);
  static Failure method_not_allowed(const Resource& resource, std::string_view verb);
  /// A plain error of the server's own code: 500 without a reason.
  static Failure plain(std::string message) { return {500, "", std::move(message)}; }
  /// Bad options of a request; `kind`: CreateOptions, ListOptions, ...
  static Failure invalid_options(std::string_view kind, const Causes& causes);
  /// A patched object that cannot be read; `shown` is the object or the patch.
  static Failure invalid_patch(std::string_view shown, std::string_view why);
  static Failure expired(std::string message);
  static Failure too_many_requests(std::string message, json::Value details);
  static Failure unsupported_media_type(std::string_view what, std::string_view accepted);

 private:
  int code_;
  std::string reason_;
  std::string message_;
  json::Value details_;
};

/// A Status of success or failure as kube-apiserver writes it.
json::Value make_status(int code, std::string_view reason, std::string_view message,
                        json::Value details);
/// A value as Go's %v or %q shows it in field errors: strings quoted, numbers plain, others JSON.
std::string show_value(const json::Value& value);
/// A document as Go's %v prints it: map[a:b], [x y].
std::string show_go(const json::Value& value);
/// A document as Go's %#v prints it, without the types of scalars: map[string]interface
/// {}{"a":"b"}.
std::string show_go_syntax(const json::Value& value);

}  // namespace windlass::inline v0::api_server
