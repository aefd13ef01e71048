// The rules that every operator has to keep.

#include <algorithm>

#include "world.hpp"

namespace windlass::inline v0::testing {
namespace {

/// Reconciles of one key, and requests of one replica, that cannot be called a loop yet.
constexpr std::size_t kStartsIn10s = 100;
constexpr std::size_t kRequestsIn60s = 1500;
constexpr auto kQuietTime = 60s;
/// No object ever has it: who applies with this version creates, and knows no UID.
constexpr std::string_view kNoVersion = "1";

std::string name_of(const std::string& collection, const meta::ObjectKey& key) {
  return collection.substr(collection.find('/') + 1) + " " + key.to_string();
}

void forget_before(std::deque<Duration>& times, Duration limit) {
  while (!times.empty() && times.front() < limit) times.pop_front();
}

Task<Action> watched(controller::ReconcileFunction inner, Context context,
                     SimulatedCluster::Impl* world, std::shared_ptr<ReconcileLog> log,
                     std::string controller, std::string process, int replica, Manager* manager) {
  const auto key = context.request();
  auto& entry = log->controllers[controller][key];
  const auto now = world->sim.now();
  if (entry.running > 0 && world->checks(rules::kOneAtATime)) {
    world->broken(rules::kOneAtATime, controller + " " + key.to_string() +
                                          " is being reconciled by " + process +
                                          " already, since " + format_duration(entry.last_start));
  }
  if (!manager->cache().has_synced() && world->checks(rules::kSynced)) {
    world->broken(rules::kSynced,
                  process + " reconciles " + key.to_string() + " before its caches have synced");
  }
  ++entry.running;
  entry.last_start = now;
  entry.failed_at = Duration(-1);
  entry.starts.push_back(now);
  forget_before(entry.starts, now - 10s);
  const auto recent = static_cast<std::size_t>(std::count_if(
      world->changes.begin(), world->changes.end(), [&](Duration at) { return at > now - 10s; }));
  if (entry.starts.size() > kStartsIn10s + 4 * recent && world->checks(rules::kHotLoop)) {
    world->broken(rules::kHotLoop, process + " reconciled " + controller + " " + key.to_string() +
                                       " " + std::to_string(entry.starts.size()) + " times in 10s");
  }
  std::exception_ptr failure;
  Action action;
  const auto memory = world->chance_in(Fault::Kind::allocation, replica);
  try {
    if (memory && *memory < 0.5) throw std::bad_alloc();
    auto reconciling = inner(std::move(context));
    action = co_await std::move(reconciling);
    if (memory) throw std::bad_alloc();  // with all its work done
  } catch (...) {
    failure = std::current_exception();
  }
  --entry.running;
  std::string outcome = "done";
  if (failure) {
    const bool cancelled = is_cancellation(failure);
    bool terminal = false;
    try {
      std::rethrow_exception(failure);
    } catch (const TerminalError&) {
      terminal = true;
    } catch (...) {
    }
    outcome = cancelled ? "cancelled" : windlass::describe(failure).message;
    ++entry.failures;
    if (!terminal && !cancelled) entry.failed_at = world->sim.now();
  } else {
    entry.failures = 0;
  }
  world->note(TraceEvent::Kind::reconcile, process,
              controller + " " + key.to_string() + ": " + outcome);
  if (failure) std::rethrow_exception(failure);
  co_return action;
}

}  // namespace

bool SimulatedCluster::Impl::checks(const char* rule) const {
  if (violation || skipped.contains(rule)) return false;
  const bool basic = rule == rules::kOneGate || rule == rules::kOneAtATime ||
                     rule == rules::kFenced || rule == rules::kBackoff;
  if (faulty && rates.broken_watches && !basic) return false;
  if (rates.wild_clocks && (rule == rules::kOneGate || rule == rules::kLeaders)) return false;
  return true;
}

void SimulatedCluster::Impl::broken(const char* rule, const std::string& what) {
  if (violation) return;
  note(TraceEvent::Kind::check, "cluster", std::string("VIOLATION of \"") + rule + "\": " + what);
  violation.emplace(rule, what);
}

void SimulatedCluster::Impl::watch_reconciles(Replica& replica, int index) {
  auto* manager = replica.manager.lock()->get();
  for (const auto& controller : manager->controllers()) {
    const auto around = [this, log = replica.reconciles, name = controller->name(),
                         process = replica.process->name(), index,
                         manager](controller::ReconcileFunction inner) {
      return controller::ReconcileFunction(
          [this, log, name, process, index, manager, inner = std::move(inner)](Context context) {
            return watched(inner, std::move(context), this, log, name, process, index, manager);
          });
    };
    controller->intercept(around);
  }
}

void SimulatedCluster::Impl::check_gates() {
  int open = -1;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    auto* running = manager(static_cast<int>(i));
    if (running == nullptr || running->elector() == nullptr) continue;
    if (!running->elector()->open_until()) continue;
    if (open >= 0 && checks(rules::kOneGate)) {
      broken(rules::kOneGate, replicas[static_cast<std::size_t>(open)].process->name() + " and " +
                                  replicas[i].process->name() + " may both write now");
    }
    open = static_cast<int>(i);
  }
}

