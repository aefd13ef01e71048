#pragma once
// The typed half of Client: encoding before, decoding after the verbs that carry text. Decoding
// runs where the caller runs, not on the client's executor.

#include <utility>

#include <windlass/client/client.hpp>

namespace windlass::inline v0::client {

namespace detail {

template <class T>
Exception unfit(const Error& problem) {
  const meta::Resource resource = T::resource;
  return Exception(problem.within("the server's answer about " + resource.group_resource() +
                                  " does not fit its type"));
}

template <class T>
T decode_or_throw(const std::string& text) {
  auto object = json::decode<T>(text);
  if (!object) throw unfit<T>(object.error());
  return std::move(*object);
}

}  // namespace detail

inline meta::ObjectKey Client::key_of(const meta::ObjectMeta& metadata) {
  return {metadata.namespace_, metadata.name};
}

/// Managed fields are the server's own.
template <ApiObject T>
std::string Client::body_of(const T& object) {
  if (object.metadata.managed_fields.empty()) return json::encode(object);
  T copy = object;
  copy.metadata.managed_fields.clear();
  return json::encode(copy);
}

template <ApiObject T>
Task<T> Client::decoded(Task<std::string> text) {
  const std::string body = co_await std::move(text);
  co_return detail::decode_or_throw<T>(body);
}

template <ApiObject T>
Task<std::optional<T>> Client::decoded_optional(Task<std::optional<std::string>> text) {
  const std::optional<std::string> body = co_await std::move(text);
  if (!body) co_return std::nullopt;
  co_return detail::decode_or_throw<T>(*body);
}

template <ApiObject T>
Task<List<T>> Client::listed(Client client, ListOptions options) {
  const ListOptions first = options;
  List<T> list;
  for (;;) {
    bool expired = false;
    ListPage page;
    try {
      auto request = client.list_page(T::resource, options);
      page = co_await std::move(request);
    } catch (const ApiError& error) {
      // the pages belong to one version, which the server has forgotten meanwhile: all at once,
      // anew
      if (!error.is_expired() || options.continue_.empty()) throw;
      expired = true;
    }
    if (expired) {
      list.items.clear();
      options = first;
      options.continue_.clear();
      options.limit = 0;
      options.resource_version.clear();
      options.resource_version_match.clear();
      continue;
    }
    json::ListDecoder items(page.body);
    for (;;) {
      T item{};
      const auto found = items.next(type::shape_of<T>, &item);
      if (!found)
        throw Exception(found.error().within("a list of " + T::resource.group_resource()));
      if (*found == json::ListDecoder::Next::end) break;
      if (*found == json::ListDecoder::Next::unfit) throw detail::unfit<T>(items.problem());
      list.items.push_back(std::move(item));
    }
    list.resource_version = items.head().resource_version;
    if (items.head().continue_.empty()) co_return list;
    options.continue_ = items.head().continue_;
  }
}

}  // namespace windlass::inline v0::client
