// get, list, watch.

#include <algorithm>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "conversion.hpp"
#include "handlers.hpp"
#include "table.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

/// The stored text serves when nobody wants another version or form.
/// Whether the stored texts are the answer. Custom objects may be stored in the version that was
/// the storage version when they were written.
bool is_plain(const Resource& resource, ObjectForm form, const std::vector<StoredPtr>& objects) {
  if (form != ObjectForm::whole || resource.api_version() != resource.storage_version) return false;
  if (!resource.custom) return true;
  const std::string begin = fmt::format(R"({{"apiVersion":"{}")", resource.api_version());
  return std::all_of(objects.begin(), objects.end(),
                     [&](const StoredPtr& object) { return object->text().starts_with(begin); });
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

namespace {

/// What rows of a table hold of their objects.
std::string_view included_object(const Context& context) {
  const std::string_view include = context.query().get("includeObject");
  if (include.empty() || include == "Metadata" || include == "Object" || include == "None") {
    return include;
  }
  throw Failure::bad_request(fmt::format(
      "Unable to convert to Table as requested: includeObject: Invalid value: {}: must be "
      "'Metadata', 'Object', 'None', or empty",
      quote_json(include)));
}

}  // namespace

http::Response object_response(Context& context, int status, const StoredPtr& object) {
  const Resource& resource = *context.resource;
  const ObjectForm form = context.wanted.form;
  if (is_plain(resource, form, {object})) return text_response(status, object->text() + "\n");
  const Value versioned = to_version(context, resource, object);
  if (form == ObjectForm::table) {
    const Value metadata = Object{{"resourceVersion", versioned["metadata"]["resourceVersion"]}};
    return json_response(status,
                         make_table(resource, {versioned}, metadata, included_object(context),
                                    context.state.env.clock().wall_now(), context.wanted.version));
  }
  if (form == ObjectForm::metadata) return json_response(status, partial_metadata(versioned));
  return json_response(status, versioned);
}

namespace {

std::uint64_t parse_version(std::string_view text, std::string_view field) {
  std::uint64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      throw Failure::plain(
          fmt::format("{}: Invalid value: {}: strconv.ParseUint: parsing {}: invalid syntax", field,
                      quote_json(text), quote_json(text)));
    }
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

[[noreturn]] void refuse_future(std::uint64_t version, std::uint64_t current) {
  throw Failure(
      504, "Timeout",
      fmt::format("Timeout: Too large resource version: {}, current: {}", version, current),
      Object{{"causes", Array{Object{{"reason", "ResourceVersionTooLarge"},
                                     {"message", "Too large resource version"}}}},
             {"retryAfterSeconds", 1}});
}

}  // namespace

Reply handle_get(Context& context) {
  const Target& target = context.target;
  const std::uint64_t version =
      parse_version(context.query().get("resourceVersion"), "resourceVersion");
  if (version > context.state.store.revision()) {
    refuse_future(version, context.state.store.revision());
  }
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
  std::string token =
      encode_base64(json::dump(Object{{"v", "meta.k8s.io/v1"},
                                      {"rv", static_cast<std::int64_t>(revision)},
                                      {"start", last.namespace_ + "/" + last.name}}));
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  while (token.ends_with('=')) token.pop_back();
  return token;
}

[[noreturn]] void refuse_token(std::string_view why) {
  throw Failure::bad_request(
      fmt::format("invalid continue token: continue key is not valid: {}", why));
}

Value decode_token(std::string_view token) {
  std::size_t length = 0;
  while (length < token.size() && (std::isalnum(static_cast<unsigned char>(token[length])) ||
                                   token[length] == '-' || token[length] == '_')) {
    ++length;
  }
  if (length < token.size() &&
      token.substr(length).find_first_not_of('=') != std::string_view::npos) {
    refuse_token(fmt::format("illegal base64 data at input byte {}", length));
  }
  std::string standard(token.substr(0, length));
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  if (standard.size() % 4 == 1) {
    refuse_token(fmt::format("illegal base64 data at input byte {}", standard.size() - 1));
  }
  while (standard.size() % 4 != 0) standard += '=';
  const auto text = decode_base64(standard);
  if (!text) refuse_token("illegal base64 data at input byte 0");
  auto parsed = json::parse(*text);
  if (parsed && parsed->is_object()) return std::move(*parsed);
  refuse_token(
      text->empty() || (*text)[0] == '{'
          ? std::string("unexpected end of JSON input")
          : fmt::format("invalid character '{}' looking for beginning of value", (*text)[0]));
}

Page page_of(const Context& context) {
  const Query& query = context.query();
  Page page;
  page.limit =
      static_cast<std::size_t>(std::max<std::int64_t>(query.number("limit").value_or(0), 0));
  (void)query.number("timeoutSeconds");  // refused when it is no number
  const std::string_view text = query.get("continue");
  if (text.empty()) return page;
  const Value token = decode_token(text);
  if (const auto version = token["v"].string_or(""); version != "meta.k8s.io/v1") {
    refuse_token(fmt::format("server does not recognize this encoded version {}", version));
  }
  if (token["rv"].integer_or(0) == 0) {
    refuse_token("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  const std::string_view start = token["start"].string_or("");
  if (start.empty()) refuse_token("encoded start key empty (version meta.k8s.io/v1)");
  const auto slash = start.find('/');
  page.revision = static_cast<std::uint64_t>(token["rv"].integer_or(0));
  page.after.namespace_ = start.substr(0, slash);
  page.after.name = start.substr(slash + 1);
  page.continued = true;
  return page;
}

/// apimachinery's ValidateListOptions.
void check_list_options(const Query& query, bool watch) {
  Causes causes;
  const std::string match(query.get("resourceVersionMatch"));
  const std::string_view version = query.get("resourceVersion");
  const std::string field = "resourceVersionMatch";
  const bool initial = query.contains("sendInitialEvents");
  if (watch) {
    if (initial && match != "NotOlderThan") {
      causes.forbidden(field,
                       "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    }
    if (!match.empty() && !initial) {
      causes.forbidden(
          field,
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    }
    if (!match.empty() && match != "NotOlderThan") {
      causes.not_supported(field, Value(match), {"NotOlderThan"});
    }
  } else if (!match.empty() && version.empty()) {
    causes.forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if ((!match.empty() || watch) && !query.get("continue").empty()) {
    causes.forbidden(field, "resourceVersionMatch is forbidden when continue is provided");
  }
  if (!watch && !match.empty() && match != "Exact" && match != "NotOlderThan") {
    causes.not_supported(field, Value(match), {"Exact", "NotOlderThan", ""});
  }
  if (!watch && match == "Exact" && version == "0") {
    causes.forbidden(field,
                     "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  if (!watch && initial) {
    causes.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
  }
  if (!causes.empty()) throw Failure::invalid_options("ListOptions", causes);
}

std::uint64_t version_of(std::string_view text) {
  try {
    return parse_version(text, "resourceVersion");
  } catch (const Failure& failure) {
    throw Failure::bad_request(std::string("invalid resource version: ") + failure.what());
  }
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
    if (version > revision) refuse_future(version, revision);
    const std::string_view match = query.get("resourceVersionMatch");
    const std::string_view limit = query.get("limit");
    const bool paged = !limit.empty() && limit != "0";
    if (match == "Exact" || (match.empty() && paged)) revision = version;
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

/// The end of the JSON value that starts at `at`.
std::size_t value_end(std::string_view text, std::size_t at) {
  int depth = 0;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == '}')) {
      return at;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return at;
}

/// Items of a list of built-in objects bear neither apiVersion nor kind; members are sorted, so
/// what comes before "kind" is looked at only.
void append_item(std::string& body, const Resource& resource, std::string_view text) {
  if (resource.custom) {
    body += text;
    return;
  }
  bool first = true;
  body += '{';
  std::size_t at = 1;
  while (at < text.size() && text[at] == '"') {
    const std::size_t colon = value_end(text, at);
    const std::string_view member = text.substr(at, colon - at);
    at = colon + 1;
    if (member.starts_with("\"apiVersion\":")) continue;
    if (member.starts_with("\"kind\":")) break;
    if (!first) body += ',';
    body += member;
    first = false;
  }
  if (at >= text.size()) {
    body += '}';
    return;
  }
  if (!first) body += ',';
  body += text.substr(at);
}

http::Response list_response(Context& context, const std::vector<StoredPtr>& objects,
                             Object metadata) {
  const Resource& resource = *context.resource;
  const ObjectForm form = context.wanted.form;
  if (is_plain(resource, form, objects)) {
    std::string body = fmt::format(
        R"({{"kind":{},"apiVersion":{},"metadata":{},"items":[)", quote_json(resource.list_kind),
        quote_json(resource.api_version()), json::dump(Value(std::move(metadata))));
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (i != 0) body += ',';
      append_item(body, resource, objects[i]->text());
    }
    return text_response(200, body + "]}\n");
  }
  std::vector<Value> values = to_version(context, resource, objects);
  if (form == ObjectForm::table) {
    return json_response(
        200, make_table(resource, values, Value(std::move(metadata)), included_object(context),
                        context.state.env.clock().wall_now(), context.wanted.version));
  }
  Array items;
  for (Value& value : values) {
    if (!resource.custom && form == ObjectForm::whole) {
      value.as_object().erase("apiVersion");
      value.as_object().erase("kind");
    }
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
  check_list_options(context.query(), false);
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
  // Lists of custom objects say so when nothing remains.
  if (context.resource->custom && !metadata.contains("continue") &&
      context.wanted.form != ObjectForm::table) {
    metadata.set("continue", "");
  }
  return {list_response(context, chosen, std::move(metadata))};
}

Reply handle_watch(Context& context) {
  State& state = context.state;
  const Query& query = context.query();
  const bool initial_events = query.flag("sendInitialEvents");
  const std::string_view version = query.get("resourceVersion");
  check_list_options(query, true);
  WatchSettings settings{
      .state = &state, .resource = context.resource, .selection = selection_of(context)};
  if (!context.target.name.empty()) {
    settings.selection.fields =
        FieldSelector::parse("metadata.name=" + context.target.name, *context.resource);
  }
  settings.form = context.wanted.form;
  settings.bookmarks = query.flag("allowWatchBookmarks");
  settings.bookmark_interval = state.options.bookmark_interval;
  std::int64_t seconds = query.number("timeoutSeconds").value_or(0);
  if (seconds <= 0) seconds = state.env.random().between(1800, 3600);
  settings.ends =
      state.env.clock().steady_now() + std::chrono::seconds(std::min(seconds, kLongestSeconds));
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
  } else if (auto changes =
                 state.store.changes_since(storage, parse_version(version, "resourceVersion"))) {
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
