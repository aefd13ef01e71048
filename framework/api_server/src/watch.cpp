#include "watch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "conversion.hpp"
#include "state.hpp"
#include "table.hpp"

namespace windlass::inline v0::api_server {

using json::Object;
using json::Value;

namespace {
constexpr std::size_t kMaximumLag = 100'000;
}

WatchStream::WatchStream(Clock& clock, const Store& store, WatchSettings settings)
    : clock_(clock),
      store_(store),
      settings_(std::move(settings)),
      next_bookmark_(clock.steady_now() + settings_.bookmark_interval) {}

void WatchStream::push(Item item) {
  if (ended_) return;
  if (items_.size() >= kMaximumLag) {  // as the server does with a watcher that does not keep up
    end();
    return;
  }
  items_.push_back(std::move(item));
  if (ready_) ready_();
}

void WatchStream::changed(const Change& change) {
  const Selection& selection = settings_.selection;
  const bool now = !change.removed && selection.matches(change.object->value());
  const bool before = change.previous != nullptr && selection.matches(change.previous->value());
  if (now) {
    push({before ? "MODIFIED" : "ADDED", change.object, ""});
  } else if (before) {
    if (change.removed) {
      push({"DELETED", change.object, ""});
      return;
    }
    // It left the selection: the last state that matched, with the version of the change.
    Value last = change.previous->value();
    last["metadata"]["resourceVersion"] = std::to_string(change.revision);
    push({"DELETED", std::make_shared<const Stored>(std::move(last), change.revision), ""});
  }
}

void WatchStream::initial(const StoredPtr& object) { push({"ADDED", object, ""}); }

void WatchStream::bookmark(std::uint64_t revision, bool initial_end) {
  Object metadata{{"resourceVersion", std::to_string(revision)}};
  if (initial_end) metadata.set("annotations", Object{{"k8s.io/initial-events-end", "true"}});
  Object object{{"kind", settings_.resource->kind},
                {"apiVersion", settings_.resource->api_version()},
                {"metadata", std::move(metadata)}};
  if (settings_.form == ObjectForm::metadata) {
    object.set("kind", "PartialObjectMetadata");
    object.set("apiVersion", "meta.k8s.io/v1");
  }
  push({"BOOKMARK", std::make_shared<const Stored>(Value(std::move(object)), revision), ""});
}

void WatchStream::fail(const Value& status) {
  push({"ERROR", nullptr, json::dump(status)});
  end();
}

void WatchStream::end() {
  ended_ = true;
  if (ready_) ready_();
}

std::optional<SteadyTime> WatchStream::wakes_at() const {
  if (ended_) return std::nullopt;
  return settings_.bookmarks ? std::min(settings_.ends, next_bookmark_) : settings_.ends;
}

Task<void> EventStream::prepare(Executor) { co_return; }

/// Whether the object has to go through a conversion webhook yet.
bool WatchStream::waits(const Item& item) const {
  const Resource& resource = *settings_.resource;
  return resource.conversion != nullptr && item.object != nullptr && !item.converted &&
         std::string_view(item.type) != "BOOKMARK" &&
         item.object->value()["apiVersion"] != Value(resource.api_version());
}

Task<void> WatchStream::prepare(Executor executor) {
  const Resource& resource = *settings_.resource;
  ConversionCall call{.uid = "", .api_version = resource.api_version(), .objects = {}};
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!waits(items_[i])) continue;
    places.push_back(i);
    call.objects.push_back(items_[i].object->value());
  }
  if (places.empty()) co_return;
  call.uid = settings_.state->env.random().uuid();
  WebhookCall wanted = call.call(*resource.conversion, "");
  const std::string url = wanted.url;
  Task<WebhookAnswer> calling =
      make_call(settings_.state, &settings_.state->env, executor, std::move(wanted));
  const WebhookAnswer answer = co_await std::move(calling);
  auto objects = call.objects_in(*resource.conversion, answer, url);
  if (!objects) {
    items_.resize(places.front());
    fail(make_status(500, "", objects.error().message, nullptr));
    co_return;
  }
  for (std::size_t i = 0; i < places.size(); ++i)
    items_[places[i]].converted = std::move((*objects)[i]);
}

std::string WatchStream::encode(const Item& item) {
  std::string body;
  const Resource& resource = *settings_.resource;
  if (item.object == nullptr) {
    body = item.text;
  } else if (item.converted) {
    Value object = *item.converted;
    drop_undeclared(resource, object);
    body =
        json::dump(settings_.form == ObjectForm::metadata ? partial_metadata(object)
                   : settings_.form == ObjectForm::table
                       ? make_table_event(resource, object, !table_columns_sent_, clock_.wall_now())
                       : object);
    table_columns_sent_ = true;
  } else if (std::string_view(item.type) == "BOOKMARK" && settings_.form != ObjectForm::table) {
    body = item.object->text();
  } else if (settings_.form == ObjectForm::table) {
    body = json::dump(
        make_table_event(resource, item.object->value(), !table_columns_sent_, clock_.wall_now()));
    table_columns_sent_ = true;
  } else if (settings_.form == ObjectForm::metadata) {
    body = json::dump(partial_metadata(item.object->value()));
  } else if (resource.api_version() == resource.storage_version &&
             (!resource.custom ||
              item.object->value()["apiVersion"] == Value(resource.api_version()))) {
    body = item.object->text();
  } else {
    body = json::dump(to_version(*settings_.state, resource, item.object->value()));
  }
  std::string out;
  out.reserve(body.size() + 40);
  out.append(R"({"type":")").append(item.type).append(R"(","object":)").append(body).append("}\n");
  return out;
}

std::string WatchStream::take() {
  const SteadyTime now = clock_.steady_now();
  if (!ended_ && settings_.bookmarks && now >= next_bookmark_) {
    next_bookmark_ = now + settings_.bookmark_interval;
    bookmark(store_.revision(), false);
  }
  if (now >= settings_.ends) ended_ = true;
  std::string out;
  while (!items_.empty() && !waits(items_.front())) {
    out += encode(items_.front());
    items_.pop_front();
  }
  return out;
}

}  // namespace windlass::inline v0::api_server
