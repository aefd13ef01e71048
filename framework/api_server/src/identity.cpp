#include "identity.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr std::string_view kAccountPrefix = "system:serviceaccount:";

std::string base64_url(std::string_view bytes) {
  std::string out = encode_base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

bool still_there(State& state, const BoundObject& bound) {
  if (bound.storage.empty()) return true;
  const StoredPtr object = state.get(bound.storage, bound.name);
  return object != nullptr && object->value()["metadata"]["uid"].string_or("") == bound.uid;
}

}  // namespace

const Token* find_token(State& state, std::string_view text) {
  const auto found = state.tokens.find(text);
  if (found == state.tokens.end()) return nullptr;
  const Token& token = found->second;
  const bool expired = token.expires && state.env.clock().wall_now() >= *token.expires;
  if (expired || !still_there(state, token.account) || !still_there(state, token.bound)) {
    state.tokens.erase(found);
    return nullptr;
  }
  return &token;
}

std::string make_token(State& state, const Value& claims) {
  const std::string secret = base64_url(state.env.secret_bytes(33));
  if (claims.is_null()) return secret;
  return base64_url(R"({"alg":"none","typ":"JWT"})") + "." + base64_url(json::dump(claims)) + "." +
         secret;
}

std::optional<ObjectName> service_account_of(std::string_view user) {
  if (!user.starts_with(kAccountPrefix)) return std::nullopt;
  user.remove_prefix(kAccountPrefix.size());
  const auto colon = user.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == user.size() ||
      user.find(':', colon + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return ObjectName{std::string(user.substr(0, colon)), std::string(user.substr(colon + 1))};
}

Identity service_account_identity(const ObjectName& account) {
  return {.user = fmt::format("{}{}:{}", kAccountPrefix, account.namespace_, account.name),
          .groups = {"system:serviceaccounts", "system:serviceaccounts:" + account.namespace_,
                     "system:authenticated"}};
}

Object user_info(const Identity& identity) {
  Array groups;
  for (const std::string& group : identity.groups) groups.emplace_back(group);
  Object out{{"username", identity.user}};
  if (!groups.empty()) out.set("groups", std::move(groups));
  if (!identity.uid.empty()) out.set("uid", identity.uid);
  Object extra;
  for (const auto& [key, values] : identity.extra) {
    Array list;
    for (const std::string& value : values) list.emplace_back(value);
    extra.set(key, std::move(list));
  }
  if (!extra.empty()) out.set("extra", std::move(extra));
  return out;
}

namespace {

constexpr std::string_view kExtraPrefix = "impersonate-extra-";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

struct Asked {
  std::string user, uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

std::optional<Asked> asked_for(const http::Headers& headers) {
  Asked asked;
  bool any = false;
  for (const auto& [name, value] : headers) {
    if (name.size() < 12 || (name[0] != 'I' && name[0] != 'i')) continue;
    const std::string key = lower(name);
    if (!key.starts_with("impersonate-")) continue;
    any = true;
    if (key == "impersonate-user") asked.user = value;
    if (key == "impersonate-uid") asked.uid = value;
    if (key == "impersonate-group") asked.groups.push_back(value);
    if (key.starts_with(kExtraPrefix)) {
      const std::string extra = key.substr(kExtraPrefix.size());
      const auto decoded = decode_percent(extra);
      asked.extra[decoded ? *decoded : extra].push_back(value);
    }
  }
  if (!any) return std::nullopt;
  return asked;
}

std::string go_strings(const std::vector<std::string>& list) {
  if (list.empty()) return "[]string(nil)";
  std::string out;
  for (const std::string& entry : list) out += (out.empty() ? "" : ", ") + quote_json(entry);
  return "[]string{" + out + "}";
}

/// Everything that must be allowed, each with `verb`, in the older way: one verb for all.
std::vector<Attributes> identity_attributes(const Asked& asked, const std::string& verb) {
  std::vector<Attributes> out;
  const std::string authentication = "authentication.k8s.io";
  const auto add = [&](std::string group, std::string plural, std::string sub, std::string space,
                       std::string name) {
    out.push_back({.verb = verb,
                   .group = std::move(group),
                   .plural = std::move(plural),
                   .subresource = std::move(sub),
                   .namespace_ = std::move(space),
                   .name = std::move(name),
                   .path = {}});
  };
  const bool constrained = verb != "impersonate";
  if (const auto account = service_account_of(asked.user)) {
    add(constrained ? authentication : "", "serviceaccounts", "", account->namespace_,
        account->name);
  } else {
    add(constrained ? authentication : "", "users", "", "", asked.user);
  }
  for (const std::string& group : asked.groups)
    add(constrained ? authentication : "", "groups", "", "", group);
  if (!asked.uid.empty()) add(authentication, "uids", "", "", asked.uid);
  for (const auto& [key, values] : asked.extra) {
    for (const std::string& value : values) add(authentication, "userextras", key, "", value);
  }
  return out;
}

/// The first of `wanted` that is not allowed.
const Attributes* first_refused(Context& context, const std::vector<Attributes>& wanted) {
  for (const Attributes& attributes : wanted) {
    if (!allowed(context.state, context.identity, attributes)) return &attributes;
  }
  return nullptr;
}

}  // namespace

std::optional<Identity> impersonated(Context& context, std::string_view verb) {
  const auto asked = asked_for(context.request.headers);
  if (!asked) return std::nullopt;
  if (asked->user.empty()) {
    throw Failure::bad_request(
        fmt::format("requested &user.DefaultInfo{{Name:\"\", UID:{}, Groups:{}, "
                    "Extra:map[string][]string(nil)}} "
                    "without impersonating a user name",
                    quote_json(asked->uid), go_strings(asked->groups)));
  }
  // Either the verb "impersonate" on everything asked for, or (since 1.35) permission both to be
  // that user and to do this request as one.
  if (first_refused(context, identity_attributes(*asked, "impersonate")) != nullptr) {
    const auto account = service_account_of(asked->user);
    const bool node = asked->user.starts_with("system:node:");
    const std::string mode = account ? "serviceaccount" : node ? "arbitrary-node" : "user-info";
    Attributes request = attributes_of(context, verb);
    request.verb = fmt::format("impersonate-on:{}:{}", mode, request.verb);
    if (!allowed(context.state, context.identity, request))
      throw refusal(context.identity, request);
    const auto wanted = identity_attributes(*asked, "impersonate:" + mode);
    if (const Attributes* refused = first_refused(context, wanted))
      throw refusal(context.identity, *refused);
  }
  Identity identity{
      .user = asked->user, .groups = asked->groups, .uid = asked->uid, .extra = asked->extra};
  if (identity.groups.empty()) {
    if (const auto account = service_account_of(asked->user))
      identity.groups = service_account_identity(*account).groups;
  }
  const bool anonymous = asked->user == "system:anonymous";
  const std::string common = anonymous ? "system:unauthenticated" : "system:authenticated";
  if (std::find(identity.groups.begin(), identity.groups.end(), common) == identity.groups.end())
    identity.groups.push_back(common);
  return identity;
}

}  // namespace windlass::inline v0::api_server
