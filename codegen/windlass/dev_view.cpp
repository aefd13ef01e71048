#include "dev_view.hpp"

#include <algorithm>

#include <windlass/meta/time.hpp>

namespace windlass::inline v0::command {
namespace {

std::string age_of(const json::Value& created, std::int64_t now_seconds) {
  const auto time = meta::Time::parse(created.string_or(""));
  if (!time) return "";
  const auto seconds =
      now_seconds -
      std::chrono::floor<std::chrono::seconds>(time->wall()).time_since_epoch().count();
  if (seconds < 120) return std::to_string(std::max<std::int64_t>(seconds, 0)) + "s";
  if (seconds < 7200) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds / 3600) + "h";
}

/// Cut to `width` characters of UTF-8.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && count++ == width) return text.substr(0, i);
  }
  return text;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + "  ";
}

void add_tail(std::vector<std::string>& lines, const std::string& title,
              const std::deque<std::string>& tail, std::size_t room) {
  if (room < 2) return;
  lines.emplace_back();
  lines.push_back(title);
  const auto count = std::min(tail.size(), room - 2);
  lines.insert(lines.end(), tail.end() - static_cast<std::ptrdiff_t>(count), tail.end());
}

}  // namespace

ObjectRow object_row(const json::Value& object, std::int64_t now_seconds) {
  ObjectRow row;
  row.kind = object["kind"].string_or("");
  const auto& metadata = object["metadata"];
  const auto name_space = metadata["namespace"].string_or("");
  row.name = (name_space.empty() ? std::string() : std::string(name_space) + "/") +
             std::string(metadata["name"].string_or(""));
  row.age = age_of(metadata["creationTimestamp"], now_seconds);
  const auto& conditions = object["status"]["conditions"];
  if (!conditions.is_array()) return row;
  for (const auto& condition : conditions.as_array()) {
    if (condition["type"].string_or("") != "Ready") continue;
    row.ready = condition["status"].string_or("");
    row.reason = condition["reason"].string_or("");
  }
  return row;
}

std::string event_line(const json::Value& event) {
  const auto& about = event["regarding"].is_object() ? event["regarding"] : event["involvedObject"];
  const auto text =
      event["note"].is_string() ? event["note"].string_or("") : event["message"].string_or("");
  return std::string(event["type"].string_or("")) + " " +
         std::string(event["reason"].string_or("")) + " " +
         std::string(about["kind"].string_or("")) + "/" + std::string(about["name"].string_or("")) +
         ": " + std::string(text);
}

std::string new_leader(const json::Value& event) {
  if (event["reason"].string_or("") != "LeaderElection") return {};
  const auto note = event["note"].string_or(event["message"].string_or(""));
  const auto end = note.find(" became leader");
  return end == std::string_view::npos ? std::string() : std::string(note.substr(0, end));
}

std::vector<std::string> screen(const DevState& state, std::size_t width, std::size_t height) {
  std::vector<std::string> lines;
  auto head = "windlass dev  " + state.server + "  " + state.activity;
  if (state.replicas > 0) head += "  replicas: " + std::to_string(state.replicas);
  if (!state.leader.empty()) head += "  leader: " + state.leader;
  lines.push_back(head);
  lines.emplace_back();

  std::vector<ObjectRow> rows{{"KIND", "NAME", "READY", "REASON", "AGE"}};
  rows.insert(rows.end(), state.objects.begin(), state.objects.end());
  std::size_t kind = 0, name = 0, ready = 0, reason = 0;
  for (const auto& row : rows) {
    kind = std::max(kind, row.kind.size());
    name = std::max(name, row.name.size());
    ready = std::max(ready, row.ready.size());
    reason = std::max(reason, row.reason.size());
  }
  const auto shown = std::min(rows.size(), std::max<std::size_t>(2, height / 3));
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& row = rows[i];
    lines.push_back(padded(row.kind, kind) + padded(row.name, name) + padded(row.ready, ready) +
                    padded(row.reason, reason) + row.age);
  }
  if (shown < rows.size()) lines.push_back("and " + std::to_string(rows.size() - shown) + " more");

  const auto rest = height > lines.size() ? height - lines.size() : 0;
  add_tail(lines, "EVENTS", state.events, rest / 3);
  add_tail(lines, "LOG", state.logs, height > lines.size() ? height - lines.size() : 0);
  if (lines.size() > height) lines.resize(height);
  for (auto& line : lines) line = cut(line, width);
  return lines;
}

}  // namespace windlass::inline v0::command
