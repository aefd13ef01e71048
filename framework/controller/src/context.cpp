#include <algorithm>

#include <windlass/controller/context.hpp>
#include <windlass/json/stream.hpp>

namespace windlass::inline v0 {

using namespace std::chrono_literals;

namespace controller {
namespace {

bool is_empty(const json::Value& value) {
  switch (value.type()) {
    case json::Type::null:
      return true;
    case json::Type::array:
      return value.as_array().empty();
    case json::Type::object:
      return value.as_object().empty();
    case json::Type::string:
      return value.as_string().empty();
    default:
      return false;
  }
}

bool contains_elements(const json::Array& have, const json::Array& want) {
  if (have.size() == want.size() && std::equal(have.begin(), have.end(), want.begin(), contains)) {
    return true;
  }
  return std::all_of(want.begin(), want.end(), [&](const json::Value& element) {
    return std::any_of(have.begin(), have.end(),
                       [&](const json::Value& candidate) { return contains(candidate, element); });
  });
}

std::string name_of(const meta::Resource& resource, const meta::ObjectKey& key) {
  return std::string(resource.group) + "/" + std::string(resource.plural) + "/" + key.to_string();
}

}  // namespace

bool contains(const json::Value& have, const json::Value& want) {
  if (is_empty(want)) return is_empty(have) || (have.type() == want.type() && !have.is_string());
  if (have.is_object() && want.is_object()) {
    const auto& fields = want.as_object();
    return std::all_of(fields.begin(), fields.end(), [&](const json::Member& field) {
      return contains(have[field.key], field.value);
    });
  }
  if (have.is_array() && want.is_array())
    return contains_elements(have.as_array(), want.as_array());
  return have == want;
}

bool AppliedBodies::same(const std::string& object, std::string_view body) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(object);
  return found != entries_.end() && found->second.hash == std::hash<std::string_view>()(body);
}

std::optional<std::string> AppliedBodies::recent_answer(const std::string& object,
                                                        std::string_view body,
                                                        SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(object);
  if (found == entries_.end() || found->second.answer.empty()) return std::nullopt;
  const auto& entry = found->second;
  if (entry.hash != std::hash<std::string_view>()(body) || now - entry.at > 10min)
    return std::nullopt;
  return entry.answer;
}

void AppliedBodies::remember(const std::string& object, std::string_view body, std::string answer,
                             SteadyTime now) {
  const std::lock_guard lock(mutex_);
  entries_[object] = {std::hash<std::string_view>()(body), now, std::move(answer)};
}

void AppliedBodies::forget(const std::string& object) {
  const std::lock_guard lock(mutex_);
  entries_.erase(object);
}

}  // namespace controller

namespace {

/// How long a reader waits for its own write to come back through the watch. Longer means that the
/// watch is broken; a stale read is harmless then, because writes carry their preconditions.
constexpr Duration kOwnWriteLimit = 5s;

/// No object ever has it: an apply with this version creates, and is a conflict when there is an
/// object after all, which somebody else has made meanwhile.
constexpr const char* kNoVersion = "1";

}  // namespace

Task<void> Context::nothing() { co_return; }
Task<bool> Context::unchanged() { co_return false; }

void Context::own(meta::ObjectMeta& metadata, const ContextApplyOptions& options) const {
  if (!options.owned || !state_->primary) return;
  const auto& primary = *state_->primary;
  const auto reference = controller::controller_reference(state_->primary_resource, primary);
  controller::set_controller_reference(metadata, reference, primary.namespace_).value();
}

Task<void> Context::settle(Context context, meta::Resource resource) {
  auto& pending = context.state_->pending;
  auto* informer = context.state_->cache.find(resource);
  if (informer == nullptr) co_return;
  const auto executor = context.state_->client.executor();
  const auto writes = pending;
  for (const auto& write : writes) {
    if (write.resource.group != resource.group || write.resource.plural != resource.plural)
      continue;
    auto waiting = write.removed_uid.empty()
                       ? informer->wait_for_version(write.key.namespace_, write.resource_version,
                                                    kOwnWriteLimit)
                       : informer->wait_for_removal(write.key, write.removed_uid, kOwnWriteLimit);
    co_await run_on(executor, std::move(waiting));
  }
}

