#include <boost/asio/post.hpp>

#include <windlass/http/server.hpp>
#include <windlass/manager/manager.hpp>

namespace windlass::inline v0 {

using namespace std::chrono_literals;

namespace {

std::string operator_name(const ManagerOptions& options) {
  if (!options.operator_name.empty()) return options.operator_name;
  return options.leader_election_id.empty() ? "operator" : options.leader_election_id;
}

client::ClientOptions client_options(const ManagerOptions& options, MetricsRegistry& metrics) {
  client::ClientOptions made;
  made.user_agent = operator_name(options) + "/" WINDLASS_VERSION;
  made.field_manager = operator_name(options);
  made.metrics = &metrics;
  return made;
}

bool turned_off(const std::string& address) { return address.empty() || address == "0"; }

/// A certificate for this process alone, for metrics over HTTPS.
std::shared_ptr<http::TlsServerContext> self_signed(Environment& environment) {
  const auto now = environment.clock().wall_now();
  http::CertificateRequest request;
  request.common_name = environment.host_name();
  request.dns_names = {request.common_name, "localhost"};
  request.not_before = now - 1h;
  request.not_after = now + 24h * 365;
  const auto pair = http::make_certificate(request).value();
  return http::TlsServerContext::make(
             {.certificate_pem = pair.certificate_pem, .key_pem = pair.key_pem})
      .value();
}

}  // namespace

/// Probes live on the lease's thread, so that a busy I/O thread does not get the pod killed while
/// it leads; metrics on the I/O thread.
struct Manager::Servers {
  explicit Servers(Environment& environment)
      : lease_group(environment.lease()), io_group(environment.io()) {}
  std::unique_ptr<http::Server> health;
  std::unique_ptr<http::Server> metrics;
  TaskGroup lease_group;
  TaskGroup io_group;
};

Manager::Manager(Environment& environment, client::Config config, ManagerOptions options)
    : environment_(environment),
      config_(std::move(config)),
      options_(std::move(options)),
      log_(environment.log().named("manager")),
      metrics_(std::make_shared<metrics::Registry>(environment)),
      client_(environment, environment.io(), config_, client_options(options_, *metrics_)),
      caches_(environment.io(), [this](auto what, auto failure) { fail(what, failure); }),
      others_(environment.io(), [this](auto what, auto failure) { fail(what, failure); }),
      leaders_(environment.io(), [this](auto what, auto failure) { fail(what, failure); }),
      election_(environment.io(), [this](auto what, auto failure) { fail(what, failure); }),
      supervision_(environment.io(), [this](auto what, auto failure) { fail(what, failure); }),
      stop_requested_(environment.io()) {
  validate(options_).value();
  events_ = events::EventRecorder(
      client_,
      {.reporting_controller = operator_name(options_),
       .reporting_instance = environment.variable("POD_NAME").value_or(environment.host_name()),
       .metrics = metrics_.get()});
  prepare_election();
  cache::CacheOptions cache_options;
  cache_options.defaults.namespaces = options_.namespaces;
  cache_options.defaults.keep_decoded = options_.keep_decoded;
  cache_ = std::make_unique<cache::Cache>(client_, std::move(cache_options));
  healthz_.add("ping", [] { return Result<void>(); });
  readyz_.add("caches", [this]() -> Result<void> {
    if (cache_->has_synced()) return {};
    return Error{Errc::unavailable, "the first lists are not complete yet"};
  });
}

Manager::~Manager() = default;

void Manager::prepare_election() {
  const bool wanted = options_.leader_election.value_or(config_.in_cluster);
  if (!wanted) {
    const bool chosen = options_.leader_election.has_value();
    if (chosen && config_.in_cluster) {
      log_.warn(
          "LEADER ELECTION IS OFF: more than one replica of this operator would work against each "
          "other. Run exactly one replica, or remove ENABLE_LEADER_ELECTION=false");
    } else if (chosen) {
      log_.warn("Leader election is off: run exactly one instance of this operator");
    }
    return;
  }
  if (options_.leader_election_id.empty()) {
    throw Exception(
        Errc::invalid_argument,
        "leader election needs the name of a Lease: set --leader-election-id, LEASE_NAME "
        "or ManagerOptions::leader_election_id");
  }
  leader_election::Config election;
  election.lease_name = options_.leader_election_id;
  election.lease_namespace = options_.leader_election_namespace.empty()
                                 ? config_.namespace_
                                 : options_.leader_election_namespace;
  election.identity = options_.leader_election_identity;
  election.timing = options_.timing;
  election.release_on_stop = options_.release_on_stop;
  election.operator_name = operator_name(options_);
  election.metrics = metrics_.get();
  leader_election::Callbacks callbacks;
  callbacks.on_stopped = [this](bool lost) {
    // another instance may lead already: nothing of this process may go on, not even destructors
    if (lost) environment_.terminate(1);
  };
  callbacks.record_event = [this, election](const std::string& reason, const std::string& note) {
    events_.event({.api_version = "coordination.k8s.io/v1",
                   .kind = "Lease",
                   .namespace_ = election.lease_namespace,
                   .name = election.lease_name},
                  events::EventType::normal, reason, "LeaderElection", note);
  };
  elector_ = std::make_shared<leader_election::LeaderElector>(environment_, config_, election,
                                                              std::move(callbacks));
  healthz_.add("leader-election", [elector = elector_] { return elector->health(); });
}

MetricsRegistry& Manager::metrics() { return *metrics_; }

client::Client Manager::client(bool leader_only) {
  return leader_only && elector_ ? client_.with_gate(elector_) : client_;
}

void Manager::record_event(const meta::Resource& resource, const meta::ObjectMeta& object,
                           std::string_view type, std::string_view reason, std::string_view note) {
  events_.event({.api_version = resource.api_version(),
                 .kind = std::string(resource.kind),
                 .namespace_ = object.namespace_,
                 .name = object.name,
                 .uid = object.uid,
                 .resource_version = object.resource_version},
                type == "Warning" ? events::EventType::warning : events::EventType::normal,
                std::string(reason), "Reconcile", std::string(note));
}

void Manager::add(std::unique_ptr<Controller> controller) {
  for (const auto& existing : controllers_) {
    if (existing->name() == controller->name()) {
      throw Exception(Errc::invalid_argument, "two controllers are called \"" + controller->name() +
                                                  "\"; give one of them another name with named()");
    }
  }
  controller->watch_sources();
  controllers_.push_back(std::move(controller));
}

void Manager::add(Runnable runnable) { runnables_.push_back(std::move(runnable)); }

void Manager::add_healthz_check(std::string name, health::Check check) {
  healthz_.add(std::move(name), std::move(check));
}
void Manager::add_readyz_check(std::string name, health::Check check) {
  readyz_.add(std::move(name), std::move(check));
}

bool Manager::is_leader() const { return !elector_ || elector_->is_leader(); }

void Manager::stop() {
  boost::asio::post(environment_.io(), [this] { stop_requested_.set(); });
}

void Manager::fail(std::string_view what, const std::exception_ptr& failure) {
  log_.error("Stopping because a part failed",
             {{"part", what}, {"error", describe(failure).message}});
  exit_code_ = 1;
  stop_requested_.set();
}

void Manager::start_servers() {
  servers_ = std::make_unique<Servers>(environment_);
  if (!turned_off(options_.health_probe_bind_address)) {
    const auto at = parse_endpoint(options_.health_probe_bind_address).value();
    auto listener =
        environment_.network(environment_.lease()).listen(environment_.lease(), at).value();
    auto handler = [this](http::Request request, http::Peer, http::Responder& responder) {
      return responder.send(health::respond(request, healthz_, readyz_));
    };
    servers_->health = std::make_unique<http::Server>(environment_, environment_.lease(),
                                                      std::move(listener), std::move(handler));
    servers_->lease_group.spawn("health server", servers_->health->run());
    log_.info("Serving health probes",
              {{"address", to_string(servers_->health->local_endpoint())}});
  }
  if (!turned_off(options_.metrics_bind_address)) {
    const auto at = parse_endpoint(options_.metrics_bind_address).value();
    auto listener = environment_.network(environment_.io()).listen(environment_.io(), at).value();
    auto handler = [this](http::Request request, http::Peer, http::Responder& responder) {
      return responder.send(metrics_->respond(request));
    };
    http::ServerOptions server_options;
    if (options_.metrics_secure) server_options.tls = self_signed(environment_);
    servers_->metrics = std::make_unique<http::Server>(
        environment_, environment_.io(), std::move(listener), std::move(handler), server_options);
    servers_->io_group.spawn("metrics server", servers_->metrics->run());
    log_.info("Serving metrics", {{"address", to_string(servers_->metrics->local_endpoint())},
                                  {"secure", options_.metrics_secure}});
  }
}

Task<int> Manager::run() {
  log_.info("Starting manager", {{"operator", operator_name(options_)},
                                 {"version", WINDLASS_VERSION},
                                 {"leaderElection", elector_ != nullptr},
                                 {"server", to_string(config_.server)}});
  start_servers();
  supervision_.spawn("signals", wait_for_signal());
  supervision_.spawn("start", start_up());
  std::exception_ptr interrupted;
  try {
    co_await stop_requested_.wait();
  } catch (...) {
    interrupted = std::current_exception();
  }
  if (interrupted) std::rethrow_exception(interrupted);
  co_await shut_down();
  log_.info("Stopped", {{"exitCode", exit_code_}});
  log_.flush();
  co_return exit_code_;
}

Task<void> Manager::wait_for_signal() {
  const int number = co_await environment_.next_signal();
  log_.info("Received a signal, stopping", {{"signal", number}});
  stop_requested_.set();
}

Task<void> Manager::start_up() {
  caches_.spawn("caches", cache_->run());
  co_await cache_->wait_for_sync();
  start_group(others_, false);
  if (!elector_) {
    start_group(leaders_, true);
    co_return;
  }
  elector_->start_watchdog();
  election_.spawn("leader election", elect());
  co_await elector_->wait_elected();
  log_.info("Starting all operators",
            {{"holderIdentity", elector_->identity()}, {"controllers", controllers_.size()}});
  start_group(leaders_, true);
}

Task<void> Manager::elect() {
  const auto outcome = co_await elector_->run();
  if (outcome == leader_election::Outcome::lost) environment_.terminate(1);
}

void Manager::start_group(TaskGroup& group, bool leader_only) {
  for (const auto& runnable : runnables_) {
    if (runnable.needs_leader_election == leader_only) group.spawn(runnable.name, runnable.run());
  }
  for (const auto& controller : controllers_) {
    if (controller->options().needs_leader_election == leader_only) {
      group.spawn("controller " + controller->name(), controller->run());
    }
  }
}

Task<void> Manager::stop_work(std::shared_ptr<Event> stopped) {
  co_await leaders_.stop();
  co_await others_.stop();
  stopped->set();
}

Task<void> Manager::shut_down() {
  co_await supervision_.stop();
  // not with_timeout around the tasks themselves: what ignores a cancellation ignores that one too
  TaskGroup stopping(environment_.io());
  const auto stopped = std::make_shared<Event>(environment_.io());
  stopping.spawn("stop", stop_work(stopped));
  auto limited = with_timeout(environment_.clock(), options_.graceful_shutdown_timeout,
                              "stopping the controllers", stopped->wait());
  std::exception_ptr failure;
  try {
    co_await std::move(limited);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    std::string names;
    for (const auto* group : {&leaders_, &others_}) {
      for (const auto& name : group->running()) names += (names.empty() ? "" : ", ") + name;
    }
    log_.error("Work does not stop; ending without releasing the lease",
               {{"running", names}, {"error", describe(failure).message}});
    environment_.terminate(1);
  }
  if (elector_) {
    elector_->stop();
    co_await election_.join();
  }
  co_await events_.stop(2s);
  co_await caches_.stop();
  if (servers_->metrics) co_await servers_->metrics->stop(100ms);
  co_await servers_->io_group.stop();
  auto stop_probes = [](Servers* servers) -> Task<void> {
    if (servers->health) co_await servers->health->stop(100ms);
    co_await servers->lease_group.stop();
  }(servers_.get());
  co_await run_on(environment_.lease(), std::move(stop_probes));
}

}  // namespace windlass::inline v0
