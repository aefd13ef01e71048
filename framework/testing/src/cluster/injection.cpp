// Faults that were drawn, done.

#include <signal.h>

#include "world.hpp"

namespace windlass::inline v0::testing {

void SimulatedCluster::Impl::after(Duration delay, std::function<void()> action) {
  const auto mine = generation;
  sim.after(delay, [this, mine, action = std::move(action)] {
    if (mine == generation) action();
  });
}

void SimulatedCluster::Impl::draw(Duration until) {
  if (!faulty) return;
  const auto fresh = draw_faults(rates, plan, sim.now(), until, static_cast<int>(replicas.size()),
                                 servers->count());
  for (const auto& fault : fresh) {
    const auto number = drawn.size();
    drawn.push_back(fault);
    if (options.only_faults && !options.only_faults->contains(number)) continue;
    after(fault.at - sim.now(), [this, number] { strike(number); });
  }
}

void SimulatedCluster::Impl::strike(std::size_t number) {
  const Fault fault = drawn[number];
  auto& process = *replicas[static_cast<std::size_t>(fault.replica)].process;
  note(TraceEvent::Kind::fault, process.name(),
       "#" + std::to_string(number) + " " + describe(fault));
  std::vector<SimulatedProcess*> targets;
  for (int i = 0; i < servers->count(); ++i) {
    if (fault.server < 0 || fault.server == i) targets.push_back(&servers->process(i));
  }
  switch (fault.kind) {
    case Fault::Kind::crash:
      process.crash_after(fault.seed % 40);
      // one that does nothing any more is killed where it waits
      after(1s, [this, index = fault.replica,
                 life = replicas[static_cast<std::size_t>(fault.replica)].life] {
        auto& replica = replicas[static_cast<std::size_t>(index)];
        if (replica.life == life && replica.process->alive()) replica.process->crash();
      });
      return;
    case Fault::Kind::stop:
      return process.send_signal(SIGTERM);
    case Fault::Kind::pause:
      return process.pause(fault.lasts);
    case Fault::Kind::pause_before_sending:
      return process.pause_before_sending(fault.lasts);
    case Fault::Kind::clock:
      process.set_clock_rate(fault.amount);
      process.set_wall_offset(fault.offset);
      after(fault.lasts, [&process] { process.set_clock_rate(1); });
      return;
    case Fault::Kind::drop:
      for (auto* server : targets) sim.cut(process, *server);
      return;
    case Fault::Kind::refuse:
      for (auto* server : targets) {
        sim.refuse(*server, true);
        after(fault.lasts, [this, server] { sim.refuse(*server, false); });
      }
      return;
    case Fault::Kind::partition:
      for (auto* server : targets) {
        if (fault.way != 2) sim.block(process, *server);
        if (fault.way != 1) sim.block(*server, process);
        after(fault.lasts, [this, &process, server] { sim.heal(process, *server); });
      }
      return;
    case Fault::Kind::slow:
    case Fault::Kind::trickle: {
      const bool trickles = fault.kind == Fault::Kind::trickle;
      const auto longest =
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(fault.amount));
      const auto low = trickles ? Duration(1ms) : fault.offset;
      const auto high = trickles ? Duration(50ms) : std::max(longest, fault.offset + 1ms);
      for (auto* server : targets) {
        if (fault.way != 2) sim.set_link(process, *server, low, high, trickles ? 64 : 0);
        if (fault.way != 1) sim.set_link(*server, process, low, high, trickles ? 64 : 0);
        after(fault.lasts, [this, &process, server] {
          sim.set_link(process, *server, {}, {});
          sim.set_link(*server, process, {}, {});
        });
      }
      return;
    }
    case Fault::Kind::truncate:
    case Fault::Kind::garble: {
      const auto damage = fault.kind == Fault::Kind::garble ? Damage::garble : Damage::truncate;
      for (auto* server : targets) {
        if (fault.way == 1) sim.damage(process, *server, damage);
        if (fault.way == 2) sim.damage(*server, process, damage);
      }
      return;
    }
    case Fault::Kind::stall:
      return process.stall(fault.lasts);
    case Fault::Kind::lost_reply:
    case Fault::Kind::error:
    case Fault::Kind::allocation:
    case Fault::Kind::webhook:
      windows.push_back({number, fault, SeededRandom(fault.seed)});
      after(fault.lasts, [this, number] {
        windows.remove_if([&](const Window& w) { return w.number == number; });
      });
      return;
    case Fault::Kind::stale_reads:
      servers->freeze(fault.server, core.revision());
      after(fault.lasts, [this, server = fault.server] { servers->thaw(server); });
      return;
    case Fault::Kind::compaction:
      return core.compact();
    case Fault::Kind::server_restart: {
      auto& server = servers->process(fault.server);
      server.crash();
      after(fault.lasts, [&server] {
        if (!server.alive()) server.restart();
      });
      return;
    }
    case Fault::Kind::token_rotation:
      for (auto& replica : replicas) {
        const auto old = replica.process->files()[kTokenFile];
        issue_token(replica);
        after(fault.lasts, [this, old] { tokens.erase(old); });
      }
      return;
    case Fault::Kind::token_expiry:
      for (auto& replica : replicas) tokens.erase(replica.process->files()[kTokenFile]);
      after(fault.lasts, [this] { replace_expired_tokens(); });
      return;
    case Fault::Kind::certificates:
      servers->rotate_certificates();
      after(fault.lasts, [this] { servers->show_new_certificates(); });
      return;
    case Fault::Kind::container_crash:
      return kubelet->crash_container(fault.seed);
    case Fault::Kind::eviction:
      return kubelet->evict(fault.seed);
    case Fault::Kind::node_loss:
      return kubelet->lose_node(fault.seed, fault.lasts);
  }
}