void SimulatedCluster::Impl::check_request_rate(Replica& replica) {
  const auto now = sim.now();
  replica.requests.push_back(now);
  forget_before(replica.requests, now - 60s);
  forget_before(changes, now - 60s);
  if (replica.requests.size() > kRequestsIn60s + 20 * changes.size() && checks(rules::kHotLoop)) {
    broken(rules::kHotLoop, replica.process->name() + " sent " +
                                std::to_string(replica.requests.size()) +
                                " requests in a minute, in which " +
                                std::to_string(changes.size()) + " objects changed");
  }
}

void SimulatedCluster::Impl::check_write(const Sender& from, const Asked& asked,
                                         const http::Request& request) {
  if (asked.is_lease() || asked.is_event()) return;
  if (asked.collection.starts_with("authentication") ||
      asked.collection.starts_with("authorization"))
    return;
  const auto& replica = replicas[static_cast<std::size_t>(from.replica)];
  if (replica.life == from.life && replica.epoch == 0 && checks(rules::kLeaders)) {
    return broken(rules::kLeaders,
                  from.name + " never led and sends " + request.method + " " + request.target);
  }
  const bool evicts = asked.verb == "create" && asked.subresource == "eviction";
  if ((asked.verb == "create" && !evicts) || !checks(rules::kFenced)) return;
  const auto body = json::parse(request.body);
  const json::Value none;
  const auto& document = body ? *body : none;
  const auto& place = evicts                   ? document["deleteOptions"]["preconditions"]
                      : asked.verb == "delete" ? document["preconditions"]
                                               : document["metadata"];
  const auto version = place["resourceVersion"].string_or("");
  const bool fenced = !version.empty();
  const bool known = version == kNoVersion || !place["uid"].string_or("").empty();
  if (fenced && known) return;
  broken(rules::kFenced,
         from.name + " sends " + request.method + " " + request.target + " without " +
             (fenced ? "the UID" : "the resourceVersion") +
             " that it was decided on: it would overwrite what a newer leader wrote");
}

void SimulatedCluster::Impl::check_epoch(const std::string& collection, const meta::ObjectKey& key,
                                         Known& known, bool removed) {
  if (sender == nullptr || sender->replica < 0) return;
  const auto& replica = replicas[static_cast<std::size_t>(sender->replica)];
  if (replica.life != sender->life) return;  // its epoch went with it; older than all that follow
  const auto epoch = replica.epoch;
  if (epoch < known.epoch && checks(rules::kEpochs)) {
    broken(rules::kEpochs, sender->name + " (epoch " + std::to_string(epoch) + ") overwrites " +
                               name_of(collection, key) + ", which " + known.epoch_writer +
                               " (epoch " + std::to_string(known.epoch) + ") has written");
  }
  known.epoch = removed ? 0 : epoch;
  known.epoch_writer = sender->name;
}

bool SimulatedCluster::Impl::is_watched(const meta::ObjectKey& key) const {
  const auto& namespaces = manager_options.namespaces;
  return namespaces.empty() || key.namespace_.empty() ||
         std::find(namespaces.begin(), namespaces.end(), key.namespace_) != namespaces.end();
}

bool SimulatedCluster::Impl::differs_from_server(const cache::Kind& kind,
                                                 const meta::ObjectKey& key, const void* cached) {
  const auto answer = direct("cluster", "GET", path_of(kind.resource, key), "");
  const auto held = kind.decode(answer.body);
  return !held || kind.to_value(held->get()) != kind.to_value(cached);
}

void SimulatedCluster::Impl::check_caches(bool at_rest) {
  if (!checks(rules::kCache) && !checks(rules::kCurrent)) return;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    auto* running = manager(static_cast<int>(i));
    if (running == nullptr) continue;
    auto& replica = replicas[i];
    for (const auto* informer : running->cache().informers()) {
      const auto& kind = informer->store().kind();
      const auto collection = collection_of(kind.resource);
      auto& present = objects[collection];
      std::size_t count = 0;
      for (const auto& key : informer->store().keys()) {
        const auto version = informer->store().version(key).value();
        const auto revision = std::strtoull(version.c_str(), nullptr, 10);
        const auto known = present.find(key);
        const bool was =
            known != present.end() && std::binary_search(known->second.history.begin(),
                                                         known->second.history.end(), revision);
        const auto where = [&] {
          return replica.process->name() + "'s cache of " + name_of(collection, key);
        };
        if (!was && checks(rules::kCache))
          return broken(rules::kCache,
                        where() + " holds version " + version + ", which the server never had");
        auto& newest = replica.seen[collection + " " + key.to_string()];
        if (revision < newest && checks(rules::kCache)) {
          return broken(rules::kCache, where() + " went back from version " +
                                           std::to_string(newest) + " to " +
                                           std::to_string(revision));
        }
        newest = std::max<std::uint64_t>(newest, revision);
        ++count;
        const bool exists = known != present.end() && known->second.exists;
        if (at_rest && (!exists || known->second.revision != revision) && checks(rules::kCurrent)) {
          return broken(rules::kCurrent,
                        where() + " holds version " + version + ", the server " +
                            (exists ? std::to_string(known->second.revision) : "nothing"));
        }
        if (at_rest && checks(rules::kCurrent) &&
            differs_from_server(kind, key, informer->store().get(key).get())) {
          return broken(rules::kCurrent, where() + " holds other content than the server does at " +
                                             "version " + version);
        }
      }
      if (!at_rest || !checks(rules::kCurrent)) continue;
      const auto alive = std::count_if(present.begin(), present.end(), [this](const auto& e) {
        return e.second.exists && is_watched(e.first);
      });
      if (static_cast<std::size_t>(alive) != count) {
        return broken(rules::kCurrent, replica.process->name() + "'s cache holds " +
                                           std::to_string(count) + " " +
                                           std::string(kind.resource.plural) + ", the server " +
                                           std::to_string(alive));
      }
    }
  }
}

