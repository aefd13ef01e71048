#include "exchange.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <re2/re2.h>

namespace windlass::conformance {

using json::Array;
using json::Object;
using json::Value;

namespace {

Value body_of(const std::string& text, bool events) {
  if (events) {
    Array lines;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      if (end > at) lines.push_back(body_of(text.substr(at, end - at), false));
      at = end + 1;
    }
    return lines;
  }
  auto parsed = json::parse(text);
  return parsed ? std::move(*parsed) : Value(text);
}

Task<int> exchange(http::Client* client, http::Request request, Value* answer) {
  const bool events = request.target.find("watch=") != std::string::npos ||
                      request.target.find("/watch/") != std::string::npos;
  auto sending = client->send(std::move(request), {.timeout = std::chrono::seconds(60)});
  const http::Response response = co_await std::move(sending);
  Array warnings;
  for (const auto& warning : response.headers.all("Warning")) {
    if (warning.find("this API server") == std::string::npos) warnings.emplace_back(warning);
  }
  Object out{{"status", response.status},
             {"body", body_of(response.body, events && response.status == 200)}};
  const std::string_view type = response.headers.get("Content-Type");
  if (type != "application/json") out.set("type", type);
  if (!warnings.empty()) out.set("warnings", std::move(warnings));
  *answer = std::move(out);
  co_return 0;
}

}  // namespace

Server::Server(testing::ServerKind kind)
    : environment_(SystemEnvironment::make(
          {.worker_threads = 0, .lease_thread = false, .handle_signals = false})),
      plane_(testing::ControlPlane::start({.kind = kind})) {
  const auto config = plane_->config();
  client_ = std::make_unique<http::Client>(
      *environment_, environment_->io(),
      http::ClientOptions{.server = config.server, .tls = config.tls});
}

Value Server::send(http::Request request) {
  Value answer;
  environment_->run([&] { return exchange(client_.get(), std::move(request), &answer); });
  return answer;
}

std::string Normalizer::alias(const char* kind, const std::string& value) {
  auto& known = aliases_[kind];
  const auto found = known.find(value);
  if (found != known.end()) return found->second;
  const std::string name = "<" + std::string(kind) + " " + std::to_string(known.size() + 1) + ">";
  known.emplace(value, name);
  return name;
}

namespace {

std::string sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::sort(lines.begin() + 1, lines.end());
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

}  // namespace

std::string Normalizer::text(const std::string& given, std::string_view key) {
  static const re2::RE2 uuid("([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");
  static const re2::RE2 time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)");
  static const re2::RE2 micro_time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)");
  static const re2::RE2 address(R"(^10\.(0\.0|96\.\d+)\.\d+$)");
  static const re2::RE2 current(R"(current: \d+)");
  // What a patch made of an object is shown in an order of members of its own.
  static const re2::RE2 patched(R"((patch: )?Invalid value: "\{.*\}": )");
  static const re2::RE2 old(R"(too old resource version: (\d+) \(\d+\))");
  if (key == "continue" && !given.empty()) return "<continue>";
  if (key == "resourceVersion" && !given.empty()) return alias("version", given);
  if (re2::RE2::FullMatch(given, address) && !given.ends_with(".1")) return alias("address", given);
  std::string out = given;
  std::string found;
  while (re2::RE2::PartialMatch(out, uuid, &found)) {
    out.replace(out.find(found), found.size(), alias("uid", found));
  }
  re2::RE2::GlobalReplace(&out, micro_time, "<microtime>");
  // A year that is not of this age was sent by the case.
  if (out.find("T") != std::string::npos && out.find("202") != std::string::npos) {
    re2::RE2::GlobalReplace(&out, time, "<time>");
  }
  if (out.find("Invalid value: \"{") != std::string::npos) {
    re2::RE2::GlobalReplace(&out, patched, "\\1Invalid value: <the object>: ");
  }
  if (out.find("errors:\n") != std::string::npos) return sorted_lines(out);  // of random order
  static const re2::RE2 record(R"(in record \(\d+\))");
  re2::RE2::GlobalReplace(&out, record, "in record (<version>)");
  re2::RE2::GlobalReplace(&out, current, "current: <version>");
  re2::RE2::GlobalReplace(&out, old, "too old resource version: \\1 (<version>)");
  for (const auto& [version, name] : aliases_["version"]) {
    const std::string quoted = ": " + version + ",";
    if (const auto at = out.find(quoted); at != std::string::npos) {
      out.replace(at + 2, version.size(), name);
    }
  }
  return out;
}

