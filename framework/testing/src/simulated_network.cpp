#include <algorithm>

#include "simulation_impl.hpp"

namespace windlass::inline v0::testing {

namespace {

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}
bool is_any(std::string_view host) { return host.empty() || host == "0.0.0.0" || host == "::"; }
bool is_path(std::string_view host) { return host.starts_with('/'); }

Error reset_by_peer() { return {Errc::closed, "connection reset by peer"}; }

class SimulatedStream final : public Stream {
 public:
  SimulatedStream(SimulatedNetwork& network, std::shared_ptr<Connection> connection, int side,
                  const Executor& executor)
      : network_(network),
        connection_(std::move(connection)),
        side_(side),
        wake_(std::make_shared<Wake>(*own().process, executor)) {
    own().wake = wake_;
  }
  ~SimulatedStream() override { close(); }

  Task<std::size_t> read_some(std::span<char> buffer) override {
    const auto wake = wake_;
    const auto connection = connection_;
    auto& side = connection->sides[side_];
    while (!side.closed && side.received.empty() && !side.broken && !side.ended) {
      co_await wake->readable();
    }
    if (side.closed) throw Exception(Errc::closed, "reading: the stream was closed");
    if (!side.received.empty()) co_return take(*connection, buffer);
    if (side.broken) throw Exception(side.broken->within("reading"));
    co_return 0;
  }

  Task<void> write(std::string_view bytes) override {
    const auto wake = wake_;
    const auto connection = connection_;
    auto& side = connection->sides[side_];
    auto& peer = connection->sides[1 - side_];
    auto& process = *side.process;
    const auto window = process.simulation.options.network.window;
    if (const auto pause = std::exchange(process.pause_at_send, std::nullopt)) {
      process.self->pause(*pause);
      co_await yield();
    }
    while (!bytes.empty()) {
      if (side.closed) throw Exception(Errc::closed, "writing: the stream was closed");
      if (side.broken) throw Exception(side.broken->within("writing"));
      if (peer.outstanding >= window) {
        co_await wake->writable();
        continue;
      }
      const auto size = std::min(bytes.size(), window - peer.outstanding);
      network_.send(connection, side_, {Segment::Kind::data, std::string(bytes.substr(0, size))});
      bytes.remove_prefix(size);
    }
    if (side.closed) throw Exception(Errc::closed, "writing: the stream was closed");
    if (side.broken) throw Exception(side.broken->within("writing"));
  }

  void close() noexcept override { network_.close(connection_, side_); }
  void reset_on_close(bool reset) noexcept override { own().reset_on_close = reset; }

 private:
  Side& own() { return connection_->sides[side_]; }

  std::size_t take(Connection& connection, std::span<char> buffer) {
    auto& side = connection.sides[side_];
    const auto size = std::min(buffer.size(), side.received.size() - side.consumed);
    std::copy_n(side.received.data() + side.consumed, size, buffer.data());
    side.consumed += size;
    if (side.consumed == side.received.size()) {
      side.received.clear();
      side.consumed = 0;
    }
    side.outstanding -= size;
    if (const auto wake = connection.sides[1 - side_].wake.lock()) wake->set_writable();
    return size;
  }

  SimulatedNetwork& network_;
  std::shared_ptr<Connection> connection_;
  int side_;
  std::shared_ptr<Wake> wake_;
};

class SimulatedListener final : public Listener {
 public:
  SimulatedListener(SimulatedNetwork& network, std::shared_ptr<ListenerState> state,
                    Executor executor)
      : network_(network),
        state_(std::move(state)),
        executor_(std::move(executor)),
        wake_(std::make_shared<Wake>(*state_->process, executor_)) {
    state_->wake = wake_;
  }
  ~SimulatedListener() override { close(); }

  Task<std::unique_ptr<Stream>> accept() override {
    const auto wake = wake_;
    const auto state = state_;
    while (!state->closed && state->backlog.empty()) co_await wake->readable();
    if (state->closed) throw Exception(Errc::closed, "the listener was closed");
    auto connection = std::move(state->backlog.front());
    state->backlog.pop_front();
    co_return std::make_unique<SimulatedStream>(network_, std::move(connection), 1, executor_);
  }
  [[nodiscard]] Endpoint local_endpoint() const override { return state_->at; }
  void close() noexcept override { network_.stop_listening(*state_); }

