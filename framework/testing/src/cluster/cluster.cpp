#include <fstream>
#include <sstream>

#include <signal.h>

#include <windlass/client/api_error.hpp>
#include <windlass/codegen/yaml.hpp>
#include <windlass/testing/workloads.hpp>

#include "world.hpp"

namespace windlass::inline v0::testing {
namespace {

constexpr auto kScanInterval = 10s;

SimulationOptions simulation_options(const ClusterOptions& options) {
  SimulationOptions made;
  made.seed = options.seed;
  made.log_level = options.log_level;
  made.strict_blocking = true;
  return made;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

/// Removes what differs between runs by nature.
void normalize(json::Value& value, const std::set<std::string, std::less<>>& ignored) {
  if (value.is_array()) {
    for (auto& element : value.as_array()) normalize(element, ignored);
  } else if (value.is_string()) {
    auto& text = value.as_string();
    const bool uuid = text.size() == 36 && text[8] == '-' && text[13] == '-';
    if (uuid) text = "<uuid>";
  } else if (value.is_object()) {
    auto& object = value.as_object();
    const bool secret = std::as_const(value)["kind"].string_or("") == "Secret";
    for (auto member = object.begin(); member != object.end();) {
      if (ignored.contains(member->key)) {
        member = object.erase(member);
        continue;
      }
      if (secret && member->key == "data") {
        for (auto& entry : member->value.as_object()) entry.value = "<data>";
      }
      normalize(member->value, ignored);
      ++member;
    }
  }
}

}  // namespace

SimulatedCluster::Impl::Impl(ClusterOptions o)
    : options(std::move(o)),
      sim(simulation_options(options)),
      store(sim.process("store")),
      core(store),
      plan(options.seed * 1'000'003 + 11) {
  seed_openssl(options.seed);
  sim.on_log([this](const LogRecord& record) {
    trace.add({record.at, TraceEvent::Kind::log, record.process, record.text});
    constexpr std::string_view kNoModel = "\" has no model in this simulation";
    const auto at = record.text.find(kNoModel);
    if (at == std::string::npos) return;
    const auto begin = record.text.rfind('"', at - 1);
    broken("models", "no model for blocking(\"" + record.text.substr(begin + 1, at - begin - 1) +
                         "\"): register one with sim.blocking");
  });
  core.observe([this](const api_server::Observation& observation) { observe(observation); });
  servers = std::make_unique<ApiServers>(*this, options.servers);
  kubelet = std::make_unique<Kubelet>(*this);
  json::Value operators;
  operators["apiVersion"] = "v1";
  operators["kind"] = "Namespace";
  operators["metadata"]["name"] = kLeaseNamespace;
  writer = "setup";
  core.seed({operators});
  if (options.workloads) {
    tokens["controllers"] = {-1, 0, "controllers"};
    auto& process = sim.process("controllers");
    process.files()[kTokenFile] = "controllers";
    process.start([this](SimulatedProcess& self) { return control(self, this); });
  }
}

SimulatedCluster::Impl::~Impl() {
  core.observe({});
  sim.on_log({});
  // what their coroutines hold lives here
  stopping = true;
  for (auto& replica : replicas) replica.process->crash();
  sim.process("controllers").crash();
  for (int i = 0; i < servers->count(); ++i) servers->process(i).crash();
  if (webhooks) sim.process("webhooks").crash();
  restore_openssl();
}

void SimulatedCluster::Impl::note(TraceEvent::Kind kind, std::string process, std::string text) {
  trace.add({sim.now(), kind, std::move(process), std::move(text)});
}

client::Config SimulatedCluster::Impl::config_of(SimulatedProcess& process) const {
  client::Config config;
  config.server = {"api", 6443};
  config.bearer_token_file = kTokenFile;
  if (servers->tls()) {
    config.ca_file = kAuthorityFile;
    config.tls = http::TlsClientOptions{.ca_pem = process.files()[kAuthorityFile]};
  }
  config.namespace_ = kLeaseNamespace;
  return config;
}

Manager* SimulatedCluster::Impl::manager(int index) const {
  const auto& replica = replicas[static_cast<std::size_t>(index)];
  const auto slot = replica.manager.lock();
  return replica.process->alive() && slot ? slot->get() : nullptr;
}

int SimulatedCluster::Impl::leader() const {
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    const auto* running = manager(static_cast<int>(i));
    if (running == nullptr) continue;
    if (running->elector() == nullptr || running->elector()->open_until())
      return static_cast<int>(i);
  }
  return -1;
}

// Processes
// -----------------------------------------------------------------------------------------

Task<void> SimulatedCluster::Impl::control(SimulatedProcess& self, Impl* world) {
  ManagerOptions options;
  options.operator_name = "controllers";
  options.leader_election = false;
  options.health_probe_bind_address = "0";
  auto manager = std::make_shared<Manager>(self, world->config_of(self), options);
  self.keep(manager);
  world->workload_manager = manager;
  add_workload_controllers(*manager);
  auto running = manager->run();
  co_await std::move(running);
}

void SimulatedCluster::Impl::begin_life(int index) {
  auto& replica = replicas[static_cast<std::size_t>(index)];
  ++replica.life;
  replica.epoch = 0;
  replica.restart_due = false;
  replica.seen.clear();
  replica.requests.clear();
  replica.reconciles = std::make_shared<ReconcileLog>();
  auto& process = *replica.process;
  issue_token(replica);
  note(TraceEvent::Kind::process, process.name(), "starts, life " + std::to_string(replica.life));
}

Task<void> SimulatedCluster::Impl::operate(SimulatedProcess& self, Impl* world, int index) {
  world->begin_life(index);
  auto& replica = world->replicas[static_cast<std::size_t>(index)];
  auto options = world->manager_options;
  auto slot = std::make_shared<std::unique_ptr<Manager>>(
      std::make_unique<Manager>(self, world->config_of(self), options));
  self.keep(slot);
  replica.manager = slot;
  world->setup(**slot);
  world->watch_reconciles(replica, index);
  auto running = (*slot)->run();
  const int code = co_await std::move(running);
  slot->reset();
  co_await yield();
  const auto held = self.held();
  if (held != Held{}) {
    replica.left_behind = std::to_string(held.timers) + " timers, " +
                          std::to_string(held.connections) + " connections, " +
                          std::to_string(held.listeners) + " listeners";
  }
  self.terminate(code);
}

void SimulatedCluster::Impl::restart_later(int index, Duration delay) {
  auto& replica = replicas[static_cast<std::size_t>(index)];
  if (replica.restart_due) return;
  replica.restart_due = true;
  sim.after(delay, [this, index, life = replica.life] {
    auto& dead = replicas[static_cast<std::size_t>(index)];
    if (dead.life == life && !dead.process->alive() && !stopping) dead.process->restart();
  });
}

void SimulatedCluster::Impl::tick() {
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    auto& replica = replicas[i];
    if (replica.process->alive() || replica.restart_due) continue;
    const auto code = replica.process->exit_code().value_or(-1);
    note(TraceEvent::Kind::process, replica.process->name(),
         "has ended with code " + std::to_string(code));
    if (!stopping)
      restart_later(static_cast<int>(i),
                    Duration(200ms) + Duration(plan.between(0, 3'000'000'000)));
    replica.restart_due = true;
  }
  check_gates();
  for (auto& own : custom) {
    if (!std::exchange(own.due, false)) continue;
    const auto wrong = own.check();
    if (!wrong.empty() && checks(own.rule.c_str())) broken(own.rule.c_str(), wrong);
  }
  if (sim.now() >= next_scan) {
    next_scan = sim.now() + kScanInterval;
    check_caches(false);
    check_backoff();
  }
}

bool SimulatedCluster::Impl::run(const std::function<bool()>& condition, Duration until) {
  bool holds = false;
  sim.run_until(
      [&] {
        tick();
        if (violation) return true;
        holds = condition && condition();
        return holds;
      },
      std::max(until - sim.now(), Duration::zero()));
  if (violation) throw *violation;
  return holds;
}

// The store
// -----------------------------------------------------------------------------------------

void SimulatedCluster::Impl::observe(const api_server::Observation& observation) {
  const auto& object = observation.now != nullptr ? *observation.now : *observation.before;
  const meta::ObjectKey key{std::string(object["metadata"]["namespace"].string_or("")),
                            std::string(object["metadata"]["name"].string_or(""))};
  const auto& collection = observation.collection;
  const bool lease = collection == "coordination.k8s.io/leases";
  const bool event = collection == "/events" || collection == "events.k8s.io/events";
  for (auto& own : custom) own.due |= own.collection == collection;
  auto& known = objects[collection][key];
  const bool removed = observation.now == nullptr;
  // by the operator: what others make and delete is their affair
  const bool by_operator = sender != nullptr && sender->replica >= 0;
  if (by_operator && !known.exists && !removed) ++known.created;
  if (by_operator && removed) ++known.deleted;
  known.revision = observation.revision;
  known.changed = sim.now();
  known.changed_by = sender != nullptr ? sender->name : writer;
  known.exists = !removed;
  known.history.push_back(observation.revision);
  if (lease) {
    const auto holder = object["spec"]["holderIdentity"].string_or("");
    const auto before = observation.before != nullptr
                            ? (*observation.before)["spec"]["holderIdentity"].string_or("")
                            : std::string_view();
    if (holder != before || removed) {
      note(TraceEvent::Kind::lease, known.changed_by,
           removed          ? "the lease is deleted"
           : holder.empty() ? "the lease is free"
                            : "the lease is held by " + std::string(holder));
      if (sender != nullptr && sender->replica >= 0 && !holder.empty()) {
        auto& replica = replicas[static_cast<std::size_t>(sender->replica)];
        if (replica.life == sender->life) replica.epoch = observation.revision;
      }
    }
    return;
  }
  if (event) return;
  check_epoch(collection, key, known, removed);
  ++change_count;
  changes.push_back(sim.now());
  while (changes.front() < sim.now() - 60s) changes.pop_front();
  last_change = sim.now();
  for (auto& own : custom) own.due |= own.collection.empty();
  last_change_text = (removed                         ? "the deletion of "
                      : observation.before == nullptr ? "the creation of "
                                                      : "an update of ") +
                     collection.substr(collection.find('/') + 1) + " " + key.to_string() + " by " +
                     known.changed_by + " at " + format_duration(sim.now());
  note(TraceEvent::Kind::change, known.changed_by,
       (removed                         ? "- "
        : observation.before == nullptr ? "+ "
                                        : "~ ") +
           collection.substr(collection.find('/') + 1) + " " + key.to_string() + " " +
           std::to_string(observation.revision));
  if (quiet && checks(rules::kQuiet)) {
    quiet = false;
    if (sender != nullptr && sender->replica >= 0)
      broken(rules::kQuiet, last_change_text + ", though it was at rest");
  }
  const bool by_replica = sender != nullptr && sender->replica >= 0;
  const bool deletion =
      removed ||
      (observation.before != nullptr && observation.before->find("metadata") != nullptr &&
       (*observation.before)["metadata"].find("deletionTimestamp") == nullptr &&
       object["metadata"].find("deletionTimestamp") != nullptr);
  if (by_replica && deletion) {
    const auto count =
        ++opportunities_of[static_cast<int>(Perturbation::Kind::stale_before_delete)];
    const bool wanted = perturbation.kind == Perturbation::Kind::stale_before_delete;
    if (wanted && count == perturbation.number) travel_in_time(observation.revision - 1);
  }
  if (kubelet) kubelet->changed(collection, key);
}

/// All replicas start again, and see for a while what was so before a deletion.
void SimulatedCluster::Impl::travel_in_time(std::uint64_t revision) {
  sim.after(5s, [this, revision] {
    note(TraceEvent::Kind::fault, "cluster",
         "the servers show version " + std::to_string(revision) + ", all replicas start again");
    for (int i = 0; i < servers->count(); ++i) servers->freeze(i, revision);
    for (auto& replica : replicas) replica.process->crash();
  });
  sim.after(35s, [this] { servers->thaw_all(); });
}

http::Response SimulatedCluster::Impl::direct(const std::string& who, std::string method,
                                              std::string target, std::string body,
                                              std::string content_type) {
  http::Request request{.method = std::move(method),
                        .target = std::move(target),
                        .headers = {},
                        .body = std::move(body)};
  request.headers.set("Content-Type", content_type);
  request.headers.set("User-Agent", who);
  const auto before = std::exchange(writer, who);
  const auto* at_work = std::exchange(sender, nullptr);
  auto reply = core.handle_as_own(request);
  sender = at_work;
  writer = before;
  return std::move(reply.response);
}

// The public face
// -----------------------------------------------------------------------------------

SimulatedCluster::SimulatedCluster(ClusterOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {
  impl_->sim.run_for(50ms);
}
SimulatedCluster::~SimulatedCluster() = default;

void SimulatedCluster::install(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Exception(Errc::not_found, "cannot read " + path);
  std::stringstream text;
  text << in.rdbuf();
  auto documents = codegen::parse_yaml(path, text.str());
  if (!documents) throw Exception(documents.error());
  impl_->core.seed(*documents);
}

void SimulatedCluster::start_replicas(int count, Setup setup, ManagerOptions options) {
  auto& world = *impl_;
  if (options.operator_name.empty()) options.operator_name = "operator";
  if (options.leader_election_id.empty()) options.leader_election_id = options.operator_name;
  if (!options.leader_election) options.leader_election = true;
  options.health_probe_bind_address = "0";
  options.metrics_bind_address = "0";
  world.setup = std::move(setup);
  world.manager_options = std::move(options);
  world.replicas.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    auto& process = world.sim.process("replica-" + std::to_string(i));
    world.replicas[static_cast<std::size_t>(i)].process = &process;
    process.variables()["POD_NAME"] = process.name();
  }
  if (world.servers->tls()) world.servers->distribute_trust();
  for (int i = 0; i < count; ++i) {
    world.replicas[static_cast<std::size_t>(i)].process->start(
        [world = impl_.get(), i](SimulatedProcess& self) { return Impl::operate(self, world, i); });
  }
}

void SimulatedCluster::image(std::string name, PodModel model) {
  impl_->kubelet->model(std::move(name), std::move(model));
}
void SimulatedCluster::use_tls() {
  impl_->servers->use_tls();
  impl_->sim.run_for(50ms);
}
void SimulatedCluster::webhook(json::Value configuration, WebhookModel model) {
  auto& world = *impl_;
  if (!world.webhooks) world.webhooks = std::make_unique<Webhooks>(world);
  world.core.seed({world.webhooks->add(std::move(configuration), std::move(model))});
}
void SimulatedCluster::blocking(std::string name, BlockingModel model) {
  impl_->sim.set_blocking_model(std::move(name), std::move(model));
}

namespace {
std::string body_or_throw(const std::string& what, http::Response response) {
  if (response.status < 300) return std::move(response.body);
  auto status = json::decode<meta::Status>(response.body);
  if (!status) throw Exception(Errc::internal, what + ": " + response.body);
  throw client::ApiError(what, std::move(*status));
}
}  // namespace

std::string SimulatedCluster::put(const meta::Resource& resource, json::Value object) {
  auto& metadata = object["metadata"];
  if (resource.namespaced && std::as_const(metadata)["namespace"].string_or("").empty()) {
    metadata["namespace"] = "default";
  }
  object["apiVersion"] = resource.api_version();
  object["kind"] = resource.kind;
  const meta::ObjectKey key{std::string(std::as_const(metadata)["namespace"].string_or("")),
                            std::string(std::as_const(metadata)["name"].string_or(""))};
  const auto what = "apply " + std::string(resource.plural) + " " + key.to_string();
  const auto present = read(resource, key);
  if (!present) {
    return body_or_throw(
        what,
        impl_->direct("user", "POST", path_of(resource, {key.namespace_, {}}), json::dump(object)));
  }
  const auto now = json::parse(*present).value();
  metadata["resourceVersion"] = now["metadata"]["resourceVersion"];
  if (metadata.find("finalizers") == nullptr && now["metadata"].find("finalizers") != nullptr) {
    metadata["finalizers"] = now["metadata"]["finalizers"];
  }
  return body_or_throw(what,
                       impl_->direct("user", "PUT", path_of(resource, key), json::dump(object)));
}

std::string SimulatedCluster::merge(const meta::Resource& resource, const meta::ObjectKey& key,
                                    const json::Value& patch) {
  return body_or_throw("patch " + std::string(resource.plural) + " " + key.to_string(),
                       impl_->direct("user", "PATCH", path_of(resource, key), json::dump(patch),
                                     "application/merge-patch+json"));
}

std::optional<std::string> SimulatedCluster::read(const meta::Resource& resource,
                                                  const meta::ObjectKey& key) const {
  auto response = impl_->direct("user", "GET", path_of(resource, key), "");
  if (response.status == 404) return std::nullopt;
  return body_or_throw("get " + std::string(resource.plural) + " " + key.to_string(),
                       std::move(response));
}

std::vector<std::string> SimulatedCluster::read_all(const meta::Resource& resource) const {
  const auto list =
      json::parse(body_or_throw("list " + std::string(resource.plural),
                                impl_->direct("user", "GET", path_of(resource, {}), "")))
          .value();
  std::vector<std::string> texts;
  for (const auto& item : list["items"].as_array()) texts.push_back(json::dump(item));
  return texts;
}

bool SimulatedCluster::erase(const meta::Resource& resource, const meta::ObjectKey& key) {
  auto response = impl_->direct("user", "DELETE", path_of(resource, key), "");
  if (response.status == 404) return false;
  body_or_throw("delete " + std::string(resource.plural) + " " + key.to_string(),
                std::move(response));
  return true;
}

void SimulatedCluster::faults(const Faults& faults) {
  impl_->rates = faults;
  impl_->faulty = true;
}

void SimulatedCluster::run_for(Duration duration) {
  const auto until = impl_->sim.now() + duration;
  impl_->draw(until);
  impl_->run({}, until);
}

bool SimulatedCluster::run_until(const std::function<bool()>& condition, Duration limit) {
  auto& world = *impl_;
  const auto until = world.sim.now() + limit;
  world.draw(until);
  // the condition reads objects: asked when something may have changed
  std::uint64_t asked_at = ~std::uint64_t{0};
  Duration asked_when{-1};
  return world.run(
             [&] {
               if (world.change_count == asked_at && world.sim.now() - asked_when < 100ms)
                 return false;
               asked_at = world.change_count;
               asked_when = world.sim.now();
               return condition();
             },
             until) ||
         condition();
}

void SimulatedCluster::heal() { impl_->heal(); }

void SimulatedCluster::run_until_quiet(Duration limit, Duration quiet) {
  auto& world = *impl_;
  if (world.faulty)
    throw Exception(Errc::invalid_argument, "run_until_quiet: call heal() first: faults go on");
  const auto until = world.sim.now() + limit;
  Duration next{};
  const bool calm = world.run(
      [&] {
        if (world.sim.now() < next || world.sim.now() - world.last_change < 60s) return false;
        next = world.sim.now() + 1s;
        return world.unrest().empty();
      },
      until);
  if (!calm && world.checks(rules::kConverges)) {
    world.broken(rules::kConverges,
                 "not at rest " + format_duration(limit) + " after the faults: " + world.unrest());
    throw *world.violation;
  }
  world.check_caches(true);
  world.check_reconciled();
  world.quiet = true;
  world.quiet_at = world.change_count;
  world.run({}, world.sim.now() + quiet);
}

bool SimulatedCluster::converged() const {
  return impl_->quiet && impl_->quiet_at == impl_->change_count && !impl_->violation;
}

void SimulatedCluster::stop_replicas() {
  auto& world = *impl_;
  world.stopping = true;
  world.quiet = false;
  for (auto& replica : world.replicas) {
    if (!replica.process->alive()) continue;
    replica.process->send_signal(SIGTERM);
    const auto limit = world.sim.now() + 32s;
    const bool ended = world.run([&] { return !replica.process->alive(); }, limit);
    const auto& name = replica.process->name();
    if (!world.checks(rules::kRelease)) continue;
    if (!ended) world.broken(rules::kRelease, name + " still runs 32s after SIGTERM");
    if (ended && replica.process->exit_code() != 0) {
      world.broken(rules::kRelease, name + " ended with " +
                                        std::to_string(replica.process->exit_code().value_or(-1)));
    }
    if (!replica.left_behind.empty())
      world.broken(rules::kRelease, name + " left behind " + replica.left_behind);
  }
  const auto lease =
      world.direct("user", "GET",
                   "/apis/coordination.k8s.io/v1/namespaces/" + std::string(kLeaseNamespace) +
                       "/leases/" + world.manager_options.leader_election_id,
                   "");
  if (lease.status == 200 && world.checks(rules::kRelease)) {
    const auto document = json::parse(lease.body).value();
    const std::string holder(document["spec"]["holderIdentity"].string_or(""));
    if (!holder.empty()) world.broken(rules::kRelease, "the lease still names " + holder);
  }
  if (world.violation) throw *world.violation;
}

void SimulatedCluster::always(std::string rule, std::function<std::string()> check) {
  impl_->custom.push_back({std::move(rule), std::move(check), {}});
}
void SimulatedCluster::always_of(const meta::Resource& resource, std::string rule,
                                 std::function<std::string()> check) {
  impl_->custom.push_back({std::move(rule), std::move(check), collection_of(resource)});
}
void SimulatedCluster::skip(const char* rule) { impl_->skipped.insert(rule); }

const Trace& SimulatedCluster::trace() const { return impl_->trace; }
Duration SimulatedCluster::now() const { return impl_->sim.now(); }
std::uint64_t SimulatedCluster::seed() const { return impl_->options.seed; }
Random& SimulatedCluster::random() { return impl_->sim.random(); }
const std::vector<Fault>& SimulatedCluster::drawn_faults() const { return impl_->drawn; }
int SimulatedCluster::writes() const { return impl_->replica_writes; }

std::string SimulatedCluster::report(const std::string& problem) const {
  std::string text = "seed " + std::to_string(seed()) + ", " + format_duration(now()) +
                     " of virtual time: " + first_line(problem) + "\n\nThe last events:\n" +
                     impl_->trace.text(60);
  return text;
}

std::string SimulatedCluster::end_state() const {
  std::string text;
  for (const auto& [collection, objects] : impl_->objects) {
    if (collection == "coordination.k8s.io/leases" || collection == "/events" ||
        collection == "events.k8s.io/events")
      continue;
    for (const auto& [key, known] : objects) {
      // names made of UIDs
      const auto shown = key.name.starts_with("pvc-") ? "pvc-<uid>" : key.to_string();
      text += collection + " " + shown + ": made " + std::to_string(known.created) + ", deleted " +
              std::to_string(known.deleted);
      if (known.exists) {
        const auto group = collection.substr(0, collection.find('/'));
        // the version does not matter for reading: discovery says which is served
        const auto discovery =
            impl_->direct("user", "GET", group.empty() ? "/api/v1" : "/apis/" + group, "");
        std::string version = "v1";
        if (!group.empty()) {
          version =
              json::parse(discovery.body).value()["preferredVersion"]["version"].string_or("v1");
        }
        const auto path = path_of(
            {group, version, "", std::string_view(collection).substr(collection.find('/') + 1),
             !key.namespace_.empty()},
            key);
        const auto answer = impl_->direct("user", "GET", path, "");
        if (answer.status == 200) {
          auto value = json::parse(answer.body).value();
          if (key.name.starts_with("pvc-")) value = json::Value();
          normalize(value, impl_->ignored);
          text += " " + json::dump(value);
        }
      }
      text += "\n";
    }
  }
  return text;
}

void SimulatedCluster::ignore(std::string member) { impl_->ignored.insert(std::move(member)); }

void SimulatedCluster::perturb(Perturbation perturbation) {
  impl_->perturbation = perturbation;
  if (perturbation.kind == Perturbation::Kind::withhold)
    impl_->servers->withhold_one(perturbation.number);
}
int SimulatedCluster::opportunities(Perturbation::Kind kind) const {
  if (kind == Perturbation::Kind::withhold) return impl_->servers->notifications();
  return impl_->opportunities_of[static_cast<int>(kind)];
}

int SimulatedCluster::replicas() const { return static_cast<int>(impl_->replicas.size()); }
SimulatedProcess& SimulatedCluster::replica(int index) {
  return *impl_->replicas.at(static_cast<std::size_t>(index)).process;
}
Manager* SimulatedCluster::manager(int index) const { return impl_->manager(index); }
int SimulatedCluster::leader() const { return impl_->leader(); }
Simulation& SimulatedCluster::simulation() { return impl_->sim; }

}  // namespace windlass::inline v0::testing
