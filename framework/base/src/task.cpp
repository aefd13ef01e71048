#include <list>
#include <mutex>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <windlass/base/task.hpp>

namespace windlass::inline v0 {

namespace asio = boost::asio;

Task<void> yield() {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

struct Event::State {
  explicit State(const Executor& executor) : signal(executor) {
    signal.expires_at(asio::steady_timer::time_point::max());
  }
  asio::steady_timer signal;  // never expires; cancelling it wakes the waiters
  bool set = false;
};

Event::Event(Executor executor) : state_(std::make_shared<State>(executor)) {}
Event::~Event() = default;

void Event::set() {
  state_->set = true;
  state_->signal.cancel();
}
void Event::reset() { state_->set = false; }
bool Event::is_set() const { return state_->set; }

Task<void> Event::wait() {
  const auto state = state_;
  if (state->set) co_return;
  boost::system::error_code ignored;
  co_await state->signal.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    throw Exception(Errc::cancelled, "cancelled while waiting for an event");
  }
}

struct TaskGroup::State {
  struct Running {
    std::string name;
    asio::cancellation_signal signal;
  };

  State(Executor e, FailureHandler f)
      : executor(std::move(e)), on_failure(std::move(f)), empty(executor) {
    empty.set();
  }

  static void start(const std::shared_ptr<State>& state, std::list<Running>::iterator entry,
                    Task<void> task);
  /// True when it was the last one.
  bool forget(std::list<Running>::iterator entry);

  Executor executor;
  FailureHandler on_failure;
  mutable std::mutex mutex;  // guards `running`, `cancelled`
  std::list<Running> running;
  bool cancelled = false;
  Event empty;  // used on `executor` only
};

TaskGroup::TaskGroup(Executor executor, FailureHandler on_failure)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_failure))) {}
TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(std::string name, Task<void> task) {
  const auto state = state_;
  std::list<State::Running>::iterator entry;
  {
    const std::lock_guard lock(state->mutex);
    if (state->cancelled) return;
    entry = state->running.emplace(state->running.end());
    entry->name = std::move(name);
  }
  // the signal is not thread-safe: tasks are started and cancelled on the executor only
  asio::dispatch(state->executor, [state, entry, started = std::move(task)]() mutable {
    State::start(state, entry, std::move(started));
  });
}

void TaskGroup::State::start(const std::shared_ptr<State>& state,
                             std::list<Running>::iterator entry, Task<void> task) {
  auto finished = [state, entry](std::exception_ptr failure) {
    const std::string ended = entry->name;
    const bool now_empty = state->forget(entry);
    if (failure && !is_cancellation(failure)) {
      if (!state->on_failure) std::terminate();
      state->on_failure(ended, failure);
    }
    if (now_empty) state->empty.set();
  };
  bool refused = false;
  {
    const std::lock_guard lock(state->mutex);
    refused = state->cancelled;
  }
  if (refused) {
    finished(nullptr);  // `task` is destroyed without being started
    return;
  }
  // rule 5: the signal reaches the coroutine on its executor only if the handler is bound to it
  asio::co_spawn(
      state->executor, std::move(task),
      asio::bind_cancellation_slot(entry->signal.slot(),
                                   asio::bind_executor(state->executor, std::move(finished))));
}

bool TaskGroup::State::forget(std::list<Running>::iterator entry) {
  const std::lock_guard lock(mutex);
  running.erase(entry);
  return running.empty();
}

void TaskGroup::cancel() {
  const auto state = state_;
  {
    const std::lock_guard lock(state->mutex);
    if (state->cancelled) return;
    state->cancelled = true;
  }
  asio::dispatch(state->executor, [state] {
    // emitting may end a task at once and erase its entry
    std::vector<asio::cancellation_signal*> signals;
    {
      const std::lock_guard lock(state->mutex);
      for (auto& task : state->running) signals.push_back(&task.signal);
    }
    for (auto* signal : signals) {
      const bool alive = [&] {
        const std::lock_guard lock(state->mutex);
        for (auto& task : state->running) {
          if (&task.signal == signal) return true;
        }
        return false;
      }();
      if (alive) signal->emit(asio::cancellation_type::terminal);
    }
  });
}

Task<void> TaskGroup::join() {
  const auto state = state_;
  for (;;) {
    {
      const std::lock_guard lock(state->mutex);
      if (state->running.empty()) co_return;
      state->empty.reset();
    }
    co_await state->empty.wait();
  }
}

Task<void> TaskGroup::stop() {
  const auto arrived = std::make_shared<bool>(false);
  const auto note = [arrived](asio::cancellation_type) {
    *arrived = true;
    return asio::cancellation_type::none;
  };
  co_await asio::this_coro::reset_cancellation_state(note);
  cancel();
  co_await join();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (*arrived) throw Exception(Errc::cancelled, "cancelled while stopping tasks");
}

std::vector<std::string> TaskGroup::running() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> names;
  for (const auto& task : state_->running) names.push_back(task.name);
  return names;
}

bool TaskGroup::cancelled() const {
  const std::lock_guard lock(state_->mutex);
  return state_->cancelled;
}

}  // namespace windlass::inline v0