 private:
  SimulatedNetwork& network_;
  std::shared_ptr<ListenerState> state_;
  Executor executor_;
  std::shared_ptr<Wake> wake_;
};

class ProcessNetwork final : public Network {
 public:
  explicit ProcessNetwork(SimulatedProcess::Impl& process) : process_(process) {}

  Task<std::unique_ptr<Stream>> dial(Endpoint to) override {
    auto& process = process_;
    const Executor executor = process.self->io();
    const auto attempt = std::make_shared<Attempt>();
    attempt->to = std::move(to);
    attempt->wake = std::make_shared<Wake>(process, executor);
    process.simulation.network.start_dial(process, attempt);
    while (!attempt->connection && !attempt->failure) co_await attempt->wake->readable();
    if (attempt->failure) {
      throw Exception(attempt->failure->within("connecting to " + to_string(attempt->to)));
    }
    co_return std::make_unique<SimulatedStream>(process.simulation.network, attempt->connection, 0,
                                                executor);
  }

  Result<std::unique_ptr<Listener>> listen(Executor executor, const Endpoint& at) override {
    auto state = process_.simulation.network.listen(process_, at);
    if (!state) return state.error();
    return std::unique_ptr<Listener>(std::make_unique<SimulatedListener>(
        process_.simulation.network, std::move(*state), std::move(executor)));
  }

 private:
  SimulatedProcess::Impl& process_;
};

}  // namespace

std::unique_ptr<Network> make_network(SimulatedProcess::Impl& process) {
  return std::make_unique<ProcessNetwork>(process);
}

Duration SimulatedNetwork::delay(const SimulatedProcess::Impl* from,
                                 const SimulatedProcess::Impl* to) {
  if (from == to) return {};
  const auto& options = simulation_.options.network;
  Link link{options.min_delay, options.max_delay};
  if (!links_.empty() && to != nullptr) {
    const auto found = links_.find({from->index, to->index});
    if (found != links_.end()) link = found->second;
  }
  return Duration(simulation_.traffic.between(link.min_delay.count(), link.max_delay.count()));
}

bool SimulatedNetwork::blocked(const SimulatedProcess::Impl* from,
                               const SimulatedProcess::Impl* to) const {
  if (from == to) return false;
  return to->vanished || blocks_.contains({from->index, to->index});
}

// Names and listeners

void SimulatedNetwork::add_host(std::string host, SimulatedProcess::Impl& process) {
  balance_host(std::move(host), {&process});
}
void SimulatedNetwork::balance_host(std::string host,
                                    std::vector<SimulatedProcess::Impl*> processes) {
  hosts_.insert_or_assign(std::move(host), std::move(processes));
}
void SimulatedNetwork::remove_host(std::string_view host) {
  const auto found = hosts_.find(host);
  if (found != hosts_.end()) hosts_.erase(found);
}

SimulatedNetwork::Target SimulatedNetwork::resolve(SimulatedProcess::Impl& from,
                                                   const std::string& host) const {
  if (is_path(host) || is_loopback(host) || is_any(host)) return {&from, true};
  const auto found = hosts_.find(host);
  if (found != hosts_.end() && !found->second.empty()) {
    const auto& targets = found->second;
    const auto chosen = targets.size() == 1 ? 0 : simulation_.traffic.next() % targets.size();
    return {targets[chosen], false};
  }
  for (auto& process : simulation_.processes) {
    auto& impl = Simulation::Impl::of(*process);
    if (impl.name == host || impl.address == host) return {&impl, false};
  }
  return {};
}

ListenerState* SimulatedNetwork::find_listener(const Target& target, const Endpoint& to) const {
  for (auto* listener : listeners_) {
    if (listener->process != target.process || listener->at.port != to.port) continue;
    const auto& host = listener->at.host;
    if (host == to.host) return listener;
    if (is_path(host) || is_path(to.host)) continue;
    if (is_any(host) || (is_loopback(host) == target.loopback)) return listener;
  }
  return nullptr;
}

