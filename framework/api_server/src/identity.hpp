#pragma once
// Who asks: tokens, service accounts, impersonation.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rbac.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

/// The token if it is one, has not expired, and its service account and bound object still exist.
const Token* find_token(State& state, std::string_view text);

/// An unguessable token; with claims in the form of a JSON Web Token, for clients that look into
/// it.
std::string make_token(State& state, const json::Value& claims);

/// "system:serviceaccount:ns:name" taken apart; none for other users.
std::optional<ObjectName> service_account_of(std::string_view user);
Identity service_account_identity(const ObjectName& account);
/// As reviews show it (authentication/v1 UserInfo).
json::Object user_info(const Identity& identity);

/// The identity that Impersonate- headers ask for, if `context.identity` may take it.
/// None without such headers. Throws Failure(400|403).
std::optional<Identity> impersonated(Context& context, std::string_view verb);

}  // namespace windlass::inline v0::api_server
