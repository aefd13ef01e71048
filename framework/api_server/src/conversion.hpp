#pragma once
// Objects of custom resources from version to version, by the webhook that their definition names.

#include <memory>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>

#include "state.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

/// The strategy Webhook of a definition.
struct Conversion {
  json::Value client_config;
  std::string review;  ///< the version of ConversionReview: the first known one of the definition's
};

/// The strategy of a definition; null for None.
std::shared_ptr<const Conversion> conversion_of(const json::Value& crd);

/// One call: the objects that are not in `api_version` yet, all of one kind.
struct ConversionCall {
  std::string uid;
  std::string api_version;
  std::vector<json::Value> objects;

  [[nodiscard]] WebhookCall call(const Conversion& conversion, std::string key) const;
  /// The objects as the webhook made them, with the metadata that it may not change.
  /// Errc::io "conversion webhook for example.com/v1, Kind=Thing failed: ...".
  [[nodiscard]] Result<std::vector<json::Value>> objects_in(const Conversion& conversion,
                                                            const WebhookAnswer& answer,
                                                            const std::string& url) const;
};

/// The objects in `api_version` ("group/version"). Throws Failure when the webhook fails,
/// Suspended.
std::vector<json::Value> converted(Context& context, const Resource& resource,
                                   const std::string& api_version,
                                   std::vector<json::Value> objects);

/// From the store, where no webhook converts: with the defaults of the version that is there, not of
/// the one that is asked for.
json::Value to_version(const State& state, const Resource& resource, const json::Value& stored);
/// As the functions without a context, for resources of every strategy.
json::Value to_version(Context& context, const Resource& resource, const StoredPtr& stored);
std::vector<json::Value> to_version(Context& context, const Resource& resource,
                                    const std::vector<StoredPtr>& stored);
/// The object before it is changed by other means than a client's content: as it is, so will the
/// answer show it, with the metadata after the change.
json::Value foreseen(Context& context, const Resource& resource, const StoredPtr& stored);
/// To be called before anything is changed; then the answer can be made without waiting.
json::Value to_storage(Context& context, const Resource& resource, json::Value object);

}  // namespace windlass::inline v0::api_server