Result<std::shared_ptr<ListenerState>> SimulatedNetwork::listen(SimulatedProcess::Impl& process,
                                                                const Endpoint& at) {
  if (process.cut) return Error{Errc::io, "the simulated process has ended"};
  if (!is_any(at.host) && !is_path(at.host)) {
    const auto target = resolve(process, at.host);
    if (target.process != &process) {
      return Error{Errc::io, "cannot listen on " + to_string(at) + ": it is not an address of \"" +
                                 process.name + "\"; use add_host"};
    }
  }
  auto state = std::make_shared<ListenerState>();
  state->process = &process;
  state->at = at;
  if (at.host.empty()) state->at.host = "0.0.0.0";
  if (at.port == 0 && !is_path(at.host)) state->at.port = process.next_port++;
  for (const auto* other : listeners_) {
    if (other->process != &process || other->at.port != state->at.port) continue;
    const bool same_host = other->at.host == state->at.host;
    const bool overlaps = !is_path(other->at.host) && !is_path(at.host) &&
                          (is_any(other->at.host) || is_any(at.host));
    if (same_host || overlaps) {
      return Error{Errc::io, "cannot listen on " + to_string(state->at) +
                                 ": the address is in use by another program; stop it or choose "
                                 "another port"};
    }
  }
  listeners_.push_back(state.get());
  return state;
}

void SimulatedNetwork::stop_listening(ListenerState& listener) {
  if (listener.closed) return;
  listener.closed = true;
  std::erase(listeners_, &listener);
  for (auto& connection : listener.backlog) send(connection, 1, {Segment::Kind::reset, {}});
  listener.backlog.clear();
  if (const auto wake = listener.wake.lock()) wake->set_readable();
}

// Dialling

void SimulatedNetwork::start_dial(SimulatedProcess::Impl& from,
                                  const std::shared_ptr<Attempt>& attempt) {
  if (from.cut) {
    attempt->failure = Error{Errc::io, "the simulated process has ended"};
    return;
  }
  attempt->deadline = simulation_.now + simulation_.options.network.dead_peer_timeout;
  const bool local = is_path(attempt->to.host) || is_loopback(attempt->to.host);
  simulation_.at(simulation_.now + delay(&from, local ? &from : nullptr),
                 [this, &from, weak = std::weak_ptr(attempt)] { arrive(from, weak); });
}

void SimulatedNetwork::arrive(SimulatedProcess::Impl& from, const std::weak_ptr<Attempt>& weak) {
  const auto attempt = weak.lock();
  if (!attempt || from.cut) return;
  const auto fail = [&](Errc code, std::string why) {
    attempt->failure = Error{code, std::move(why)};
    attempt->wake->set_readable();
  };
  const auto target = resolve(from, attempt->to.host);
  if (target.process == nullptr) return fail(Errc::io, "no such host");
  auto& to = *target.process;
  if (blocked(&from, &to) || blocked(&to, &from)) {
    if (simulation_.now >= attempt->deadline) return fail(Errc::timeout, "connection timed out");
    const auto again =
        std::min<Duration>(simulation_.now + std::chrono::seconds(1), attempt->deadline);
    simulation_.at(again, [this, &from, weak] { arrive(from, weak); });
    return;
  }
  auto* listener = to.refused || to.cut ? nullptr : find_listener(target, attempt->to);
  simulation_.note(from.index * 1000 + to.index, attempt->to.port);
  if (listener == nullptr) return fail(Errc::refused, "connection refused");
  auto connection = std::make_shared<Connection>();
  connection->sides[0].process = &from;
  connection->sides[1].process = &to;
  listener->backlog.push_back(connection);
  if (const auto wake = listener->wake.lock()) wake->set_readable();
  attempt->connection = connection;
  attempt->wake->set_readable();
  if (++connections_since_purge_ > 256) {
    connections_since_purge_ = 0;
    connections_.remove_if([](const auto& c) { return c.expired(); });
  }
  connections_.push_back(std::move(connection));
}

// Data

void SimulatedNetwork::schedule_delivery(const std::shared_ptr<Connection>& connection, int to) {
  auto& side = connection->sides[to];
  const auto* from = connection->sides[1 - to].process;
  side.last_arrival = std::max(simulation_.now + delay(from, side.process), side.last_arrival);
  simulation_.at(side.last_arrival, [this, connection, to] { deliver(connection, to); });
}

