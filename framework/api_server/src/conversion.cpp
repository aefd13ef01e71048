#include "conversion.hpp"

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr const char* kGroup = "apiextensions.k8s.io/";

/// "example.com/v1, Kind=Thing".
std::string kind_text(const Value& object) {
  return fmt::format("{}, Kind={}", object["apiVersion"].string_or(""),
                     object["kind"].string_or(""));
}

Error failed(const Value& object, const std::string& what) {
  return {Errc::io, fmt::format("conversion webhook for {} {}", kind_text(object), what)};
}

/// What the review says, or why it says nothing.
Result<Array> objects_of_review(const Conversion& conversion, const WebhookAnswer& answer,
                                const std::string& url, const std::string& uid) {
  const auto refuse = [](std::string text) { return Error{Errc::io, std::move(text)}; };
  if (!answer.error.empty())
    return refuse(fmt::format("Post {}: {}", quote_json(url), answer.error));
  if (answer.status == 503) return refuse("the server is currently unable to handle the request");
  if (answer.status < 200 || answer.status >= 300) {
    return refuse(
        fmt::format("the server responded with the status code {} but did not return more "
                    "information",
                    answer.status));
  }
  const auto review = json::parse(answer.body);
  if (!review || !review->is_object()) {
    return refuse(fmt::format("couldn't get version/kind; json parse error: {}",
                              review ? "the answer is no object" : review.error().message));
  }
  const bool first = conversion.review == "v1";  // v1beta1 leaves these two alone
  const std::string version = kGroup + conversion.review;
  if (first && ((*review)["apiVersion"] != Value(version) ||
                (*review)["kind"] != Value("ConversionReview"))) {
    return refuse(fmt::format("expected webhook response of {}, Kind=ConversionReview, got {}",
                              version, kind_text(*review)));
  }
  const Value& response = (*review)["response"];
  if (!response.is_object()) return refuse("no response provided");
  if (first && response["uid"].string_or("") != uid) {
    return refuse(fmt::format("expected response.uid={}, got {}", quote_json(uid),
                              quote_json(response["uid"].string_or(""))));
  }
  const std::string_view status = response["result"]["status"].string_or("");
  if (status != "Success") {
    const std::string_view message = response["result"]["message"].string_or("");
    return refuse(message.empty()
                      ? fmt::format("response.result.status was '{}', not 'Success'", status)
                      : std::string(message));
  }
  const Value& objects = response["convertedObjects"];
  return objects.is_array() ? objects.as_array() : Array{};
}

/// The first thing that a webhook changed and may not.
std::string changed_identity(const Value& before, const Value& after) {
  for (const auto& [key, name] :
       {std::pair("name", "name"), std::pair("namespace", "namespace"), std::pair("uid", "UID")}) {
    const std::string_view had = before["metadata"][key].string_or("");
    const std::string_view has = after["metadata"][key].string_or("");
    if (had != has) return fmt::format("must have the same {}: {} != {}", name, had, has);
  }
  return {};
}

/// Labels and annotations are the webhook's, the rest of the metadata is not. What is wrong, or
/// nothing.
std::string restore_metadata(const Value& before, Value& after) {
  const Value given = after["metadata"];
  after["metadata"] = before["metadata"];
  Value& metadata = after["metadata"];
  for (const char* key : {"labels", "annotations"}) {
    const Value& wanted = given[key];
    if (wanted.is_null()) {
      metadata.as_object().erase(key);
      continue;
    }
    if (!wanted.is_object()) {
      return fmt::format("invalid metadata.{} of type {} in converted object", key,
                         json::to_string(wanted.type()));
    }
    for (const auto& [name, value] : wanted.as_object()) {
      if (!value.is_string()) {
        return fmt::format("metadata.{}[{}] must be a string, but is {} in converted object", key,
                           name, json::to_string(value.type()));
      }
    }
    metadata[key] = wanted;
  }
  return {};
}

/// One object of the answer, checked against the one that was sent.
Result<Value> accept(const Value& sent, Value object, const std::string& api_version,
                     std::size_t position, bool alone) {
  const auto invalid = [&](const std::string& why) {
    return failed(sent, alone ? "returned invalid object: " + why
                              : fmt::format("returned invalid converted object at index {}: {}",
                                            position, why));
  };
  const std::string place =
      alone ? "returned invalid object at index 0: "
            : fmt::format("returned invalid converted object at index {}: ", position);
  if (object["apiVersion"] != Value(api_version)) {
    return failed(sent, fmt::format("{}invalid groupVersion (expected {}, received {})", place,
                                    api_version, object["apiVersion"].string_or("")));
  }
  if (object["kind"] != sent["kind"]) {
    return failed(sent, fmt::format("{}invalid kind (expected {}, received {})", place,
                                    sent["kind"].string_or(""), object["kind"].string_or("")));
  }
  const auto wrong_metadata = [&](const std::string& why) {
    return failed(sent, alone ? "returned invalid metadata: " + why
                              : fmt::format("returned invalid metadata in object at index {}: {}",
                                            position, why));
  };
  if (const auto why = changed_identity(sent, object); !why.empty()) return invalid(why);
  if (!object["metadata"].is_object()) {
    return wrong_metadata(object["metadata"].is_null()
                              ? "missing metadata in converted object"
                              : fmt::format("invalid metadata of type {} in converted object",
                                            json::to_string(object["metadata"].type())));
  }
  if (const auto why = restore_metadata(sent, object); !why.empty()) return wrong_metadata(why);
  return object;
}