void SimulatedCluster::Impl::check_backoff() {
  if (!checks(rules::kBackoff)) return;
  const int leads = leader();
  if (leads < 0) return;
  auto& replica = replicas[static_cast<std::size_t>(leads)];
  for (const auto& controller : manager(leads)->controllers()) {
    const auto limit = controller->options().max_delay + controller->options().max_delay / 10 + 60s;
    for (const auto& [key, entry] : replica.reconciles->controllers[controller->name()]) {
      if (entry.failed_at < Duration::zero() || sim.now() - entry.failed_at < limit) continue;
      return broken(rules::kBackoff, controller->name() + " " + key.to_string() + " failed " +
                                         format_duration(sim.now() - entry.failed_at) +
                                         " ago and was not tried again");
    }
  }
}

void SimulatedCluster::Impl::check_reconciled() {
  const int leads = leader();
  if (leads < 0) return;
  auto& replica = replicas[static_cast<std::size_t>(leads)];
  for (const auto& controller : manager(leads)->controllers()) {
    if (controller->filters_primary()) continue;
    const auto collection = collection_of(controller->primary());
    auto& log = replica.reconciles->controllers[controller->name()];
    for (const auto& [key, known] : objects[collection]) {
      if (!known.exists || !is_watched(key)) continue;
      const auto entry = log.find(key);
      const auto last = entry == log.end() ? Duration(-1) : entry->second.last_start;
      if (last < known.changed && checks(rules::kReconciled)) {
        return broken(rules::kReconciled,
                      name_of(collection, key) + " changed at " + format_duration(known.changed) +
                          " (version " + std::to_string(known.revision) + ", by " +
                          known.changed_by + ") and " + replica.process->name() +
                          " reconciled it " +
                          (last < Duration::zero() ? "never" : "last at " + format_duration(last)));
      }
      if (entry != log.end() && entry->second.failures > 0 && checks(rules::kConverges)) {
        return broken(rules::kConverges, name_of(collection, key) + " still fails");
      }
    }
  }
}

/// Which cache of a process is not what the server has; empty: none.
std::string SimulatedCluster::Impl::not_current(const std::string& name, Manager& running) const {
  auto& cache = running.cache();
  if (!cache.has_synced()) return "the caches of " + name + " have not synced";
  for (const auto* informer : cache.informers()) {
    const auto found = objects.find(collection_of(informer->store().kind().resource));
    std::size_t alive = 0;
    if (found != objects.end()) {
      for (const auto& [key, known] : found->second) {
        if (!known.exists || !informer->covers(key)) continue;
        ++alive;
        if (informer->store().version(key) != std::to_string(known.revision)) {
          return name + "'s cache of " + name_of(found->first, key) + " is not current";
        }
      }
    }
    if (informer->store().size() != alive) {
      return name + "'s cache of " + std::string(informer->store().kind().resource.plural) +
             " is not current";
    }
  }
  return {};
}

std::string SimulatedCluster::Impl::unrest() const {
  for (const auto& replica : replicas) {
    if (!replica.process->alive()) return replica.process->name() + " is down";
  }
  if (!replicas.empty() && manager_options.leader_election.value_or(true) && leader() < 0)
    return "nobody leads";
  if (sim.now() - last_change < kQuietTime) return "the last change was " + last_change_text;
  if (const int leads = leader(); leads >= 0) {
    for (const auto& [controller, keys] :
         replicas[static_cast<std::size_t>(leads)].reconciles->controllers) {
      for (const auto& [key, entry] : keys) {
        if (entry.running > 0) {
          return controller + " " + key.to_string() + " is being reconciled since " +
                 format_duration(entry.last_start);
        }
        if (entry.failed_at < Duration::zero()) continue;
        return controller + " " + key.to_string() + " failed at " +
               format_duration(entry.failed_at) + " and was not tried again";
      }
    }
  }
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    auto* running = manager(static_cast<int>(i));
    if (running == nullptr) return replicas[i].process->name() + " is starting";
    if (auto why = not_current(replicas[i].process->name(), *running); !why.empty()) return why;
  }
  if (const auto running = workload_manager.lock()) return not_current("controllers", *running);
  return {};
}

}  // namespace windlass::inline v0::testing
