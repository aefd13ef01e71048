#include "connection.hpp"

#include <algorithm>
#include <cstring>

namespace windlass::inline v0::http::detail {
namespace {
constexpr std::size_t kFirstBuffer = 8 * 1024;
constexpr std::size_t kSmallestRead = 4 * 1024;
}  // namespace

Connection::Connection(const Executor& executor, std::unique_ptr<Stream> stream,
                       std::size_t capacity)
    : stream_(std::move(stream)),
      capacity_(std::max(capacity, kFirstBuffer)),
      buffer_(kFirstBuffer),
      arrived_(executor),
      room_(executor) {}

void Connection::start(TaskGroup& tasks) { tasks.spawn("http reader", pump(shared_from_this())); }

std::string_view Connection::look() {
  arrived_.reset();
  return {buffer_.data() + begin_, end_ - begin_};
}

void Connection::consume(std::size_t count) {
  begin_ += count;
  room_.set();
}

Task<void> Connection::more() {
  const auto self = shared_from_this();
  if (ended_) co_return;
  co_await arrived_.wait();
}

void Connection::wake() { arrived_.set(); }

void Connection::close() noexcept {
  if (closed_) return;
  closed_ = true;
  stream_->close();
  room_.set();
}

/// Only called while no read is in flight.
std::span<char> Connection::free_space() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < kSmallestRead && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::min(capacity_, buffer_.size() * 2));
  return std::span<char>(buffer_).subspan(end_);
}

Task<void> Connection::read_until_end(std::shared_ptr<Connection> self) {
  while (!self->closed_) {
    const auto space = self->free_space();
    if (space.empty()) {
      self->room_.reset();
      co_await self->room_.wait();
      continue;
    }
    const auto count = co_await self->stream_->read_some(space);
    if (count == 0) co_return;
    self->end_ += count;
    self->arrived_.set();
  }
}

Task<void> Connection::pump(std::shared_ptr<Connection> self) {
  try {
    co_await read_until_end(self);
  } catch (...) {
    self->failure_ = std::current_exception();
  }
  self->ended_ = true;
  self->arrived_.set();
  const auto on_end = std::exchange(self->on_end, {});
  if (on_end) on_end();
}

}  // namespace windlass::inline v0::http::detail