/// As the answer shows what this request wrote: converted before the write, with the metadata after
/// it.
Value with_metadata(Value object, const Value& stored) {
  const Value shown = object["metadata"];
  object["metadata"] = stored["metadata"];
  for (const char* key : {"labels", "annotations"}) {
    if (const Value* own = shown.find(key)) {
      object["metadata"][key] = *own;
    } else {
      object["metadata"].as_object().erase(key);
    }
  }
  return object;
}

}  // namespace

std::shared_ptr<const Conversion> conversion_of(const Value& crd) {
  const Value& conversion = crd["spec"]["conversion"];
  if (conversion["strategy"].string_or("None") != "Webhook") return nullptr;
  const Value& webhook = conversion["webhook"];
  std::string review = "v1";
  if (webhook["conversionReviewVersions"].is_array()) {
    for (const Value& version : webhook["conversionReviewVersions"].as_array()) {
      if (version != Value("v1") && version != Value("v1beta1")) continue;
      review = version.as_string();
      break;
    }
  }
  return std::make_shared<Conversion>(Conversion{webhook["clientConfig"], std::move(review)});
}

WebhookCall ConversionCall::call(const Conversion& conversion, std::string key) const {
  Array list;
  for (const Value& object : objects) list.push_back(object);
  WebhookCall call = call_to(conversion.client_config);
  call.key = std::move(key);
  call.timeout = kTimeout;
  const std::string wait = fmt::format(
      "{}timeout={}s", call.path.find('?') == call.path.npos ? "?" : "&", kTimeout.count());
  call.path += wait;
  call.url += wait;
  call.body = json::dump(Object{
      {"kind", "ConversionReview"},
      {"apiVersion", kGroup + conversion.review},
      {"request",
       Object{{"uid", uid}, {"desiredAPIVersion", api_version}, {"objects", std::move(list)}}}});
  return call;
}

Result<std::vector<Value>> ConversionCall::objects_in(const Conversion& conversion,
                                                      const WebhookAnswer& answer,
                                                      const std::string& url) const {
  auto given = objects_of_review(conversion, answer, url, uid);
  if (!given) return failed(objects.front(), "failed: " + given.error().message);
  if (given->size() != objects.size()) {
    return failed(objects.front(),
                  fmt::format("returned {} objects, expected {}", given->size(), objects.size()));
  }
  std::vector<Value> out;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    auto object = accept(objects[i], std::move((*given)[i]), api_version, i, objects.size() == 1);
    if (!object) return object.error();
    out.push_back(std::move(*object));
  }
  return out;
}

std::vector<Value> converted(Context& context, const Resource& resource,
                             const std::string& api_version, std::vector<Value> objects) {
  ConversionCall call{.uid = "", .api_version = api_version, .objects = {}};
  std::vector<std::size_t> places;
  std::string key = "convert " + api_version;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects[i]["apiVersion"] == Value(api_version)) continue;
    places.push_back(i);
    call.objects.push_back(objects[i]);
    key += " " + json::dump(objects[i]);
  }
  if (places.empty()) return objects;
  call.uid = remember(context, "uid of " + key, [&] { return context.state.env.random().uuid(); });
  WebhookCall wanted = call.call(*resource.conversion, key);
  const std::string url = wanted.url;
  auto given = call.objects_in(*resource.conversion, answer_to(context, std::move(wanted)), url);
  if (!given) throw Failure::plain(given.error().message);
  for (std::size_t i = 0; i < places.size(); ++i) objects[places[i]] = std::move((*given)[i]);
  return objects;
}

Value to_version(Context& context, const Resource& resource, const StoredPtr& stored) {
  std::vector<Value> all = to_version(context, resource, std::vector<StoredPtr>{stored});
  return std::move(all.front());
}

namespace {

/// As it is read from the store: with the defaults of the version in which it is there.
Value read_stored(const State& state, const Resource& resource, const Value& object) {
  const ResourcePtr own =
      state.registry.find_kind(object["apiVersion"].string_or(""), resource.kind);
  return own != nullptr ? to_version(*own, object) : object;
}

}  // namespace

Value to_version(const State& state, const Resource& resource, const Value& stored) {
  if (!resource.custom || stored["apiVersion"] == Value(resource.api_version()))
    return to_version(resource, stored);
  Value object = read_stored(state, resource, stored);
  object["apiVersion"] = resource.api_version();
  drop_undeclared(resource, object);
  return object;
}

std::vector<Value> to_version(Context& context, const Resource& resource,
                              const std::vector<StoredPtr>& stored) {
  std::vector<Value> out;
  for (const StoredPtr& object : stored) {
    if (resource.conversion == nullptr) {
      out.push_back(to_version(context.state, resource, object->value()));
      continue;
    }
    const auto written = context.written.find(object->value()["metadata"]["uid"].string_or(""));
    out.push_back(written == context.written.end()
                      ? read_stored(context.state, resource, object->value())
                      : with_metadata(written->second, object->value()));
  }
  if (resource.conversion == nullptr) return out;
  out = converted(context, resource, resource.api_version(), std::move(out));
  for (Value& object : out) drop_undeclared(resource, object);
  return out;
}

Value foreseen(Context& context, const Resource& resource, const StoredPtr& stored) {
  Value object = to_version(context, resource, stored);
  if (resource.conversion != nullptr)
    context.written[std::string(object["metadata"]["uid"].string_or(""))] = object;
  return object;
}

Value to_storage(Context& context, const Resource& resource, Value object) {
  if (resource.conversion == nullptr || resource.api_version() == resource.storage_version)
    return to_storage(resource, std::move(object));
  const std::string uid(object["metadata"]["uid"].string_or(""));
  std::vector<Value> stored =
      converted(context, resource, resource.storage_version, {std::move(object)});
  context.written[uid] = converted(context, resource, resource.api_version(), {stored}).front();
  return std::move(stored.front());
}

}  // namespace windlass::inline v0::api_server
