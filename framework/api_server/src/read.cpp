// get, list, watch.

#include <algorithm>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "handlers.hpp"
#include "table.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

/// The stored text serves when nobody wants another version or form.
bool is_plain(const Resource& resource, ObjectForm form) {
  return form == ObjectForm::whole && resource.api_version() == resource.storage_version;
}

Selection selection_of(const Context& context) {
  const Query& query = context.query();
  Selection selection{LabelSelector::parse(query.get("labelSelector")),
                      FieldSelector::parse(query.get("fieldSelector"), *context.resource),
                      context.target.namespace_};
  return selection;
}

/// Parses what is not parsed for as long as it takes: a list can be of everything there is.
bool matches(const Selection& selection, const Stored& object) {
  if (selection.labels.empty() && selection.fields.empty()) return true;
  if (const Value* value = object.parsed()) return selection.matches(*value);
  return selection.matches(json::parse(object.text()).value());
}

}  // namespace

http::Response object_response(Context& context, int status, const StoredPtr& object) {
  const Resource& resource = *context.resource;
  const ObjectForm form = context.wanted.form;
  if (is_plain(resource, form)) return text_response(status, object->text() + "\n");
  const Value versioned = to_version(resource, object->value());
  if (form == ObjectForm::table) {
    const Value metadata = Object{{"resourceVersion", versioned["metadata"]["resourceVersion"]}};
    return json_response(
        status, make_table(resource, {versioned}, metadata, context.query().get("includeObject"),
                           context.state.env.clock().wall_now()));
  }
  if (form == ObjectForm::metadata) return json_response(status, partial_metadata(versioned));
  return json_response(status, versioned);
}

Reply handle_get(Context& context) {
  const Target& target = context.target;
  const StoredPtr object =
      require_object(context.state, *context.resource, {target.namespace_, target.name});
  return {object_response(context, 200, object)};
}

namespace {

struct Page {
  std::uint64_t revision = 0;
  ObjectName after;
  bool continued = false;
  std::size_t limit = 0;
};

std::string encode_continue(std::uint64_t revision, const ObjectName& last) {
  return encode_base64(json::dump(Object{{"v", "meta.k8s.io/v1"},
                                         {"rv", static_cast<std::int64_t>(revision)},
                                         {"start", last.namespace_ + "/" + last.name}}));
}

Page page_of(const Context& context) {
  const Query& query = context.query();
  Page page;
  page.limit =
      static_cast<std::size_t>(std::max<std::int64_t>(query.number("limit").value_or(0), 0));
  const std::string_view token = query.get("continue");
  if (token.empty()) return page;
  const auto text = decode_base64(token);
  const auto parsed = text ? json::parse(*text) : Result<Value>(Value());
  if (!text || !parsed || !(*parsed)["rv"].is_integer()) {
    throw Failure::bad_request("continue key is not valid: invalid continue token");
  }
  const std::string_view start = (*parsed)["start"].string_or("");
  const auto slash = start.find('/');
  page.revision = static_cast<std::uint64_t>((*parsed)["rv"].integer_or(0));
  page.after.namespace_ = start.substr(0, slash);
  page.after.name = start.substr(slash + 1);
  page.continued = true;
  return page;
}

std::uint64_t version_of(std::string_view text) {
  std::uint64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      throw Failure::bad_request(
          fmt::format("Invalid value: {}: strconv.ParseUint: parsing {}: invalid syntax",
                      quote_json(text), quote_json(text)));
    }
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

/// The objects of a list at the version asked for; sets the version it is at.
std::vector<StoredPtr> snapshot(Context& context, const Page& page, std::uint64_t& revision) {
  const Store& store = context.state.store;
  const Query& query = context.query();
  revision = store.revision();
  const std::string_view wanted = query.get("resourceVersion");
  if (page.continued) {
    revision = page.revision;
  } else if (!wanted.empty() && wanted != "0") {
    const std::uint64_t version = version_of(wanted);
    if (version > revision) {
      throw Failure(504, "Timeout",
                    fmt::format("Too large resource version: {}, current: {}", version, revision),
                    Object{{"causes", Array{Object{{"reason", "ResourceVersionTooLarge"},
                                                   {"message", "Too large resource version"}}}},
                           {"retryAfterSeconds", 1}});
    }
    if (query.get("resourceVersionMatch") == "Exact") revision = version;
  }
  auto found =
      store.list_at(context.resource->storage, context.target.namespace_, revision, page.after);
  if (!found) {
    throw Failure::expired(
        page.continued ? "The provided continue parameter is too old to display a consistent list "
                         "result. You can "
                         "start a new list without the continue parameter, or use the continue "
                         "token in this response "
                         "to retrieve the remainder of the results. Continuing with the provided "
                         "token results in an "
                         "inconsistent list - objects that were created, modified, or deleted "
                         "between the time the "
                         "first chunk was returned and now may show up in the list."
                       : fmt::format("The resourceVersion for the provided list is too old."));
  }
  return std::move(*found);
}

http::Response list_response(Context& context, const std::vector<StoredPtr>& objects,
                             Object metadata) {
  const Resource& resource = *context.resource;
  const ObjectForm form = context.wanted.form;
  if (is_plain(resource, form)) {
    std::string body = fmt::format(
        R"({{"kind":{},"apiVersion":{},"metadata":{},"items":[)", quote_json(resource.list_kind),
        quote_json(resource.api_version()), json::dump(Value(std::move(metadata))));
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (i != 0) body += ',';
      body += objects[i]->text();
    }
    return text_response(200, body + "]}\n");
  }
  std::vector<Value> values;
  for (const StoredPtr& object : objects) values.push_back(to_version(resource, object->value()));
  if (form == ObjectForm::table) {
    return json_response(200, make_table(resource, values, Value(std::move(metadata)),
                                         context.query().get("includeObject"),
                                         context.state.env.clock().wall_now()));
  }
  Array items;
  for (Value& value : values) {
    items.push_back(form == ObjectForm::metadata ? partial_metadata(value) : std::move(value));
  }
  Object list{
      {"kind", form == ObjectForm::metadata ? "PartialObjectMetadataList" : resource.list_kind},
      {"apiVersion", form == ObjectForm::metadata ? "meta.k8s.io/v1" : resource.api_version()},
      {"metadata", std::move(metadata)},
      {"items", std::move(items)}};
  return json_response(200, Value(std::move(list)));
}

}  // namespace

