#pragma once
// A stream with a reader of its own, which reads ahead of its user.

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <windlass/base/network.hpp>
#include <windlass/base/task.hpp>

namespace windlass::inline v0::http::detail {

/// Reading ahead is how the end of a connection is noticed while nobody waits for bytes: while it
/// idles in a pool, while a handler waits for events. Use on the stream's executor.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// Buffers at most `capacity` bytes.
  Connection(const Executor& executor, std::unique_ptr<Stream> stream, std::size_t capacity);

  /// Starts reading, as a task of `tasks`.
  void start(TaskGroup& tasks);

  /// The bytes that have arrived and are not consumed; valid until the next co_await.
  std::string_view look();
  void consume(std::size_t count);
  /// Waits until there is more to see than at the last `look`, or the stream has ended, or `wake`.
  Task<void> more();
  void wake();

  /// No more bytes will come (look() may still hold some).
  [[nodiscard]] bool ended() const { return ended_; }
  /// Why, unless the peer closed it in order.
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }
  /// Called once when the stream ends.
  std::function<void()> on_end;

  Stream& stream() { return *stream_; }
  void close() noexcept;
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  static Task<void> pump(std::shared_ptr<Connection> self);
  static Task<void> read_until_end(std::shared_ptr<Connection> self);
  std::span<char> free_space();

  std::unique_ptr<Stream> stream_;
  std::size_t capacity_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Event arrived_;
  Event room_;
  bool ended_ = false;
  bool closed_ = false;
  std::exception_ptr failure_;
};

}  // namespace windlass::inline v0::http::detail
