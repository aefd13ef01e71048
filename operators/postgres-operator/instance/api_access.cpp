#include "instance/api_access.hpp"

#include <windlass/base/encoding.hpp>
#include <windlass/json/value.hpp>

namespace postgres {

namespace http = windlass::http;
namespace json = windlass::json;
using windlass::Exception;
using windlass::Task;

namespace {

std::string pod_target(const ApiPlace& place) {
  return "/api/v1/namespaces/" + windlass::encode_percent(place.namespace_) + "/pods/" +
         windlass::encode_percent(place.pod);
}

/// The server's own words, if it has any.
std::string message_of(const http::Response& answer) {
  const auto status = json::parse(answer.body);
  const std::string_view words = status ? (*status)["message"].string_or("") : std::string_view{};
  return "status " + std::to_string(answer.status) +
         (words.empty() ? "" : ": " + std::string(words));
}

Error explain(const ApiPlace& place, const http::Response& answer, const std::string& what) {
  const std::string text = what + " failed with " + message_of(answer);
  if (answer.status == 401)
    return {Errc::permission, text + "; the service account's token is not accepted"};
  if (answer.status == 403) {
    return {Errc::permission, text + "; the Role " + place.database + "-instance in namespace " +
                                  place.namespace_ + " must allow it: is the operator running?"};
  }
  if (answer.status == 404) return {Errc::not_found, text};
  return {Errc::unavailable, text};
}

}  // namespace

std::string database_target(const ApiPlace& place) {
  return "/apis/postgres.windlass.dev/v1/namespaces/" + windlass::encode_percent(place.namespace_) +
         "/databases/" + windlass::encode_percent(place.database);
}

http::Request report_request(const ApiPlace& place, const Report& report) {
  json::Value patch;
  patch["metadata"]["annotations"][kReportAnnotation] = to_json(report);
  // a pod of the same name that is not this one must not bear this one's words
  if (!place.pod_uid.empty()) patch["metadata"]["uid"] = place.pod_uid;
  http::Request request;
  request.method = "PATCH";
  request.target = pod_target(place) + "?fieldManager=instance-manager";
  request.headers.set("Content-Type", "application/merge-patch+json");
  request.body = json::dump(patch);
  return request;
}

Result<DatabaseView> read_database_answer(const ApiPlace& place, const http::Response& answer) {
  const std::string what = "reading Database " + place.namespace_ + "/" + place.database;
  if (answer.status != 200) return explain(place, answer, what);
  const auto object = json::parse(answer.body);
  if (!object) return object.error().within(what);
  DatabaseView view;
  view.uid = object->at_path({"metadata", "uid"}).string_or("");
  view.system_identifier = object->at_path({"status", "systemIdentifier"}).string_or("");
  view.being_deleted = object->at_path({"metadata", "deletionTimestamp"}).is_string();
  if (view.uid.empty()) return Error{Errc::parse, what + ": the answer is no Database"};
  return view;
}

Result<void> read_report_answer(const ApiPlace& place, const http::Response& answer) {
  if (answer.status == 200) return {};
  return explain(place, answer, "writing the report to Pod " + place.namespace_ + "/" + place.pod);
}

ApiAccess::ApiAccess(windlass::Environment& environment, windlass::Executor executor,
                     ApiPlace place)
    : environment_(environment), executor_(std::move(executor)), place_(std::move(place)) {}

Task<http::Response> ApiAccess::send(http::Request request) {
  const auto token = environment_.read_file(place_.service_account / "token");
  if (!token) throw Exception(token.error().within("the pod's service account"));
  auto ca = environment_.read_file(place_.service_account / "ca.crt");
  if (!ca) throw Exception(ca.error().within("the pod's service account"));
  if (!client_ || ca_ != *ca) {
    ca_ = *ca;
    http::TlsClientOptions tls{.ca_pem = ca_, .server_name = place_.server.host};
    http::ClientOptions options{.server = place_.server, .tls = std::move(tls)};
    client_ = std::make_shared<http::Client>(environment_, executor_, std::move(options));
  }
  const auto end = token->find_last_not_of(" \r\n\t");
  request.headers.set("Authorization",
                      "Bearer " + token->substr(0, end == std::string::npos ? 0 : end + 1));
  request.headers.set("Accept", "application/json");
  request.headers.set("User-Agent", "windlass-instance-manager");
  const auto client = client_;
  const http::SendOptions limits{.timeout = std::chrono::seconds(10), .max_body_bytes = 4u << 20};
  auto sent = client->send(std::move(request), limits);
  auto answer = co_await std::move(sent);
  co_return answer;
}

Task<DatabaseView> ApiAccess::read_database() {
  http::Request request;
  request.target = database_target(place_);
  auto sent = send(std::move(request));
  const auto answer = co_await std::move(sent);
  const auto view = read_database_answer(place_, answer);
  co_return view.value();
}

Task<void> ApiAccess::report(Report report) {
  auto sent = send(report_request(place_, report));
  const auto answer = co_await std::move(sent);
  read_report_answer(place_, answer).value();
}

}  // namespace postgres
