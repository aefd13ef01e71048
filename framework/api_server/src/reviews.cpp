// The reviews: who am I, is this token good, may they do that.

#include <algorithm>

#include <fmt/format.h>

#include "handlers.hpp"
#include "identity.hpp"
#include "rbac.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

std::string text_of(const Value& value) { return std::string(value.string_or("")); }

Identity identity_in(const Value& spec) {
  Identity identity{.user = text_of(spec["user"]), .uid = text_of(spec["uid"])};
  if (spec["groups"].is_array()) {
    for (const Value& group : spec["groups"].as_array()) identity.groups.push_back(text_of(group));
  }
  return identity;
}

Attributes attributes_in(const Value& spec) {
  const Value& resource = spec["resourceAttributes"];
  const Value& other = spec["nonResourceAttributes"];
  if (other.is_object()) {
    Attributes out;
    out.verb = text_of(other["verb"]);
    out.path = text_of(other["path"]);
    return out;
  }
  return {.verb = text_of(resource["verb"]),
          .group = text_of(resource["group"]),
          .plural = text_of(resource["resource"]),
          .subresource = text_of(resource["subresource"]),
          .namespace_ = text_of(resource["namespace"]),
          .name = text_of(resource["name"]),
          .path = {}};
}

Object rules_of(State& state, const Identity& identity, const std::string& namespace_) {
  Array resource_rules, other_rules;
  each_rule(state, identity, namespace_, [&](const Value& rule) {
    (rule["nonResourceURLs"].is_array() ? other_rules : resource_rules).push_back(rule);
  });
  return {{"resourceRules", std::move(resource_rules)},
          {"nonResourceRules", std::move(other_rules)},
          {"incomplete", false}};
}

Object token_status(State& state, const Value& spec) {
  const std::string_view text = spec["token"].string_or("");
  if (text.empty())
    throw Failure::bad_request("token is required for TokenReview in authentication");
  const Token* token = find_token(state, text);
  Array audiences;
  if (token != nullptr) {
    Array wanted{kServerAudience};
    if (spec["audiences"].is_array() && !spec["audiences"].as_array().empty())
      wanted = spec["audiences"].as_array();
    for (const Value& audience : wanted) {
      if (std::find(token->audiences.begin(), token->audiences.end(), text_of(audience)) !=
          token->audiences.end()) {
        audiences.push_back(audience);
      }
    }
  }
  if (audiences.empty()) return {{"user", Object{}}, {"error", "invalid bearer token"}};
  return {{"authenticated", true},
          {"user", user_info(token->identity)},
          {"audiences", std::move(audiences)}};
}

void validate_access_review(const Resource& resource, const Value& review,
                            const std::string& namespace_) {
  const Value& spec = review["spec"];
  const Value& attributes = spec["resourceAttributes"];
  const Value& other = spec["nonResourceAttributes"];
  Causes causes;
  if (attributes.is_object() && other.is_object()) {
    causes.invalid("spec.nonResourceAttributes",
                   Object{{"Path", text_of(other["path"])}, {"Verb", text_of(other["verb"])}},
                   "cannot be specified in combination with resourceAttributes");
  } else if (!attributes.is_object() && !other.is_object()) {
    causes.invalid("spec.resourceAttributes", nullptr,
                   "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  const bool self = resource.kind == "SelfSubjectAccessReview";
  const bool grouped = spec["groups"].is_array() && !spec["groups"].as_array().empty();
  if (!self && spec["user"].string_or("").empty() && !grouped) {
    causes.invalid("spec.user", "", "at least one of user or group must be specified");
  }
  if (resource.kind == "LocalSubjectAccessReview") {
    if (other.is_object()) {
      causes.invalid("spec.nonResourceAttributes",
                     Object{{"Path", text_of(other["path"])}, {"Verb", text_of(other["verb"])}},
                     "disallowed on this kind of request");
    } else if (attributes.is_object() && attributes["namespace"].string_or("") != namespace_) {
      causes.invalid("spec.resourceAttributes.namespace", attributes["namespace"].string_or(""),
                     "must match metadata.namespace");
    }
  }
  if (causes.empty()) return;
  Resource unnamed;
  unnamed.group = resource.group;
  throw Failure::invalid(unnamed, "", causes);
}

}  // namespace

Reply handle_review(Context& context) {
  State& state = context.state;
  const std::string& kind = context.resource->kind;
  Value review = read_body(context);
  if (!review.is_object()) throw Failure::bad_request("the review must be an object");
  review["apiVersion"] = context.resource->api_version();
  review["kind"] = kind;
  if (review["metadata"].is_null()) review["metadata"] = Object{};
  if (context.resource->namespaced) review["metadata"]["namespace"] = context.target.namespace_;
  if (kind == "SelfSubjectReview") {
    review["metadata"]["creationTimestamp"] = state.now();
    review["status"] = Object{{"userInfo", user_info(context.identity)}};
  } else if (kind == "TokenReview") {
    review["status"] = token_status(state, review["spec"]);
  } else if (kind == "SelfSubjectRulesReview") {
    const std::string namespace_ = text_of(review.at_path({"spec", "namespace"}));
    if (namespace_.empty()) throw Failure::bad_request("no namespace on request");
    review["spec"] = Object{};
    review["status"] = rules_of(state, context.identity, namespace_);
  } else if (kind == "Binding") {
    throw Failure::method_not_allowed(*context.resource, "create");
  } else {
    validate_access_review(*context.resource, review, context.target.namespace_);
    const bool self = kind == "SelfSubjectAccessReview";
    const Identity who = self ? context.identity : identity_in(review["spec"]);
    const Decision decision = decide(state, who, attributes_in(review["spec"]));
    Object status{{"allowed", decision.allowed}};
    if (!decision.reason.empty()) status.set("reason", decision.reason);
    review["status"] = std::move(status);
  }
  return {json_response(201, review)};
}

}  // namespace windlass::inline v0::api_server