void SimulatedNetwork::send(const std::shared_ptr<Connection>& connection, int side,
                            Segment segment) {
  auto& peer = connection->sides[1 - side];
  if (peer.closed && segment.kind != Segment::Kind::data) return;
  auto fragment = simulation_.options.network.max_fragment;
  if (!damages_.empty() && harm(connection, side, segment)) return;
  if (!links_.empty()) {
    const auto link = links_.find({connection->sides[side].process->index, peer.process->index});
    if (link != links_.end() && link->second.fragment > 0) fragment = link->second.fragment;
  }
  peer.outstanding += segment.bytes.size();
  while (fragment > 0 && segment.bytes.size() > 1) {
    const auto size = 1 + simulation_.traffic.next() % fragment;
    if (size >= segment.bytes.size()) break;
    peer.incoming.push_back({Segment::Kind::data, segment.bytes.substr(0, size)});
    segment.bytes.erase(0, size);
    schedule_delivery(connection, 1 - side);
  }
  peer.incoming.push_back(std::move(segment));
  schedule_delivery(connection, 1 - side);
}

bool SimulatedNetwork::harm(const std::shared_ptr<Connection>& connection, int side,
                            Segment& segment) {
  if (segment.kind != Segment::Kind::data) return false;
  const auto found = damages_.find(
      {connection->sides[side].process->index, connection->sides[1 - side].process->index});
  if (found == damages_.end()) return false;
  const auto damage = found->second;
  damages_.erase(found);
  if (damage == Damage::garble) {
    for (std::size_t i = simulation_.traffic.next() % 16; i < segment.bytes.size(); i += 7) {
      // control characters: wrong in heads, chunk sizes and JSON, so that no harm can go unnoticed
      segment.bytes[i] = static_cast<char>(1 + simulation_.traffic.next() % 8);
    }
    return false;
  }
  segment.bytes.resize(segment.bytes.size() / 2);
  send(connection, side, std::move(segment));
  send(connection, side, {Segment::Kind::reset, {}});
  auto& own = connection->sides[side];
  own.broken = reset_by_peer();
  own.notify();
  return true;
}

void SimulatedNetwork::damage(SimulatedProcess::Impl& from, SimulatedProcess::Impl& to,
                              Damage damage) {
  damages_[{from.index, to.index}] = damage;
}

void SimulatedNetwork::set_link(SimulatedProcess::Impl& from, SimulatedProcess::Impl& to,
                                Link link) {
  if (link.max_delay == Duration::zero() && link.fragment == 0) {
    links_.erase({from.index, to.index});
  } else {
    links_[{from.index, to.index}] = link;
  }
}

Held SimulatedNetwork::held(const SimulatedProcess::Impl& process) const {
  Held held{process.clock.timers(), 0, 0};
  for (const auto& weak : connections_) {
    const auto connection = weak.lock();
    if (!connection) continue;
    for (const auto& side : connection->sides) {
      held.connections += side.process == &process && !side.closed ? 1 : 0;
    }
  }
  for (const auto* listener : listeners_) held.listeners += listener->process == &process ? 1 : 0;
  return held;
}

void SimulatedNetwork::deliver(const std::shared_ptr<Connection>& connection, int to) {
  auto& side = connection->sides[to];
  auto& peer = connection->sides[1 - to];
  if (blocked(peer.process, side.process)) {
    ++side.stalled;
    return;
  }
  if (side.incoming.empty()) return;
  auto segment = std::move(side.incoming.front());
  side.incoming.pop_front();
  simulation_.note(side.process->index, static_cast<std::uint64_t>(segment.kind));
  simulation_.note(segment.bytes);
  if (side.closed || side.broken) {
    side.outstanding -= segment.bytes.size();
    // as TCP answers data for a connection that is no more
    if (side.closed && segment.kind == Segment::Kind::data && !peer.broken) {
      send(connection, to, {Segment::Kind::reset, {}});
    }
    return;
  }
  switch (segment.kind) {
    case Segment::Kind::data:
      side.received += segment.bytes;
      break;
    case Segment::Kind::fin:
      side.ended = true;
      break;
    case Segment::Kind::reset:
      side.broken = reset_by_peer();
      break;
  }
  side.notify();
}

