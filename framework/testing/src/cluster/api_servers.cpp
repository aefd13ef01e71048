#include "world.hpp"

namespace windlass::inline v0::testing {
namespace {

json::Value status_body(int code, const std::string& reason, const std::string& message) {
  json::Value status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  status["metadata"] = json::Object();
  status["status"] = "Failure";
  status["message"] = message;
  status["reason"] = reason;
  status["code"] = code;
  return status;
}

http::Response failure(int code, const std::string& reason, const std::string& message) {
  http::Response response;
  response.status = code;
  response.headers.set("Content-Type", "application/json");
  response.body = json::dump(status_body(code, reason, message));
  return response;
}

http::Response injected(const Fault& fault) {
  const char* reason = "InternalError";
  switch (fault.status) {
    case 401:
      reason = "Unauthorized";
      break;
    case 403:
      reason = "Forbidden";
      break;
    case 404:
      reason = "NotFound";
      break;
    case 409:
      reason = "Conflict";
      break;
    case 410:
      reason = "Expired";
      break;
    case 429:
      reason = "TooManyRequests";
      break;
    case 503:
      reason = "ServiceUnavailable";
      break;
    case 504:
      reason = "Timeout";
      break;
    default:
      break;
  }
  auto response = failure(fault.status, reason, "a fault of the simulation");
  if (fault.retry_after) response.headers.set("Retry-After", std::to_string(1 + fault.seed % 3));
  return response;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// Of the object in a watch line.
std::uint64_t version_in(std::string_view line) {
  constexpr std::string_view kField = "\"resourceVersion\":\"";
  const auto at = line.find(kField);
  if (at == std::string_view::npos) return 0;
  std::uint64_t version = 0;
  for (auto i = at + kField.size(); i < line.size() && line[i] >= '0' && line[i] <= '9'; ++i) {
    version = version * 10 + static_cast<std::uint64_t>(line[i] - '0');
  }
  return version;
}

std::string_view uid_in(std::string_view line) {
  constexpr std::string_view kField = "\"uid\":\"";
  // owners come before the object's own
  const auto at = line.rfind(kField, line.find("\"resourceVersion\"") + 120);
  return at == std::string_view::npos ? std::string_view() : line.substr(at + kField.size(), 36);
}

}  // namespace

std::string collection_of(const meta::Resource& resource) {
  return std::string(resource.group) + "/" + std::string(resource.plural);
}

std::string path_of(const meta::Resource& resource, const meta::ObjectKey& key) {
  std::string path = resource.group.empty() ? "/api/" + std::string(resource.version)
                                            : "/apis/" + std::string(resource.group) + "/" +
                                                  std::string(resource.version);
  if (resource.namespaced && !key.namespace_.empty()) path += "/namespaces/" + key.namespace_;
  path += "/" + std::string(resource.plural);
  if (!key.name.empty()) path += "/" + key.name;
  return path;
}

Asked asked_of(const http::Request& request) {
  Asked asked;
  const std::string_view target = request.target;
  const auto question = target.find('?');
  std::string_view path = target.substr(0, question);
  if (question != std::string_view::npos) {
    auto rest = target.substr(question + 1);
    while (!rest.empty()) {
      const auto end = std::min(rest.find('&'), rest.size());
      const auto pair = rest.substr(0, end);
      const auto equals = std::min(pair.find('='), pair.size());
      asked.query[decoded(pair.substr(0, equals))] =
          equals < pair.size() ? decoded(pair.substr(equals + 1)) : std::string();
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    parts.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  const bool core = !parts.empty() && parts[0] == "api";
  const bool named = !parts.empty() && parts[0] == "apis";
  std::size_t i = core ? 2 : named ? 3 : parts.size();
  const std::string group = named && parts.size() > 1 ? parts[1] : std::string();
  if (i + 2 < parts.size() && parts[i] == "namespaces") {
    asked.key.namespace_ = parts[i + 1];
    i += 2;
  }
  if (i < parts.size()) asked.collection = group + "/" + parts[i];
  if (i + 1 < parts.size()) asked.key.name = parts[i + 1];
  if (i + 2 < parts.size()) asked.subresource = parts[i + 2];
  const auto& method = request.method;
  const auto watch = asked.query.find("watch");
  if (method == "GET") {
    asked.verb = watch != asked.query.end() && (watch->second == "true" || watch->second == "1")
                     ? "watch"
                 : asked.key.name.empty() ? "list"
                                          : "get";
  } else {
    asked.verb = method == "POST"    ? "create"
                 : method == "PUT"   ? "update"
                 : method == "PATCH" ? "patch"
                                     : "delete";
  }
  return asked;
}

/// One watch, with the lines that are kept back.
struct ApiServers::Stream {
  int server = 0;
  Sender sender;
  Asked asked;
  std::shared_ptr<Timer> timer;
  std::shared_ptr<bool> pending;
  std::deque<std::string> late;  ///< newer than what the server shows
  std::string withheld;
  std::shared_ptr<SeededRandom> random;
  bool expired = false;  ///< it ends with 410: its reader has to list again
  void wake() const {
    *pending = true;
    timer->cancel();
  }
};

ApiServers::ApiServers(SimulatedCluster::Impl& world, int count) : world_(world) {
  std::vector<const SimulatedProcess*> targets;
  for (int i = 0; i < count; ++i) {
    auto& process = world.sim.process("api-" + std::to_string(i));
    processes_.push_back(&process);
    frozen_.emplace_back();
    targets.push_back(&process);
  }
  world.sim.balance_host("api", targets);
  for (int i = 0; i < count; ++i) {
    processes_[static_cast<std::size_t>(i)]->start(
        [this, i](SimulatedProcess& self) { return run(self, this, i); });
  }
}
ApiServers::~ApiServers() = default;

Task<void> ApiServers::run(SimulatedProcess& self, ApiServers* servers, int index) {
  auto listener = self.network(self.io()).listen(self.io(), {"", 6443}).value();
  http::Handler handler = [servers, index](http::Request request, http::Peer,
                                           http::Responder& responder) {
    return serve(servers, index, std::move(request), &responder);
  };
  http::ServerOptions options;
  if (servers->shown_) {
    const auto& pair = servers->shown_->server;
    options.tls = http::TlsServerContext::make(
                      {.certificate_pem = pair.certificate_pem, .key_pem = pair.key_pem})
                      .value();
  }
  auto server = std::make_shared<http::Server>(self, self.io(), std::move(listener),
                                               std::move(handler), std::move(options));
  self.keep(server);
  auto serving = server->run();
  co_await std::move(serving);
}

http::KeyPair make_authority(const std::string& name, WallTime now, const http::KeyPair* issuer) {
  return http::make_certificate({.common_name = name,
                                 .dns_names = {name},
                                 .not_before = now - 24h,
                                 .not_after = now + 24h * 3650,
                                 .is_ca = issuer == nullptr},
                                issuer)
      .value();
}

ApiServers::Certificates ApiServers::make_certificates() const {
  const auto now = world_.sim.wall_now();
  Certificates made{make_authority("authority", now), {}};
  made.server = make_authority("api", now, &made.authority);
  return made;
}

void ApiServers::distribute_trust() {
  auto trust = shown_->authority.certificate_pem;
  if (coming_) trust += coming_->authority.certificate_pem;
  world_.sim.process("controllers").files()[kAuthorityFile] = trust;
  for (auto& replica : world_.replicas) replica.process->files()[kAuthorityFile] = trust;
}

void ApiServers::use_tls() {
  coming_ = make_certificates();
  show_new_certificates();
  if (world_.options.workloads) world_.sim.process("controllers").restart();
}

void ApiServers::rotate_certificates() {
  if (!shown_) return;
  coming_ = make_certificates();
  distribute_trust();
}

void ApiServers::show_new_certificates() {
  if (!coming_) return;
  shown_ = std::exchange(coming_, std::nullopt);
  distribute_trust();
  for (auto* process : processes_) process->restart();
}

void ApiServers::freeze(int server, std::uint64_t revision) {
  frozen_[static_cast<std::size_t>(server)] = revision;
}
void ApiServers::thaw(int server) {
  frozen_[static_cast<std::size_t>(server)].reset();
  for (const auto* stream : streams_) {
    if (stream->server == server) stream->wake();
  }
}
void ApiServers::expire_watches() {
  for (auto* stream : streams_) {
    if (stream->sender.replica < 0) continue;
    stream->expired = true;
    stream->wake();
  }
}
void ApiServers::thaw_all() {
  for (int i = 0; i < count(); ++i) thaw(i);
}

std::optional<http::Response> ApiServers::refusal(int server, const Sender& sender,
                                                  const Asked& asked) {
  if (sender.replica < 0) return std::nullopt;
  for (auto& window : world_.windows) {
    const auto& fault = window.fault;
    if (fault.kind != Fault::Kind::error || fault.replica != sender.replica) continue;
    if (fault.server >= 0 && fault.server != server) continue;
    if (fault.status == 409 && !asked.writes()) continue;
    if (fault.status == 410 && asked.verb != "list" && asked.verb != "watch") continue;
    if (window.random.uniform() < fault.amount) return injected(fault);
  }
  return std::nullopt;
}

bool ApiServers::loses_reply(const Sender& sender) {
  for (auto& window : world_.windows) {
    const auto& fault = window.fault;
    if (fault.kind != Fault::Kind::lost_reply || fault.replica != sender.replica) continue;
    if (window.random.uniform() < fault.amount) return true;
  }
  return false;
}

std::optional<http::Response> ApiServers::age(int server, const Asked& asked,
                                              http::Request& request) {
  const auto frozen = frozen_[static_cast<std::size_t>(server)];
  if (!frozen || asked.verb != "list") return std::nullopt;
  const auto version = asked.query.find("resourceVersion");
  if (version == asked.query.end() || version->second.empty() || asked.query.contains("continue")) {
    return std::nullopt;  // a quorum read sees the newest state
  }
  const auto wanted = std::strtoull(version->second.c_str(), nullptr, 10);
  if (wanted > *frozen) {
    return failure(
        504, "Timeout",
        "Too large resource version: " + version->second + ", current: " + std::to_string(*frozen));
  }
  const auto at = request.target.find("resourceVersion=");
  const auto end = std::min(request.target.find('&', at), request.target.size());
  request.target.replace(
      at, end - at, "resourceVersion=" + std::to_string(*frozen) + "&resourceVersionMatch=Exact");
  return std::nullopt;
}

Task<void> ApiServers::serve(ApiServers* servers, int index, http::Request request,
                             http::Responder* target) {
  auto& responder = *target;
  auto& world = servers->world_;
  auto& self = *servers->processes_[static_cast<std::size_t>(index)];
  const auto asked = asked_of(request);
  const auto authorization = request.headers.get("Authorization");
  const auto token =
      authorization.starts_with("Bearer ") ? authorization.substr(7) : std::string_view();
  const auto known = world.tokens.find(token);
  const bool valid = known != world.tokens.end();
  const Sender sender = valid ? known->second : Sender{-1, 0, "nobody"};
  const auto told = [&](int status) {
    if (sender.replica < 0 && valid) return;
    const bool quiet = asked.is_lease() && status == 200;
    if (quiet) return;
    world.note(TraceEvent::Kind::request, sender.name,
               request.method + " " + request.target + " at " + self.name() + ": " +
                   std::to_string(status));
  };
  std::optional<http::Response> answer;
  if (!valid) answer = failure(401, "Unauthorized", "Unauthorized");
  if (!answer) answer = servers->refusal(index, sender, asked);
  if (!answer) answer = servers->age(index, asked, request);
  if (answer) {
    told(answer->status);
    co_await responder.send(std::move(*answer));
    co_return;
  }
  if (sender.replica >= 0) {
    world.check_request_rate(world.replicas[static_cast<std::size_t>(sender.replica)]);
    if (asked.writes()) world.check_write(sender, asked, request);
  }
  const auto at_work = [&world, &sender](bool begins) {
    world.sender = begins ? &sender : nullptr;
  };
  api_server::Reply reply;
  if (world.webhooks) {
    auto answering = world.core.answer(self.io(), request, api_server::Identity::admin(),
                                       {.caller = &self, .at_work = at_work});
    reply = co_await std::move(answering);
  } else {
    at_work(true);
    reply = world.core.handle(request, api_server::Identity::admin());
    at_work(false);
  }
  told(reply.response.status);
  if (reply.stream) {
    auto streaming =
        stream(servers, index, sender, asked, reply.stream, std::move(reply.response), target);
    co_await std::move(streaming);
    co_return;
  }
  if (sender.replica >= 0 && asked.writes()) {
    auto& replica = world.replicas[static_cast<std::size_t>(sender.replica)];
    const bool counts = !asked.is_lease() && !asked.is_event();
    if (counts) {
      ++world.replica_writes;
      auto& count = world.opportunities_of[static_cast<int>(Perturbation::Kind::crash_after_write)];
      if (++count == world.perturbation.number &&
          world.perturbation.kind == Perturbation::Kind::crash_after_write) {
        world.note(TraceEvent::Kind::fault, sender.name,
                   "is killed after its write " + std::to_string(count));
        replica.process->crash();
      }
    }
    if (servers->loses_reply(sender)) {
      world.note(TraceEvent::Kind::fault, sender.name, "does not hear the answer");
      world.sim.cut(self, *replica.process);
    }
  }
  co_await responder.send(std::move(reply.response));
}

std::string ApiServers::filter(Stream& stream, std::string chunk) {
  const auto frozen = frozen_[static_cast<std::size_t>(stream.server)];
  const bool replica = stream.sender.replica >= 0;
  const bool broken = replica && world_.faulty && world_.rates.broken_watches;
  const bool counts = replica && !stream.asked.is_lease();
  if (!frozen && stream.late.empty() && !broken && !counts && stream.withheld.empty()) return chunk;
  std::string out;
  if (!frozen) {
    for (; !stream.late.empty(); stream.late.pop_front()) out += stream.late.front();
  }
  std::size_t at = 0;
  while (at < chunk.size()) {
    const auto end = chunk.find('\n', at) + 1;
    const std::string_view line(chunk.data() + at, end - at);
    at = end;
    const bool bookmark = line.starts_with(R"({"type":"BOOKMARK")");
    if (counts && !bookmark) ++notifications_;
    if (frozen && version_in(line) > *frozen) {
      stream.late.emplace_back(line);
    } else if (broken && !bookmark && stream.random->uniform() < 0.05) {
      const auto choice = stream.random->next() % 3;
      if (choice == 1) out.append(line).append(line);
      if (choice == 2) stream.late.emplace_back(line);
    } else if (counts && !bookmark && withhold_ > 0 && notifications_ == withhold_) {
      stream.withheld = line;
    } else {
      // what the next one of the same object overtakes is never seen; other lines release it
      if (bookmark || uid_in(stream.withheld) != uid_in(line)) out += stream.withheld;
      stream.withheld.clear();
      out.append(line);
    }
  }
  return out;
}

Task<void> ApiServers::stream(ApiServers* servers, int index, Sender sender, Asked asked,
                              std::shared_ptr<api_server::EventStream> events, http::Response head,
                              http::Responder* target) {
  auto& responder = *target;
  auto& self = *servers->processes_[static_cast<std::size_t>(index)];
  co_await responder.start(std::move(head));
  auto timer = std::make_shared<Timer>(self.clock(), self.io());
  auto pending = std::make_shared<bool>(false);
  Stream state{index,
               std::move(sender),
               std::move(asked),
               timer,
               pending,
               {},
               {},
               std::make_shared<SeededRandom>(self.random().next())};
  struct Listed {
    std::vector<Stream*>& all;
    Stream* self;
    api_server::EventStream& events;
    ~Listed() {
      std::erase(all, self);
      events.on_ready({});
    }
  } listed{servers->streams_, &state, *events};
  servers->streams_.push_back(&state);
  events->on_ready([timer, pending] {
    *pending = true;
    timer->cancel();
  });
  for (;;) {
    *pending = false;
    Task<void> preparing = events->prepare(self.io());
    co_await std::move(preparing);
    const std::string chunk = servers->filter(state, events->take());
    if (!chunk.empty()) co_await responder.write(chunk);
    if (state.expired) {
      json::Value expiry;
      expiry["type"] = "ERROR";
      expiry["object"] = status_body(410, "Expired", "too old resource version");
      const std::string line = json::dump(expiry) + "\n";
      co_await responder.write(line);
      break;
    }
    if (events->ended()) break;
    if (*pending) continue;
    const SteadyTime at = events->wakes_at().value_or(self.clock().steady_now() + 1h);
    co_await timer->wait_until(at);
  }
}

}  // namespace windlass::inline v0::testing
