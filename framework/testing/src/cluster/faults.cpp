#include <algorithm>
#include <cmath>

#include <windlass/testing/faults.hpp>

namespace windlass::inline v0::testing {
namespace {

using namespace std::chrono_literals;
using Kind = Fault::Kind;

Duration drawn(Random& random, Duration low, Duration high) {
  return Duration(random.between(low.count(), high.count()));
}

/// Short ones more often than long ones.
Duration mostly_short(Random& random, Duration low, Duration high) {
  const double u = random.uniform();
  return low +
         Duration(static_cast<std::int64_t>(static_cast<double>((high - low).count()) * u * u));
}

template <class T, std::size_t N>
T one_of(Random& random, const T (&choices)[N]) {
  return choices[random.next() % N];
}

std::string replica_name(const Fault& fault) { return "replica-" + std::to_string(fault.replica); }
std::string server_name(const Fault& fault) {
  return fault.server < 0 ? "every API server" : "api-" + std::to_string(fault.server);
}

}  // namespace

Faults Faults::storm(std::uint64_t seed) {
  SeededRandom random(seed * 31 + 7);
  const auto armed = [&](double rate) {
    return random.uniform() < 0.5 ? rate * (0.3 + random.uniform()) : 0;
  };
  Faults faults;
  faults.crash = armed(0.02);
  faults.stop = armed(0.005);
  faults.pause = armed(0.02);
  faults.clock = armed(0.01);
  faults.drop = armed(0.03);
  faults.refuse = armed(0.005);
  faults.partition = armed(0.01);
  faults.slow = armed(0.01);
  faults.damage = armed(0.02);
  faults.lost_reply = armed(0.02);
  faults.error = armed(0.02);
  faults.stale_reads = armed(0.01);
  faults.compaction = armed(0.01);
  faults.server_restart = armed(0.005);
  faults.token_rotation = armed(0.005);
  faults.pod = armed(0.01);
  faults.stall = armed(0.005);
  faults.allocation = armed(0.01);
  faults.token_expiry = armed(0.002);
  faults.webhook = armed(0.01);
  faults.certificates = armed(0.002);
  return faults;
}

std::vector<Fault> draw_faults(const Faults& faults, Random& random, Duration from, Duration until,
                               int replicas, int servers) {
  std::vector<Fault> drawn_faults;
  const auto draw = [&](double rate, auto&& fill) {
    if (rate <= 0 || replicas == 0) return;
    auto at = from;
    for (;;) {
      const double seconds = -std::log(1 - random.uniform()) / rate;
      at += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
      if (at >= until) return;
      Fault fault;
      fault.at = at;
      fault.replica = static_cast<int>(random.next() % static_cast<std::uint64_t>(replicas));
      fault.server = static_cast<int>(random.next() % static_cast<std::uint64_t>(servers + 1)) - 1;
      fault.seed = random.next();
      fill(fault);
      drawn_faults.push_back(fault);
    }
  };
  const auto one_server = [&](Fault& fault) {
    fault.server = static_cast<int>(fault.seed % static_cast<std::uint64_t>(servers));
  };
  draw(faults.crash, [&](Fault& f) { f.kind = Kind::crash; });
  draw(faults.stop, [&](Fault& f) { f.kind = Kind::stop; });
  draw(faults.pause, [&](Fault& f) {
    f.kind = random.uniform() < 0.6 ? Kind::pause_before_sending : Kind::pause;
    f.lasts = mostly_short(random, 1ms, faults.longest_pause);
  });
  draw(faults.clock, [&](Fault& f) {
    f.kind = Kind::clock;
    f.lasts = drawn(random, 10s, 2min);
    f.amount = faults.wild_clocks ? 0.5 + 1.5 * random.uniform() : 0.9 + 0.2 * random.uniform();
    f.offset = drawn(random, -1h, 1h);
  });
  draw(faults.drop, [&](Fault& f) { f.kind = Kind::drop; });
  draw(faults.refuse, [&](Fault& f) {
    f.kind = Kind::refuse;
    f.lasts = mostly_short(random, 100ms, 30s);
  });
  draw(faults.partition, [&](Fault& f) {
    f.kind = Kind::partition;
    f.way = static_cast<int>(random.next() % 3);
    f.lasts = mostly_short(random, 100ms, 90s);
  });
  draw(faults.slow, [&](Fault& f) {
    f.kind = random.uniform() < 0.7 ? Kind::slow : Kind::trickle;
    f.way = static_cast<int>(random.next() % 3);
    f.offset = faults.delay.low;
    f.amount =
        std::chrono::duration<double>(mostly_short(random, faults.delay.low, faults.delay.high))
            .count();
    f.lasts = mostly_short(random, 1s, 60s);
  });
  draw(faults.damage, [&](Fault& f) {
    f.kind = random.uniform() < 0.5 ? Kind::truncate : Kind::garble;
    f.way = 1 + static_cast<int>(random.next() % 2);
    one_server(f);
  });
  draw(faults.lost_reply, [&](Fault& f) {
    f.kind = Kind::lost_reply;
    f.amount = 0.1 + 0.9 * random.uniform();
    f.lasts = mostly_short(random, 100ms, 15s);
  });
  draw(faults.error, [&](Fault& f) {
    f.kind = Kind::error;
    const int statuses[] = {401, 403, 404, 409, 410, 429, 429, 500, 500, 503, 503, 504};
    f.status = one_of(random, statuses);
    f.retry_after = f.status >= 429 && random.uniform() < 0.5;
    f.amount = 0.1 + 0.9 * random.uniform();
    f.lasts = mostly_short(random, 100ms, 30s);
  });
  draw(faults.stale_reads, [&](Fault& f) {
    f.kind = Kind::stale_reads;
    one_server(f);
    f.lasts = mostly_short(random, 1s, 2min);
  });
  draw(faults.compaction, [&](Fault& f) { f.kind = Kind::compaction; });
  draw(faults.server_restart, [&](Fault& f) {
    f.kind = Kind::server_restart;
    one_server(f);
    f.lasts = mostly_short(random, 100ms, 30s);
  });
  draw(faults.token_rotation, [&](Fault& f) {
    f.kind = Kind::token_rotation;
    f.lasts = mostly_short(random, 0ms, 2min);
  });
  draw(faults.pod, [&](Fault& f) {
    const Kind kinds[] = {Kind::container_crash, Kind::container_crash, Kind::eviction,
                          Kind::node_loss};
    f.kind = one_of(random, kinds);
    f.lasts = mostly_short(random, 1s, 2min);
  });
  draw(faults.stall, [&](Fault& f) {
    f.kind = Kind::stall;
    f.lasts = mostly_short(random, 10ms, faults.longest_pause);
  });
  draw(faults.allocation, [&](Fault& f) {
    f.kind = Kind::allocation;
    f.amount = 0.1 + 0.9 * random.uniform();
    f.lasts = mostly_short(random, 1s, 30s);
  });
  draw(faults.token_expiry, [&](Fault& f) {
    f.kind = Kind::token_expiry;
    f.lasts = mostly_short(random, 100ms, 30s);
  });
  draw(faults.webhook, [&](Fault& f) {
    f.kind = Kind::webhook;
    f.amount = 0.1 + 0.9 * random.uniform();
    f.lasts = mostly_short(random, 1s, 60s);
  });
  draw(faults.certificates, [&](Fault& f) {
    f.kind = Kind::certificates;
    f.lasts = mostly_short(random, 1s, 10min);
  });
  std::stable_sort(drawn_faults.begin(), drawn_faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return drawn_faults;
}

std::string describe(const Fault& fault) {
  const auto lasts =
      " for " + format_duration(std::chrono::floor<std::chrono::milliseconds>(fault.lasts));
  const char* ways[] = {" and ", " to ", " from "};
  const std::string line = replica_name(fault) + ways[fault.way] + server_name(fault);
  switch (fault.kind) {
    case Kind::crash:
      return "kill " + replica_name(fault);
    case Kind::stop:
      return "SIGTERM to " + replica_name(fault);
    case Kind::pause:
      return "pause " + replica_name(fault) + lasts;
    case Kind::pause_before_sending:
      return "pause " + replica_name(fault) + lasts + " before it sends";
    case Kind::clock:
      return "clocks of " + replica_name(fault) + " at rate " + std::to_string(fault.amount) +
             ", wall clock off by " +
             format_duration(std::chrono::floor<std::chrono::seconds>(fault.offset)) + lasts;
    case Kind::drop:
      return "reset connections between " + replica_name(fault) + " and " + server_name(fault);
    case Kind::refuse:
      return server_name(fault) + " refuses connections" + lasts;
    case Kind::partition:
      return "nothing travels between " + line + lasts;
    case Kind::slow:
      return "slow line between " + line + ", up to " + std::to_string(fault.amount) + "s," + lasts;
    case Kind::trickle:
      return "trickle between " + line + lasts;
    case Kind::truncate:
      return "cut short what is sent next, " + line;
    case Kind::garble:
      return "garble what is sent next, " + line;
    case Kind::lost_reply:
      return "answers to writes of " + replica_name(fault) + " get lost" + lasts;
    case Kind::error:
      return server_name(fault) + " answers " + replica_name(fault) + " with " +
             std::to_string(fault.status) + (fault.retry_after ? " and Retry-After" : "") + lasts;
    case Kind::stale_reads:
      return server_name(fault) + " shows an old state" + lasts;
    case Kind::compaction:
      return "history is compacted";
    case Kind::server_restart:
      return server_name(fault) + " restarts, back after" + lasts.substr(4);
    case Kind::token_rotation:
      return "tokens rotate, the old ones are good" + lasts;
    case Kind::container_crash:
      return "a container crashes";
    case Kind::eviction:
      return "a pod is evicted";
    case Kind::node_loss:
      return "a node is lost" + lasts;
    case Kind::stall:
      return "the executors of " + replica_name(fault) + " are blocked" + lasts;
    case Kind::allocation:
      return "memory runs out in reconciles of " + replica_name(fault) + lasts;
    case Kind::token_expiry:
      return "all tokens have expired, new ones come after" + lasts.substr(4);
    case Kind::webhook:
      return "webhooks do not answer" + lasts;
    case Kind::certificates:
      return "a new authority is trusted, its certificates are shown after" + lasts.substr(4);
  }
  return {};
}

}  // namespace windlass::inline v0::testing
