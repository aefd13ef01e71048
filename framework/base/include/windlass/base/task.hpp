#pragma once
// Coroutines: Task, and the few things that start, join and time them. Rules that every coroutine
// in Windlass keeps are in docs/design/002-coroutines.md and are cited there by number.

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <windlass/base/error.hpp>

namespace windlass::inline v0 {

/// A lazily started coroutine that must be awaited or spawned exactly once.
template <class T = void>
using Task = boost::asio::awaitable<T>;

/// Where coroutines run. Every object says which executor it lives on.
using Executor = boost::asio::any_io_executor;

/// Runs `task` on `executor` and resumes the caller on its own executor with the result.
/// Cancelling the caller cancels the task.
template <class T>
Task<T> run_on(Executor executor, Task<T> task);

/// Lets other work of this executor run first.
Task<void> yield();

/// Owns coroutines: nothing is ever detached. All members are to be called on the group's executor
/// (one thread or a strand); `spawn` and `cancel` may be called from any thread.
///
/// A task that ends with an exception other than a cancellation is reported to `on_failure`
/// (default: std::terminate, because a background task that dies silently is a bug).
/// The destructor does not wait: join first, or destroy the executor's context.
class TaskGroup {
 public:
  using FailureHandler = std::function<void(std::string_view name, std::exception_ptr)>;

  explicit TaskGroup(Executor executor, FailureHandler on_failure = {});
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task`; `name` appears in failure reports and in `running()`.
  /// After `cancel()` the task is destroyed without being started.
  void spawn(std::string name, Task<void> task);

  /// Asks every task to stop (terminal cancellation) and refuses new ones. Idempotent.
  void cancel();

  /// Returns when no task is running. Not cancelled by `cancel()` itself.
  Task<void> join();

  /// Cancels every task and waits for all of them. A caller that has been cancelled itself awaits
  /// `ignore_cancellation` first (rule 6) and rethrows afterwards. A cancellation that comes while
  /// this waits is thrown when it is done.
  Task<void> stop();

  /// Names of running tasks, oldest first: what a stuck shutdown prints.
  [[nodiscard]] std::vector<std::string> running() const;
  [[nodiscard]] bool cancelled() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// A flag that coroutines of one executor can wait for. `set` wakes all waiters; it stays set until
/// `reset`. Not thread-safe: use it on its executor only.
class Event {
 public:
  explicit Event(Executor executor);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set();
  void reset();
  [[nodiscard]] bool is_set() const;
  /// Returns at once when set. Throws Exception(cancelled) when the waiter is cancelled.
  Task<void> wait();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace windlass::inline v0

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace windlass::inline v0 {

/// `co_await ignore_cancellation();` lets a coroutine that was cancelled await again, which would
/// throw otherwise (rule 6). It is not cancelled any more until the next TaskGroup::stop() is done.
inline auto ignore_cancellation() {
  return boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
}

// co_spawn alone frees its cancellation signal on the caller's thread while a cancellation that is
// on its way may still use it on the executor's: here both hold it.
template <class T>
Task<T> run_on(Executor executor, Task<T> task) {
  const auto signal = std::make_shared<boost::asio::cancellation_signal>();
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  auto slot = state.slot();
  if (slot.is_connected()) {
    slot.assign([signal, executor](boost::asio::cancellation_type type) {
      boost::asio::dispatch(executor, [signal, type] { signal->emit(type); });
    });
  }
  auto token = boost::asio::bind_cancellation_slot(signal->slot(), boost::asio::use_awaitable);
  auto operation = boost::asio::co_spawn(executor, std::move(task), token);
  co_return co_await std::move(operation);
}

}  // namespace windlass::inline v0
