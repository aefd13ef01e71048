#include "negotiation.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "failure.hpp"
#include "json_scan.hpp"
#include "protobuf.hpp"
#include "yaml.hpp"

namespace windlass::inline v0::api_server {

using json::Value;

namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kYaml = "application/yaml";
constexpr std::string_view kProtobuf = "application/vnd.kubernetes.protobuf";
constexpr std::size_t kMaximumBody = 3 * 1024 * 1024;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view next_part(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view part = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

struct Clause {
  std::string_view type;
  std::string_view as, group, version, stream;
  double weight = 1;
};

Clause read_clause(std::string_view text) {
  Clause clause{.type = next_part(text, ';'), .as = {}, .group = {}, .version = {}, .stream = {}};
  while (!text.empty()) {
    std::string_view value = next_part(text, ';');
    const std::string_view name = next_part(value, '=');
    if (name == "as") clause.as = value;
    if (name == "g") clause.group = value;
    if (name == "v") clause.version = value;
    if (name == "stream") clause.stream = value;
    if (name == "q") std::from_chars(value.data(), value.data() + value.size(), clause.weight);
  }
  return clause;
}

bool type_matches(std::string_view wanted, std::string_view type) {
  if (wanted == "*/*" || wanted == type) return true;
  return wanted.ends_with("/*") && type.starts_with(wanted.substr(0, wanted.size() - 1));
}

std::optional<ObjectForm> form_of(const Clause& clause, Encoding encoding) {
  if (clause.as.empty()) return ObjectForm::whole;
  if (clause.group != "meta.k8s.io" || (clause.version != "v1" && clause.version != "v1beta1"))
    return std::nullopt;
  if (clause.as == "Table" && encoding != Encoding::protobuf) return ObjectForm::table;
  if (clause.as == "PartialObjectMetadata" || clause.as == "PartialObjectMetadataList")
    return ObjectForm::metadata;
  return std::nullopt;
}

std::string supported_types(bool watch) {
  std::string out(watch ? "application/json;stream=watch" : "application/json");
  if (!watch) out += ", application/yaml";
  out += fmt::format(", {}{}", kProtobuf, watch ? ";stream=watch" : "");
  return out;
}

}  // namespace

void check_size(const http::Request& request) {
  if (request.body.size() <= kMaximumBody) return;
  throw Failure(413, "RequestEntityTooLarge",
                fmt::format("Request entity too large: limit is {}", kMaximumBody));
}

Wanted negotiate(std::string_view accept, bool custom, bool watch) {
  if (trim(accept).empty()) return {};
  std::vector<Clause> clauses;
  for (std::string_view rest = accept; !rest.empty();) {
    const std::string_view part = next_part(rest, ',');
    if (!part.empty()) clauses.push_back(read_clause(part));
  }
  std::stable_sort(clauses.begin(), clauses.end(),
                   [](const Clause& a, const Clause& b) { return a.weight > b.weight; });
  bool known = false;
  for (const Clause& clause : clauses) {
    for (const auto& [type, encoding] :
         {std::pair(kJson, Encoding::json), std::pair(kYaml, Encoding::yaml),
          std::pair(kProtobuf, Encoding::protobuf)}) {
      if (!type_matches(clause.type, type)) continue;
      known = true;
      if (encoding == Encoding::protobuf && custom) continue;
      if (encoding == Encoding::yaml && watch) continue;
      if (const auto form = form_of(clause, encoding)) {
        return {encoding, *form, clause.version.empty() ? "v1" : std::string(clause.version)};
      }
    }
  }
  known = known || custom;  // built-in resources look at the type alone first
  const std::string types = supported_types(watch && known);
  throw Failure(406, "NotAcceptable",
                known ? "only the following media types are accepted: " + types
                      : "406: Not Acceptable\n\nAvailable representations: " + types,
                known ? json::Value() : json::Value(json::Object{}));
}

std::string media_type(const http::Request& request) {
  std::string_view type = request.headers.get("Content-Type");
  return std::string(trim(type.substr(0, type.find(';'))));
}

bool needs_json_body(const http::Request& request) {
  if (request.body.empty() || request.method == "PATCH") return false;
  const std::string type = media_type(request);
  return !type.empty() && type != kJson && type != "*/*";
}

http::Request with_json_body(const http::Request& request, std::string_view kind, bool custom) {
  check_size(request);
  const std::string type = media_type(request);
  const bool protobuf = type == kProtobuf;
  if ((!protobuf && type != kYaml) || (protobuf && custom)) {
    throw Failure::unsupported_media_type(type, supported_types(false));
  }
  auto value = protobuf ? decode_protobuf(request.body) : read_yaml(request.body);
  if (!value) {
    throw Failure::bad_request(
        fmt::format("the object provided is unrecognized (must be of type {}): {}", kind,
                    value.error().message));
  }
  http::Request out{.method = request.method,
                    .target = request.target,
                    .headers = request.headers,
                    .body = json::dump(*value)};
  out.headers.set("Content-Type", kJson);
  return out;
}

Value parse_body(const http::Request& request) {
  check_size(request);
  auto body = parse_sent(request.body);
  if (!body && media_type(request) == "application/apply-patch+yaml") {
    body = read_yaml(request.body);
    if (!body) {
      throw Failure::bad_request(fmt::format("error decoding YAML: {}", body.error().message));
    }
  }
  if (!body) {
    throw Failure::bad_request(fmt::format(
        "the object provided is unrecognized (must be of type json): {}", body.error().message));
  }
  return std::move(*body);
}

namespace {

/// A watch in protobuf, made from the one in JSON.
class ProtobufStream final : public EventStream {
 public:
  explicit ProtobufStream(std::shared_ptr<EventStream> lines) : lines_(std::move(lines)) {}

  Task<void> prepare(Executor executor) override { return lines_->prepare(std::move(executor)); }
  std::string take() override {
    const std::string text = lines_->take();
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const auto event = json::parse(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!event) continue;
      if (auto frame = encode_protobuf_event((*event)["type"].string_or(""), (*event)["object"]))
        out += *frame;
    }
    return out;
  }
  [[nodiscard]] bool ended() const override { return lines_->ended(); }
  [[nodiscard]] std::optional<SteadyTime> wakes_at() const override { return lines_->wakes_at(); }
  void on_ready(std::function<void()> callback) override { lines_->on_ready(std::move(callback)); }

 private:
  std::shared_ptr<EventStream> lines_;
};

}  // namespace

void encode_reply(Reply& reply, Encoding encoding) {
  http::Response& response = reply.response;
  if (encoding == Encoding::json || reply.log || response.headers.get("Content-Type") != kJson)
    return;
  if (reply.stream != nullptr) {
    if (encoding != Encoding::protobuf) return;
    reply.stream = std::make_shared<ProtobufStream>(std::move(reply.stream));
    response.headers.set("Content-Type", "application/vnd.kubernetes.protobuf;stream=watch");
    return;
  }
  const auto value = json::parse(response.body);
  if (!value) return;
  if (encoding == Encoding::yaml) {
    response.body = write_yaml(*value);
    response.headers.set("Content-Type", kYaml);
  } else if (auto bytes = encode_protobuf(*value)) {
    response.body = std::move(*bytes);
    response.headers.set("Content-Type", kProtobuf);
  }
}

}  // namespace windlass::inline v0::api_server