void Context::wrote(const meta::Resource& resource, std::string_view text) const {
  const auto envelope = json::envelope(text);
  if (!envelope || envelope->resource_version.empty()) return;
  state_->pending.push_back(
      {resource, {envelope->namespace_, envelope->name}, envelope->resource_version, {}});
}

Task<std::string> Context::apply_value(Context context, const cache::Kind& kind, json::Value body,
                                       ContextApplyOptions options, cache::ObjectPtr& unchanged) {
  auto& state = *context.state_;
  auto& metadata = body["metadata"];
  for (const auto* field :
       {"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"}) {
    metadata.as_object().erase(field);
  }
  body.as_object().erase("status");
  const meta::ObjectKey key{std::string(std::as_const(metadata)["namespace"].string_or("")),
                            std::string(std::as_const(metadata)["name"].string_or(""))};
  const auto object = controller::name_of(kind.resource, key);
  const auto text = json::dump(body);
  co_await settle(context, kind.resource);
  const auto* informer = state.cache.find(kind.resource);
  const auto cached = informer != nullptr ? informer->store().get(key) : nullptr;
  const auto now = context.clock().steady_now();
  const bool covered = informer != nullptr && (cached || informer->covers(key));
  std::optional<std::string> live;  // of what the cache does not hold
  if (!covered) {
    if (auto answer = state.applied->recent_answer(object, text, now)) co_return std::move(*answer);
    auto finding = state.client.find_text(kind.resource, key);
    live = co_await std::move(finding);
  }
  if (cached) {
    const auto have = kind.to_value(cached.get());
    if (state.applied->same(object, text) && controller::contains(have, body)) {
      unchanged = cached;
      co_return std::string();
    }
    const auto& current = kind.metadata(cached.get());
    metadata["uid"] = current.uid;
    metadata["resourceVersion"] = current.resource_version;
  } else if (live) {
    const auto envelope = json::envelope(*live);
    if (!envelope) throw Exception(envelope.error());
    metadata["uid"] = envelope->uid;
    metadata["resourceVersion"] = envelope->resource_version;
  } else {
    metadata["resourceVersion"] = kNoVersion;
  }
  client::ApplyOptions apply_options;
  apply_options.force = options.force;
  auto applying = state.client.apply_text(kind.resource, key, {}, json::dump(body), apply_options);
  auto answer = co_await std::move(applying);
  state.applied->remember(object, text, covered ? std::string() : answer, now);
  context.wrote(kind.resource, answer);
  co_return answer;
}

Task<std::string> Context::create_text(Context context, meta::Resource resource,
                                       meta::ObjectKey key, std::string body) {
  auto creating = context.state_->client.create_text(resource, std::move(key), std::move(body));
  auto answer = co_await std::move(creating);
  context.wrote(resource, answer);
  co_return answer;
}

Task<std::string> Context::patch_text(Context context, meta::Resource resource, meta::ObjectKey key,
                                      std::string patch) {
  auto patching = context.state_->client.patch_text(resource, std::move(key), {},
                                                    client::PatchType::merge, std::move(patch));
  auto answer = co_await std::move(patching);
  context.wrote(resource, answer);
  co_return answer;
}

Task<void> Context::put_status(Context context, meta::Resource resource, meta::ObjectKey key,
                               std::string body) {
  auto updating = context.state_->client.update_text(resource, key, "status", std::move(body));
  const auto answer = co_await std::move(updating);
  context.wrote(resource, answer);
}

Task<bool> Context::remove_object(Context context, meta::Resource resource, meta::ObjectKey key,
                                  client::DeleteOptions options) {
  const auto uid = options.uid;
  auto removing = context.state_->client.remove(resource, key, std::move(options));
  const bool existed = co_await std::move(removing);
  context.state_->applied->forget(controller::name_of(resource, key));
  context.state_->pending.push_back({resource, key, {}, uid});
  co_return existed;
}

Task<bool> Context::put_finalizers(Context context, meta::Resource resource,
                                   meta::ObjectMeta metadata, std::vector<std::string> finalizers) {
  json::Array names;
  for (auto& name : finalizers) names.emplace_back(std::move(name));
  json::Value patch;
  patch["metadata"]["finalizers"] = std::move(names);
  patch["metadata"]["resourceVersion"] = metadata.resource_version;
  patch["metadata"]["uid"] = metadata.uid;
  auto patching = patch_text(context, resource, metadata.key(), json::dump(patch));
  co_await std::move(patching);
  co_return true;
}

}  // namespace windlass::inline v0