void SimulatedNetwork::close(const std::shared_ptr<Connection>& connection, int side) {
  auto& own = connection->sides[side];
  if (own.closed) return;
  own.closed = true;
  own.notify();
  if (own.broken) return;
  if (own.reset_on_close) discard_unsent(*connection, side);
  send(connection, side, {own.reset_on_close ? Segment::Kind::reset : Segment::Kind::fin, {}});
}

/// What cannot leave the machine of `side` now is forgotten.
void SimulatedNetwork::discard_unsent(Connection& connection, int side) {
  auto& peer = connection.sides[1 - side];
  if (!blocked(connection.sides[side].process, peer.process)) return;
  for (const auto& segment : peer.incoming) peer.outstanding -= segment.bytes.size();
  peer.incoming.clear();
}

void SimulatedNetwork::drop_process(SimulatedProcess::Impl& process, bool silently) {
  for (auto& connection : between(&process, nullptr)) {
    for (int side = 0; side < 2; ++side) {
      auto& own = connection->sides[side];
      if (own.process != &process || own.closed) continue;
      own.closed = true;
      if (own.reset_on_close) discard_unsent(*connection, side);
      if (!silently) send(connection, side, {Segment::Kind::reset, {}});
    }
    if (silently) {
      simulation_.at(simulation_.now + simulation_.options.network.dead_peer_timeout,
                     [this, connection] {
                       break_connection(*connection, {Errc::timeout, "connection timed out"});
                     });
    }
  }
  const auto listeners = listeners_;
  for (auto* listener : listeners) {
    if (listener->process != &process) continue;
    if (silently) listener->backlog.clear();
    stop_listening(*listener);
  }
}

void SimulatedNetwork::break_connection(Connection& connection, const Error& error) {
  for (auto& side : connection.sides) {
    if (side.closed || side.broken) continue;
    side.broken = error;
    side.notify();
  }
}

// Faults

std::vector<std::shared_ptr<Connection>> SimulatedNetwork::between(
    const SimulatedProcess::Impl* a, const SimulatedProcess::Impl* b) {
  std::vector<std::shared_ptr<Connection>> found;
  for (const auto& weak : connections_) {
    auto connection = weak.lock();
    if (!connection) continue;
    const auto* x = connection->sides[0].process;
    const auto* y = connection->sides[1].process;
    if ((x == a && (b == nullptr || y == b)) || (y == a && (b == nullptr || x == b))) {
      found.push_back(std::move(connection));
    }
  }
  return found;
}

void SimulatedNetwork::block(SimulatedProcess::Impl& from, SimulatedProcess::Impl& to) {
  if (&from == &to) return;
  simulation_.note(from.index * 1000 + to.index, 0xb10c);
  if (blocks_.emplace(std::pair(from.index, to.index), ++block_count_).second) {
    watch_for_dead_peers(from, to);
  }
}

void SimulatedNetwork::watch_for_dead_peers(SimulatedProcess::Impl& from,
                                            SimulatedProcess::Impl& to) {
  const auto number = block_count_;
  const auto limit = simulation_.options.network.dead_peer_timeout;
  simulation_.at(simulation_.now + limit, [this, &from, &to, number] {
    const auto found = blocks_.find({from.index, to.index});
    if (found == blocks_.end() || found->second != number) return;
    for (auto& connection : between(&from, &to)) {
      break_connection(*connection, {Errc::timeout, "connection timed out"});
    }
  });
}

void SimulatedNetwork::unblock(SimulatedProcess::Impl& a, SimulatedProcess::Impl& b) {
  blocks_.erase({a.index, b.index});
  blocks_.erase({b.index, a.index});
  release_stalled();
}

void SimulatedNetwork::unblock_all() {
  blocks_.clear();
  links_.clear();
  damages_.clear();
  release_stalled();
}

void SimulatedNetwork::release_stalled() {
  for (const auto& weak : connections_) {
    const auto connection = weak.lock();
    if (!connection) continue;
    for (int to = 0; to < 2; ++to) {
      auto stalled = std::exchange(connection->sides[to].stalled, 0);
      while (stalled-- > 0) schedule_delivery(connection, to);
    }
  }
}

void SimulatedNetwork::cut(SimulatedProcess::Impl& a, SimulatedProcess::Impl& b) {
  for (auto& connection : between(&a, &b)) break_connection(*connection, reset_by_peer());
}

}  // namespace windlass::inline v0::testing