Reply handle_list(Context& context) {
  const Selection selection = selection_of(context);
  const Page page = page_of(context);
  std::uint64_t revision = 0;
  std::vector<StoredPtr> all = snapshot(context, page, revision);
  std::vector<StoredPtr> chosen;
  std::size_t remaining = 0;
  for (StoredPtr& object : all) {
    if (!matches(selection, *object)) continue;
    if (page.limit != 0 && chosen.size() == page.limit) {
      ++remaining;
    } else {
      chosen.push_back(std::move(object));
    }
  }
  Object metadata{{"resourceVersion", std::to_string(revision)}};
  if (remaining > 0) {
    metadata.set("continue", encode_continue(revision, name_of(chosen.back()->value())));
    if (selection.labels.empty() && selection.fields.empty())
      metadata.set("remainingItemCount", remaining);
  }
  return {list_response(context, chosen, std::move(metadata))};
}

Reply handle_watch(Context& context) {
  State& state = context.state;
  const Query& query = context.query();
  const bool initial_events = query.flag("sendInitialEvents");
  const std::string_view version = query.get("resourceVersion");
  if (query.contains("sendInitialEvents") && query.get("resourceVersionMatch") != "NotOlderThan") {
    Causes causes;
    causes.forbidden("resourceVersionMatch",
                     "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    const Resource options{.group = "meta.k8s.io",
                           .version = "v1",
                           .kind = "ListOptions",
                           .plural = "",
                           .singular = ""};
    throw Failure::invalid(options, "", causes);
  }
  WatchSettings settings{.resource = context.resource, .selection = selection_of(context)};
  if (!context.target.name.empty()) {
    settings.selection.fields =
        FieldSelector::parse("metadata.name=" + context.target.name, *context.resource);
  }
  settings.form = context.wanted.form;
  settings.bookmarks = query.flag("allowWatchBookmarks");
  settings.bookmark_interval = state.options.bookmark_interval;
  std::int64_t seconds = query.number("timeoutSeconds").value_or(0);
  if (seconds <= 0) seconds = state.env.random().between(1800, 3600);
  settings.ends = state.env.clock().steady_now() + std::chrono::seconds(seconds);
  const Selection selection = settings.selection;
  const std::string& storage = context.resource->storage;

  auto stream = std::make_shared<WatchStream>(state.env.clock(), state.store, std::move(settings));
  const bool from_now = version.empty() || version == "0" || initial_events;
  if (from_now) {
    const bool wanted = !query.contains("sendInitialEvents") || initial_events;
    if (wanted) {
      for (const StoredPtr& object : state.store.list(storage, context.target.namespace_)) {
        if (matches(selection, *object)) stream->initial(object);
      }
    }
    if (initial_events && query.flag("allowWatchBookmarks"))
      stream->bookmark(state.store.revision(), true);
  } else if (auto changes = state.store.changes_since(storage, version_of(version))) {
    for (const Change& change : *changes) stream->changed(change);
  } else {
    stream->fail(make_status(
        410, "Expired",
        fmt::format("too old resource version: {} ({})", version, state.store.revision()),
        nullptr));
  }
  if (!stream->ended()) {
    state.store.subscribe(storage, stream);
    std::erase_if(state.watches, [](const auto& entry) { return entry.expired(); });
    state.watches.push_back(stream);
  }
  Reply reply{text_response(200, "")};
  reply.stream = std::move(stream);
  return reply;
}

}  // namespace windlass::inline v0::api_server
