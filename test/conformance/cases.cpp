#include "cases.hpp"

#include <algorithm>
#include <fstream>
#include <map>

#include <re2/re2.h>

namespace windlass::conformance {

using json::Array;
using json::Object;
using json::Value;

namespace {

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

/// $REPEAT(x,3) is xxx.
void repeat(std::string& text) {
  for (std::size_t at = 0; (at = text.find("$REPEAT(", at)) != std::string::npos;) {
    const auto comma = text.find(',', at);
    const auto end = text.find(')', comma);
    const std::string piece = text.substr(at + 8, comma - at - 8);
    std::string out;
    for (int i = std::stoi(text.substr(comma + 1, end - comma - 1)); i > 0; --i) out += piece;
    text.replace(at, end + 1 - at, out);
    at += out.size();
  }
}

const std::map<std::string, std::string>& patch_types() {
  static const std::map<std::string, std::string> types{
      {"JSON", "application/json-patch+json"},
      {"MERGE", "application/merge-patch+json"},
      {"STRATEGIC", "application/strategic-merge-patch+json"},
      {"APPLY", "application/apply-patch+yaml"}};
  return types;
}

http::Request request_line(const std::string& line) {
  http::Request request;
  const auto space = line.find(' ');
  request.method = line.substr(0, space);
  request.target = line.substr(space + 1);
  request.headers.set("User-Agent", "conformance/1");
  if (const auto type = patch_types().find(request.method); type != patch_types().end()) {
    request.method = "PATCH";
    request.headers.set("Content-Type", type->second);
  }
  if (request.method == "WATCH") {
    request.method = "GET";
    request.target += request.target.find('?') == std::string::npos ? "?watch=1" : "&watch=1";
    if (request.target.find("timeoutSeconds") == std::string::npos) {
      request.target += "&timeoutSeconds=1";
    }
  }
  return request;
}

bool is_header(const std::string& line) {
  const auto colon = line.find(": ");
  if (colon == std::string::npos || colon == 0) return false;
  return std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) { return std::isalpha(c) || c == '-'; }) &&
         std::isupper(static_cast<unsigned char>(line[0]));
}

std::vector<Case> read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<Case> cases;
  std::string line;
  bool in_request = false, in_body = false;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("#")) continue;
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), path.filename().string(), number, {}});
      in_request = in_body = false;
    } else if (line.empty()) {
      in_request = in_body = false;
    } else if (cases.empty()) {
      throw Exception(Errc::parse, path.string() + ":" + std::to_string(number) + ": no case yet");
    } else if (!in_request) {
      cases.back().requests.push_back(request_line(line));
      in_request = true;
    } else if (!in_body && is_header(line)) {
      const auto colon = line.find(": ");
      cases.back().requests.back().headers.set(line.substr(0, colon), line.substr(colon + 2));
    } else {
      auto& request = cases.back().requests.back();
      if (in_body) request.body += "\n";
      request.body += line;
      in_body = true;
    }
  }
  return cases;
}

std::string slug(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  out = out.substr(0, 50);
  while (out.ends_with('-')) out.pop_back();
  return out;
}

void fill_in(std::string& text, const std::string& own, const std::vector<Value>& answers) {
  if (text.find('$') == std::string::npos) return;
  for (std::size_t i = answers.size(); i > 0; --i) {
    if (answers[i - 1].is_null()) continue;
    const Value& metadata = answers[i - 1]["body"]["metadata"];
    const std::string number = std::to_string(i);
    replace_all(text, "$RV" + number, std::string(metadata["resourceVersion"].string_or("")));
    replace_all(text, "$UID" + number, std::string(metadata["uid"].string_or("")));
    replace_all(text, "$CONTINUE" + number, std::string(metadata["continue"].string_or("")));
  }
  // What a request left out, or refused, would have told.
  static const re2::RE2 unknown(R"(\$(RV|UID|CONTINUE)\d+)");
  re2::RE2::GlobalReplace(&text, unknown, "");
  replace_all(text, "$NS", own);
  replace_all(text, "$U", own);
  repeat(text);
}

/// True when every path is there, and the last one's object has the condition that is asked for.
bool is_reached(Server& server, const std::vector<std::string>& wanted) {
  Value last;
  for (const std::string& part : wanted) {
    const auto equals = part.find('=');
    if (part.starts_with('/')) {
      last = server.send({.method = "GET", .target = part, .headers = {}, .body = ""});
      if (last["status"] != Value(200)) return false;
      continue;
    }
    bool holds = false;
    const Value& conditions = last.at_path({"body", "status", "conditions"});
    if (conditions.is_array()) {
      for (const Value& condition : conditions.as_array()) {
        holds = holds || (condition["type"] == Value(part.substr(0, equals)) &&
                          condition["status"] == Value(part.substr(equals + 1)));
      }
    }
    if (!holds) return false;
  }
  return true;
}

/// Asks until the server's controllers have come as far as the case needs.
void await(Server& server, const std::string& target) {
  std::vector<std::string> wanted;
  for (std::size_t at = 0; at < target.size();) {
    const auto end = std::min(target.find(' ', at), target.size());
    wanted.push_back(target.substr(at, end - at));
    at = end + 1;
  }
  constexpr int kAttempts = 20'000;
  for (int i = 0; i < kAttempts; ++i) {
    if (is_reached(server, wanted)) return;
  }
  throw Exception(Errc::timeout, "AWAIT " + target + ": not reached");
}

}  // namespace

std::vector<Case> read_cases(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cases") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const auto& file : files) {
    for (Case& one : read_file(file)) cases.push_back(std::move(one));
  }
  return cases;
}

Array run_case(Server& server, const Case& test) {
  const std::string own = slug(test.name);
  const bool needs_namespace =
      std::any_of(test.requests.begin(), test.requests.end(), [](const http::Request& request) {
        return request.target.find("$NS") != std::string::npos ||
               request.body.find("$NS") != std::string::npos;
      });
  if (needs_namespace) {
    const Value made(Object{{"metadata", Object{{"name", own}}}});
    server.send({.method = "POST",
                 .target = "/api/v1/namespaces",
                 .headers = {{"Content-Type", "application/json"}},
                 .body = json::dump(made)});
  }
  std::vector<Value> answers;
  Array out;
  Normalizer normalizer;
  for (http::Request request : test.requests) {
    fill_in(request.target, own, answers);
    if (request.method.empty() || request.method == "AWAIT") {  // left out, or not an answer
      if (!request.method.empty()) await(server, request.target);
      answers.emplace_back();
      out.emplace_back();
      continue;
    }
    fill_in(request.body, own, answers);
    if (!request.body.empty() && !request.headers.contains("Content-Type")) {
      request.headers.set("Content-Type", "application/json");
    }
    if (request.headers.get("Content-Type") == "none") request.headers.erase("Content-Type");
    answers.push_back(server.send(std::move(request)));
    out.push_back(normalizer.normalize(answers.back()));
  }
  return out;
}

}  // namespace windlass::conformance
