#include "deadlines.hpp"

#include <utility>

namespace windlass::inline v0::http::detail {

struct Deadlines::State {
  using Key = std::pair<SteadyTime, std::uint64_t>;

  State(Clock& c, const Executor& executor) : clock(c), timer(c, executor), tasks(executor) {}

  static Task<void> run(std::shared_ptr<State> state) {
    while (!state->stopped && !state->pending.empty()) {
      const auto first = state->pending.begin()->first.first;
      state->armed = first;
      co_await state->timer.wait_until(first);
      state->armed = SteadyTime::max();
      const auto now = state->clock.steady_now();
      while (!state->pending.empty() && state->pending.begin()->first.first <= now) {
        const auto action = std::move(state->pending.begin()->second);
        state->pending.erase(state->pending.begin());
        action();
      }
    }
    state->running = false;
  }

  Clock& clock;
  Timer timer;
  TaskGroup tasks;
  std::map<Key, std::function<void()>> pending;
  std::uint64_t next = 0;
  SteadyTime armed = SteadyTime::max();
  bool running = false;
  bool stopped = false;
};

Deadlines::Deadlines(Clock& clock, Executor executor)
    : state_(std::make_shared<State>(clock, executor)) {}

Deadlines::~Deadlines() {
  state_->stopped = true;
  state_->pending.clear();
  state_->tasks.cancel();
}

Deadline::Deadline(Deadlines& deadlines, Duration limit, std::function<void()> action) {
  const auto state = deadlines.state_;
  if (limit <= Duration::zero() || state->stopped) return;
  state_ = state;
  key_ = {state->clock.steady_now() + limit, state->next++};
  state->pending.emplace(key_, std::move(action));
  if (!state->running) {
    state->running = true;
    state->tasks.spawn("deadlines", Deadlines::State::run(state));
  } else if (key_.first < state->armed) {
    state->timer.cancel();  // the loop arms it again
  }
}

Deadline::Deadline(Deadline&& other) noexcept
    : state_(std::exchange(other.state_, {})), key_(other.key_) {}

Deadline& Deadline::operator=(Deadline&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(key_, other.key_);
  return *this;
}

Deadline::~Deadline() {
  if (const auto state = state_.lock()) state->pending.erase(key_);
}

}  // namespace windlass::inline v0::http::detail
