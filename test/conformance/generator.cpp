#include "generator.hpp"

#include <random>

namespace windlass::conformance {

using json::Array;
using json::Object;
using json::Value;

namespace {

struct Kind {
  const char* api;
  const char* plural;
  const char* kind;
  const char* version;
  bool status;
};
constexpr Kind kKinds[] = {
    {"/api/v1", "configmaps", "ConfigMap", "v1", false},
    {"/api/v1", "secrets", "Secret", "v1", false},
    {"/api/v1", "serviceaccounts", "ServiceAccount", "v1", false},
    {"/apis/apps/v1", "deployments", "Deployment", "apps/v1", true},
    {"/apis/coordination.k8s.io/v1", "leases", "Lease", "coordination.k8s.io/v1", false},
    {"/apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", "policy/v1", true},
    {"/apis/rbac.authorization.k8s.io/v1", "roles", "Role", "rbac.authorization.k8s.io/v1", false},
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  http::Request request(std::size_t position) {
    position_ = position;
    kind_ = &kKinds[draw(0, 9) < 5 ? 0 : draw(0, std::size(kKinds) - 1)];
    name_ = pick({"a", "b", "c"});
    switch (draw(0, 11)) {
      case 0:
      case 1:
      case 2:
        return create();
      case 3:
      case 4:
        return update();
      case 5:
      case 6:
        return patch();
      case 7:
      case 8:
        return apply();
      case 9:
        return remove();
      default:
        return read();
    }
  }

 private:
  std::size_t draw(std::size_t low, std::size_t high) {
    return low + static_cast<std::size_t>(random_() % (high - low + 1));
  }
  bool rarely() { return draw(0, 11) == 0; }
  bool often() { return draw(0, 2) != 0; }
  std::string pick(std::initializer_list<const char*> list) {
    return *(list.begin() + draw(0, list.size() - 1));
  }

  std::string collection() const {
    return std::string(kind_->api) + "/namespaces/$NS/" + kind_->plural;
  }
  std::string object() const { return collection() + "/" + name_; }

  http::Request make(std::string method, std::string target, const Value* body = nullptr,
                     const std::string& type = "application/json") {
    http::Request request{
        .method = std::move(method), .target = std::move(target), .headers = {}, .body = {}};
    request.headers.set("User-Agent", pick({"conformance/1", "other/2"}));
    if (body != nullptr) {
      request.headers.set("Content-Type", type);
      request.body = json::dump(*body);
    }
    return request;
  }

  Value labels() {
    Object out;
    for (const char* key : {"x", "y"}) {
      if (often()) out.set(key, pick({"1", "2", ""}));
    }
    if (rarely()) out.set(pick({"-bad", "a b", "ok.example.com/z"}), pick({"1", "b d"}));
    return out;
  }

  Value metadata(bool named) {
    Object out;
    if (named && !rarely()) out.set("name", name_);
    if (often()) out.set("labels", labels());
    if (rarely()) out.set("annotations", labels());
    if (rarely()) out.set("finalizers", Array{Value(pick({"a.b/1", "a.b/2", "bad"}))});
    if (rarely()) {
      out.set("ownerReferences",
              Array{Object{{"apiVersion", "v1"},
                           {"kind", "ConfigMap"},
                           {"name", "o"},
                           {"uid", pick({"7c0d9d37-0000-0000-0000-000000000001",
                                         "7c0d9d37-0000-0000-0000-000000000002"})}}});
    }
    if (rarely()) out.set("nope", 1);
    return out;
  }

  Value strings(const char* prefix) {
    Object out;
    for (const char* key : {"a", "b", "c"}) {
      if (often()) out.set(std::string(prefix) + key, pick({"1", "2", "3", ""}));
    }
    if (rarely()) out.set("b d", "x");
    if (rarely()) out.set("a", 5);
    return out;
  }

  Value workload() {
    Object container{{"name", pick({"c", "d"})}, {"image", pick({"i", "j:1", "k:latest"})}};
    if (often()) container.set("env", Array{Object{{"name", "E"}, {"value", pick({"1", "2"})}}});
    if (rarely())
      container.set("ports",
                    Array{Object{{"containerPort", static_cast<std::int64_t>(draw(0, 3) * 80)}}});
    if (rarely()) container.set("nope", true);
    Object spec{
        {"selector", Object{{"matchLabels", Object{{"a", "b"}}}}},
        {"template", Object{{"metadata", Object{{"labels", Object{{"a", rarely() ? "c" : "b"}}}}},
                            {"spec", Object{{"containers", Array{std::move(container)}}}}}}};
    if (often()) spec.set("replicas", static_cast<std::int64_t>(draw(0, 4)) - (rarely() ? 9 : 0));
    if (rarely())
      spec.set("strategy", Object{{"type", pick({"Recreate", "RollingUpdate", "Nope"})}});
    if (rarely()) spec.set("paused", pick({"yes", "no"}));
    return spec;
  }

  /// The parts of an object but its metadata.
  void content(Object& out) {
    const std::string_view kind = kind_->kind;
    if (kind == "ConfigMap") {
      out.set("data", strings(""));
      if (rarely()) out.set("immutable", often());
    } else if (kind == "Secret") {
      out.set("stringData", strings(""));
      if (rarely()) out.set("type", pick({"example.com/t", "kubernetes.io/tls"}));
    } else if (kind == "ServiceAccount") {
      if (often()) out.set("automountServiceAccountToken", often());
      if (rarely()) out.set("secrets", Array{Object{{"name", pick({"s", "t"})}}});
    } else if (kind == "Deployment") {
      out.set("spec", workload());
    } else if (kind == "Lease") {
      Object spec{{"holderIdentity", pick({"me", "you"})}};
      if (often())
        spec.set("leaseDurationSeconds",
                 static_cast<std::int64_t>(draw(1, 20)) - (rarely() ? 30 : 0));
      if (rarely()) spec.set("leaseTransitions", static_cast<std::int64_t>(draw(0, 3)));
      if (rarely()) spec.set("renewTime", pick({"2001-01-01T00:00:00.000000Z", "never"}));
      out.set("spec", std::move(spec));
    } else if (kind == "PodDisruptionBudget") {
      Object spec{{"selector", Object{{"matchLabels", Object{{"a", pick({"b", "c"})}}}}}};
      if (often())
        spec.set("minAvailable", static_cast<std::int64_t>(draw(0, 3)) - (rarely() ? 9 : 0));
      if (rarely()) spec.set("maxUnavailable", pick({"50%", "1%", "x"}));
      out.set("spec", std::move(spec));
    } else {
      Object rule{{"apiGroups", Array{""}}, {"resources", Array{pick({"pods", "secrets"})}}};
      rule.set("verbs", rarely() ? Array{} : Array{pick({"get", "list"})});
      out.set("rules", Array{std::move(rule)});
    }
    if (rarely()) out.set("dato", "x");
  }

  Value body(bool typed) {
    Object out{{"metadata", metadata(true)}};
    content(out);
    if (typed || often()) {
      out.set("apiVersion", rarely() && !typed ? "v9" : kind_->version);
      out.set("kind", rarely() && !typed ? "Nope" : kind_->kind);
    }
    return out;
  }

  std::string options() {
    std::string out;
    const auto add = [&](const std::string& text) { out += (out.empty() ? "?" : "&") + text; };
    if (rarely()) add("dryRun=" + pick({"All", "All", "Some"}));
    if (rarely()) add("fieldValidation=" + pick({"Strict", "Warn", "Ignore", "Nope"}));
    if (rarely()) add("fieldManager=" + pick({"one", "two"}));
    return out;
  }

  std::string earlier(const char* what) {
    return "$" + std::string(what) + std::to_string(draw(1, position_ == 0 ? 1 : position_));
  }

  http::Request create() {
    const Value object_body = body(false);
    return make("POST", collection() + options(), &object_body);
  }

  http::Request update() {
    Value replaced = body(false);
    Value& meta = replaced["metadata"];
    if (often() && position_ > 0) meta["resourceVersion"] = earlier("RV");
    if (rarely() && position_ > 0) meta["uid"] = earlier("UID");
    if (kind_->status && rarely()) {
      replaced["status"] = Object{{"observedGeneration", static_cast<std::int64_t>(draw(0, 3))}};
      return make("PUT", object() + "/status" + options(), &replaced);
    }
    return make("PUT", object() + options(), &replaced);
  }

  http::Request patch() {
    Object changes;
    content(changes);
    if (often()) changes.set("metadata", metadata(false));
    if (rarely()) changes.set(pick({"data", "spec", "metadata"}), nullptr);
    const Value merge(std::move(changes));
    switch (draw(0, 2)) {
      case 0:
        return make("PATCH", object() + options(), &merge, "application/merge-patch+json");
      case 1:
        return make("PATCH", object() + options(), &merge,
                    "application/strategic-merge-patch+json");
      default:
        break;
    }
    Array operations;
    for (std::size_t i = draw(1, 3); i > 0; --i) {
      Object operation{{"op", pick({"add", "replace", "remove", "test", "add"})},
                       {"path", pick({"/metadata/labels/x", "/metadata/labels", "/data/a",
                                      "/spec/replicas", "/metadata/annotations"})}};
      if (operation["op"] != Value("remove")) {
        const std::string path(operation["path"].string_or(""));
        if (path.ends_with("labels") || path.ends_with("annotations")) {
          operation.set("value", labels());
        } else if (path.ends_with("replicas")) {
          operation.set("value", static_cast<std::int64_t>(draw(0, 3)));
        } else {
          operation.set("value", pick({"1", "2"}));
        }
      }
      operations.emplace_back(std::move(operation));
    }
    const Value list(std::move(operations));
    return make("PATCH", object() + options(), &list, "application/json-patch+json");
  }

  http::Request apply() {
    const Value applied = body(true);
    std::string target = object() + "?fieldManager=" + pick({"one", "two", "three"});
    if (rarely()) target += "&force=true";
    if (rarely()) target += "&dryRun=All";
    return make("PATCH", target, &applied, "application/apply-patch+yaml");
  }

  http::Request remove() {
    std::string target = object();
    if (rarely()) target = collection() + "?labelSelector=x%3D" + pick({"1", "2"});
    if (often()) return make("DELETE", target);
    Object wanted;
    if (often())
      wanted.set("propagationPolicy", pick({"Background", "Foreground", "Orphan", "Nope"}));
    if (rarely() && position_ > 0) wanted.set("preconditions", Object{{"uid", earlier("UID")}});
    const Value sent(std::move(wanted));
    return make("DELETE", target, &sent);
  }

  http::Request read() {
    switch (draw(0, 4)) {
      case 0:
        return make("GET", collection() + "?labelSelector=" +
                               pick({"x", "!x", "x%3D1", "x+in+(1,2)", "y!%3D2", "a+b"}));
      case 1:
        return make("GET", collection() + "?limit=" + std::to_string(draw(0, 2)));
      case 2:
        return make("GET", collection() + "?fieldSelector=metadata.name%3D" + name_);
      default:
        return make("GET", object());
    }
  }

  std::mt19937_64 random_;
  std::size_t position_ = 0;
  const Kind* kind_ = nullptr;
  std::string name_;
};

}  // namespace

Case random_case(std::uint64_t seed, std::size_t count) {
  Generator generator(seed);
  Case out{"random: " + std::to_string(seed), "random", 0, {}};
  for (std::size_t i = 0; i < count; ++i) out.requests.push_back(generator.request(i));
  return out;
}

Case shrink(Case test, const std::function<bool(const Case&)>& fails, int attempts) {
  const std::string name = test.name;
  for (std::size_t step = test.requests.size() / 2; step > 0; step /= 2) {
    for (std::size_t first = 0; first < test.requests.size(); first += step) {
      Case smaller = test;
      bool changed = false;
      for (std::size_t i = first; i < std::min(first + step, smaller.requests.size()); ++i) {
        changed = changed || !smaller.requests[i].method.empty();
        smaller.requests[i].method.clear();
      }
      if (!changed || attempts-- <= 0) continue;
      smaller.name = name + " " + std::to_string(attempts);
      if (fails(smaller)) test.requests = std::move(smaller.requests);
    }
  }
  return test;
}

std::string to_text(const Case& test) {
  std::string out = "=== " + test.name + "\n";
  for (const auto& request : test.requests) {
    if (request.method.empty()) continue;
    out += request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.headers) {
      if (name != "User-Agent") out += name + ": " + value + "\n";
    }
    if (!request.body.empty()) out += request.body + "\n";
    out += "\n";
  }
  return out;
}

}  // namespace windlass::conformance
