#include "request.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "failure.hpp"

namespace windlass::inline v0::api_server {

namespace {
std::string decode(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '+', ' ');
  auto decoded = decode_percent(plain);
  return decoded ? *decoded : plain;
}
}  // namespace

Query Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    query.values_.emplace_back(
        decode(part.substr(0, equals)),
        equals == std::string_view::npos ? std::string() : decode(part.substr(equals + 1)));
  }
  return query;
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& entry : values_) {
    if (entry.first == name) return entry.second;
  }
  return {};
}
bool Query::contains(std::string_view name) const {
  return std::any_of(values_.begin(), values_.end(),
                     [&](const auto& entry) { return entry.first == name; });
}
bool Query::flag(std::string_view name) const {
  if (!contains(name)) return false;
  const std::string_view value = get(name);
  return value != "false" && value != "0";
}
std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& entry : values_) {
    if (entry.first == name) out.push_back(entry.second);
  }
  return out;
}
std::optional<std::int64_t> Query::number(std::string_view name) const {
  const std::string_view text = get(name);
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Failure::bad_request(
        fmt::format("strconv.ParseInt: parsing {}: invalid syntax", quote_json(text)));
  }
  return value;
}

Target Target::parse(std::string_view text) {
  Target target;
  const auto question = std::min(text.find('?'), text.size());
  if (question < text.size()) target.query = Query::parse(text.substr(question + 1));
  const auto decoded = decode_percent(text.substr(0, question));
  std::string_view path = decoded ? std::string_view(*decoded) : text.substr(0, question);
  target.empty_segments = path.find("//") != std::string_view::npos;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) target.segments.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  const auto& parts = target.segments;
  std::size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    target.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    target.group = parts[1];
    target.version = parts[2];
    at = 3;
  } else {
    return target;
  }
  target.resource_path = true;
  if (parts[at] == "watch") {  // the old watch paths: same as ?watch=1
    target.query.set("watch", "1");
    target.old_watch = true;
    ++at;
  }
  if (at < parts.size() && parts[at] == "namespaces" && at + 2 < parts.size() &&
      !(target.group.empty() && (parts[at + 2] == "status" || parts[at + 2] == "finalize") &&
        at + 3 == parts.size())) {
    target.namespace_ = parts[at + 1];
    target.namespaces_scope = true;
    at += 2;
  }
  if (at < parts.size()) target.plural = parts[at++];
  if (at < parts.size()) target.name = parts[at++];
  if (at < parts.size()) target.subresource = parts[at++];
  for (; at < parts.size(); ++at) target.rest += "/" + parts[at];
  return target;
}

}  // namespace windlass::inline v0::api_server
