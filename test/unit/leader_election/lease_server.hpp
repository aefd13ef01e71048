#pragma once
// An API server that knows one Lease: enough of the protocol to elect leaders against.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <windlass/http/server.hpp>
#include <windlass/json/value.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::leader_election_test {

class LeaseServer {
 public:
  explicit LeaseServer(Executor executor) : changed_(std::move(executor)) {}

  static constexpr const char* kCollection = "/apis/coordination.k8s.io/v1/namespaces/ns/leases";

  [[nodiscard]] const std::optional<json::Value>& lease() const { return lease_; }
  [[nodiscard]] std::string holder() const {
    return lease_ ? std::string(lease_->at_path({"spec", "holderIdentity"}).string_or(""))
                  : std::string();
  }
  [[nodiscard]] const json::Value& spec() const { return (*lease_)["spec"]; }
  /// Requests by User-Agent.
  [[nodiscard]] int requests(const std::string& agent) const {
    const auto found = requests_.find(agent);
    return found == requests_.end() ? 0 : found->second;
  }
  void remove() {
    publish("DELETED");
    lease_.reset();
  }
  void forbid_watch() { watch_allowed_ = false; }

  static Task<void> handle(std::shared_ptr<LeaseServer> self, http::Request request,
                           http::Responder& to) {
    ++self->requests_[std::string(request.headers.get("User-Agent"))];
    if (request.target.find("watch=true") != std::string::npos && self->watch_allowed_) {
      auto watching = watch(self, to);
      co_await std::move(watching);
      co_return;
    }
    auto sending = to.send(self->answer(request));
    co_await std::move(sending);
  }

 private:
  static http::Response json_response(int status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
  }
  static http::Response failure(int status, const std::string& reason) {
    json::Object details;
    details.set("name", "lock");
    json::Object body;
    body.set("kind", "Status");
    body.set("status", "Failure");
    body.set("reason", reason);
    body.set("message", reason);
    body.set("code", status);
    body.set("details", std::move(details));
    return json_response(status, json::dump(json::Value(std::move(body))));
  }

  http::Response answer(const http::Request& request) {
    if (request.target.find("watch=true") != std::string::npos) return failure(403, "Forbidden");
    if (request.method == "GET") {
      return lease_ ? json_response(200, json::dump(*lease_)) : failure(404, "NotFound");
    }
    auto body = json::parse(request.body);
    if (!body) return failure(400, "BadRequest");
    if (request.method == "POST") {
      return lease_ ? failure(409, "AlreadyExists") : store(std::move(*body), 201, "ADDED");
    }
    if (!lease_) return failure(404, "NotFound");
    const auto version = body->at_path({"metadata", "resourceVersion"}).string_or("");
    if (version != lease_->at_path({"metadata", "resourceVersion"}).string_or("")) {
      return failure(409, "Conflict");
    }
    return store(std::move(*body), 200, "MODIFIED");
  }

  http::Response store(json::Value lease, int status, const std::string& type) {
    lease["metadata"]["resourceVersion"] = std::to_string(++version_);
    lease["metadata"]["uid"] = "uid";
    lease_ = std::move(lease);
    publish(type);
    return json_response(status, json::dump(*lease_));
  }

  void publish(const std::string& type) {
    history_ += line(type);
    changed_.set();
    changed_.reset();
  }
  [[nodiscard]] std::string line(const std::string& type) const {
    json::Object event;
    event.set("type", type);
    event.set("object", *lease_);
    return json::dump(json::Value(std::move(event))) + "\n";
  }

  static Task<void> watch(std::shared_ptr<LeaseServer> self, http::Responder& to) {
    http::Response head{200, {{"Content-Type", "application/json"}}, ""};
    if (self->lease_) head.body = self->line("ADDED");
    std::size_t at = self->history_.size();
    auto starting = to.start(std::move(head));
    co_await std::move(starting);
    for (;;) {
      if (at == self->history_.size()) {
        auto waiting = self->changed_.wait();
        co_await std::move(waiting);
        continue;
      }
      const std::string news = self->history_.substr(at);
      at = self->history_.size();
      auto writing = to.write(news);
      co_await std::move(writing);
    }
  }

  std::optional<json::Value> lease_;
  int version_ = 0;
  bool watch_allowed_ = true;
  std::string history_;
  Event changed_;
  std::map<std::string, int> requests_;
};

}  // namespace windlass::leader_election_test