void SimulatedCluster::Impl::issue_token(Replica& replica) {
  const auto token = replica.process->name() + "/" + std::to_string(replica.life) + "/" +
                     std::to_string(++tokens_issued);
  tokens[token] = {static_cast<int>(&replica - replicas.data()), replica.life,
                   replica.process->name()};
  replica.process->files()[kTokenFile] = token;
}

void SimulatedCluster::Impl::replace_expired_tokens() {
  for (auto& replica : replicas) {
    if (!tokens.contains(replica.process->files()[kTokenFile])) issue_token(replica);
  }
}

std::optional<double> SimulatedCluster::Impl::chance_in(Fault::Kind kind, int replica) {
  for (auto& window : windows) {
    const auto& fault = window.fault;
    const bool everywhere = kind == Fault::Kind::webhook;
    if (fault.kind != kind || (!everywhere && fault.replica != replica)) continue;
    if (window.random.uniform() < fault.amount) return window.random.uniform();
  }
  return std::nullopt;
}

void SimulatedCluster::Impl::heal() {
  ++generation;
  faulty = false;
  note(TraceEvent::Kind::fault, "cluster", "all faults end");
  last_change = sim.now();  // what they held back comes now
  last_change_text = "the end of the faults";
  sim.heal();
  windows.clear();
  replace_expired_tokens();
  servers->show_new_certificates();
  servers->thaw_all();
  if (rates.broken_watches) servers->expire_watches();  // what was lost is found by a list only
  for (int i = 0; i < servers->count(); ++i) {
    auto& server = servers->process(i);
    sim.refuse(server, false);
    if (!server.alive()) server.restart();
  }
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    auto& process = *replicas[i].process;
    process.call_off();
    process.resume();
    process.set_clock_rate(1);
    process.set_wall_offset({});
    if (!process.alive()) {
      replicas[i].restart_due = false;
      restart_later(static_cast<int>(i), 100ms);
    }
  }
  kubelet->heal();
}

}  // namespace windlass::inline v0::testing
