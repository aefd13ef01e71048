#pragma once
// What stands behind Core.

#include <windlass/api_server/core.hpp>

#include "state.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

struct Core::Impl {
  Impl(Environment& environment, CoreOptions options) : state(environment, std::move(options)) {}

  State state;

  Reply handle(const http::Request& request, const Identity& identity, Exchange* exchange);
  /// Answers a request whose body is JSON, or a patch.
  Reply answer(const http::Request& request, const Identity& identity, Exchange* exchange);
  Reply answer_as(Context& context);
  Reply route(Context& context);
  Reply dispatch_subresource(Context& context, std::string_view verb);
  void authorize(Context& context, std::string_view verb);
  void boot(Core& core);
};

}  // namespace windlass::inline v0::api_server