Value Normalizer::walk(const Value& value, std::string_view key) {
  if (value.is_string()) return text(value.as_string(), key);
  if (value.is_integer() && (key == "nodePort" || key == "healthCheckNodePort") &&
      value.as_integer() >= 30000) {
    return "<port>";
  }
  if (value.is_array()) {
    Array out;
    for (const Value& entry : value.as_array()) {
      static const re2::RE2 age(R"(\d+[smh]|<invalid>|<unknown>)");
      if (key == "cells" && entry.is_string() && re2::RE2::FullMatch(entry.as_string(), age)) {
        out.emplace_back("<age>");
      } else {
        out.push_back(walk(entry, key));
      }
    }
    return out;
  }
  if (!value.is_object()) return value;
  if (value["type"] == Value("BOOKMARK") && value["object"].is_object()) {
    // Where the store is, which in a real server moves by itself.
    Value bookmark = value;
    bookmark["type"] = "bookmark";
    bookmark["object"]["metadata"]["resourceVersion"] = "";
    return walk(bookmark, key);
  }
  Object out;
  // A list's version is the store's, which moves by itself in a real server.
  const bool list = value["items"].is_array() || value["rows"].is_array();
  // A real server establishes a definition a moment after it was written.
  const bool definition = value["kind"] == Value("CustomResourceDefinition");
  for (const auto& member : value.as_object()) {
    if (definition && member.key == "status") continue;
    if (list && member.key == "metadata") {  // its version is given no name
      Value metadata = member.value;
      const bool versioned = metadata.is_object() && metadata.find("resourceVersion") != nullptr;
      if (versioned) metadata.as_object().erase("resourceVersion");
      metadata = walk(metadata, member.key);
      if (versioned) metadata["resourceVersion"] = "<list version>";
      out.set(member.key, std::move(metadata));
      continue;
    }
    // Help texts and a hash that nobody else can read.
    if (member.key == "storageVersionHash") continue;
    if (member.key == "description" && value["priority"].is_integer()) continue;
    out.set(member.key, walk(member.value, member.key));
  }
  // A real server repeats causes; each once is enough.
  if (Value* causes = out.find("causes"); causes != nullptr && causes->is_array()) {
    Array once;
    for (Value& cause : causes->as_array()) {
      if (std::find(once.begin(), once.end(), cause) == once.end())
        once.push_back(std::move(cause));
    }
    *causes = std::move(once);
  }
  const std::string_view base = value["generateName"].string_or("");
  if (!base.empty() && value["name"].string_or("").starts_with(base)) {
    const auto tail = value["name"].as_string().size() - base.size();
    out.set("name", std::string(base) + "<" + std::to_string(tail) + " random>");
  }
  return out;
}

Value Normalizer::normalize(const Value& answer) { return walk(answer, ""); }

namespace {

std::string show(const Value* value) { return value == nullptr ? "nothing" : json::dump(*value); }

/// Puts in one order what a real server has in an order of its own making: owners of fields, which
/// it sorts by the second of their last write, and managers that an apply conflicts with, which
/// come in random order, the paths of each in a fixed one.
Value canonical(Value value) {
  if (value.is_array()) {
    for (Value& entry : value.as_array()) entry = canonical(std::move(entry));
  } else if (value.is_object()) {
    for (auto& member : value.as_object()) {
      member.value = canonical(std::move(member.value));
      if (!member.value.is_array()) continue;
      Array& list = member.value.as_array();
      if (member.key == "managedFields") {
        const auto key = [](const Value& entry) {
          return std::tuple(entry["operation"].string_or(""), entry["manager"].string_or(""),
                            entry["subresource"].string_or(""), entry["apiVersion"].string_or(""));
        };
        std::stable_sort(list.begin(), list.end(),
                         [&](const Value& a, const Value& b) { return key(a) < key(b); });
      } else if (member.key == "causes") {
        std::stable_sort(list.begin(), list.end(), [](const Value& a, const Value& b) {
          const bool conflicts = a["reason"] == Value("FieldManagerConflict");
          return conflicts && a["message"].string_or("") < b["message"].string_or("");
        });
      }
    }
  }
  return value;
}

/// The problems in a message about a document that cannot be applied.
std::set<std::string> apply_problems(const std::string& message) {
  constexpr std::string_view kStart = "failed to create typed patch object (";
  if (!message.starts_with(kStart)) return {};
  const auto end = message.find("): ");
  if (end == std::string::npos) return {};
  std::set<std::string> out;
  for (std::size_t at = end + 3; at < message.size();) {
    const auto stop = std::min(message.find('\n', at), message.size());
    std::string line = message.substr(at, stop - at);
    if (line.starts_with("  ")) line.erase(0, 2);
    if (line != "errors:") out.insert(std::move(line));
    at = stop + 1;
  }
  return out;
}

/// A real server walks through a map in random order and leaves it at a member that nobody
/// declared: it names some of the problems.
bool names_some(const Value& expected, const Value& got) {
  if (!expected.is_string() || !got.is_string()) return false;
  const auto some = apply_problems(expected.as_string()), all = apply_problems(got.as_string());
  const bool stopped = std::any_of(some.begin(), some.end(), [](const std::string& problem) {
    return problem.ends_with(": field not declared in schema");
  });
  return stopped && std::includes(all.begin(), all.end(), some.begin(), some.end());
}

void compare(const Value* expected, const Value* got, const std::string& path,
             std::vector<std::string>& out) {
  if (expected != nullptr && got != nullptr && expected->is_object() && got->is_object()) {
    for (const auto& member : expected->as_object()) {
      compare(&member.value, got->find(member.key), path + "." + member.key, out);
    }
    for (const auto& member : got->as_object()) {
      if (expected->find(member.key) == nullptr) {
        compare(nullptr, &member.value, path + "." + member.key, out);
      }
    }
    return;
  }
  if (expected != nullptr && got != nullptr && expected->is_array() && got->is_array() &&
      expected->as_array().size() == got->as_array().size()) {
    for (std::size_t i = 0; i < got->as_array().size(); ++i) {
      compare(&expected->as_array()[i], &got->as_array()[i], path + "[" + std::to_string(i) + "]",
              out);
    }
    return;
  }
  if (expected != nullptr && got != nullptr && *expected == *got) return;
  if (expected != nullptr && got != nullptr && names_some(*expected, *got)) return;
  out.push_back(path + "\n    expected " + show(expected) + "\n    got      " + show(got));
}

}  // namespace

std::vector<std::string> differences(const Value& expected, const Value& got) {
  const Value left = canonical(expected), right = canonical(got);
  std::vector<std::string> out;
  compare(&left, &right, "", out);
  return out;
}

}  // namespace windlass::conformance
