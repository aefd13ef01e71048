#include "journal.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

namespace {

Exception failure(const char* what, const std::filesystem::path& path) {
  return {Errc::io, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno))};
}

void write_all(int file, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(file, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw failure("write", path);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

int open_for_append(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw failure("open", path);
  return file;
}

}  // namespace

struct Journal::State {
  State(Environment& environment, Executor on, std::filesystem::path file_path)
      : env(environment),
        path(std::move(file_path)),
        file(open_for_append(path)),
        settled(on),
        writers(on) {}
  ~State() { ::close(file); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Environment& env;
  std::filesystem::path path;
  int file;
  std::string pending;
  std::uint64_t appended = 0, durable = 0;
  bool writing = false;
  std::exception_ptr broken;
  Event settled;  ///< set when a write has ended
  TaskGroup writers;
};

Result<std::vector<std::string>> Journal::read(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  if (!std::filesystem::exists(path)) return lines;
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure("read", path).error();
  std::stringstream all;
  all << file.rdbuf();
  const std::string text = all.str();
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const std::string_view line = std::string_view(text).substr(at, end - at);
    const bool last = end == std::string::npos || end + 1 == text.size();
    if (end == std::string::npos || !json::parse(line)) {
      if (last) break;
      return Error{Errc::parse,
                   fmt::format("{}: line {} is damaged; move the file away to start anew",
                               path.string(), lines.size() + 1)};
    }
    lines.emplace_back(line);
    at = end + 1;
  }
  return lines;
}

Journal::Journal(Environment& environment, Executor executor, std::filesystem::path path)
    : state_(std::make_shared<State>(environment, std::move(executor), std::move(path))) {}
Journal::~Journal() = default;

void Journal::rewrite(const std::string& lines) {
  const std::filesystem::path fresh = state_->path.string() + ".new";
  ::unlink(fresh.c_str());
  const int file = open_for_append(fresh);
  try {
    write_all(file, lines, fresh);
    if (::fsync(file) != 0) throw failure("sync", fresh);
    if (::rename(fresh.c_str(), state_->path.c_str()) != 0) throw failure("replace", state_->path);
  } catch (...) {
    ::close(file);
    throw;
  }
  const auto folder = state_->path.has_parent_path() ? state_->path.parent_path() : ".";
  if (const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  ::close(std::exchange(state_->file, file));
}

void Journal::append(std::string_view line) {
  state_->pending.append(line).push_back('\n');
  ++state_->appended;
}

/// Not a part of `commit`: a client that goes away must not take the write with it.
Task<void> Journal::write_pending(std::shared_ptr<State> state) {
  const std::uint64_t upto = state->appended;
  auto batch = std::make_shared<std::string>(std::exchange(state->pending, {}));
  std::function<void()> work = [state, batch] {
    write_all(state->file, *batch, state->path);
    if (::fdatasync(state->file) != 0) throw failure("sync", state->path);
  };
  try {
    Task<void> writing = state->env.blocking("journal", std::move(work));
    co_await std::move(writing);
    state->durable = upto;
  } catch (...) {
    state->broken = std::current_exception();
  }
  state->writing = false;
  state->settled.set();
}

void Journal::start_writing(const std::shared_ptr<State>& state) {
  if (state->writing) return;
  state->writing = true;
  state->settled.reset();
  Task<void> writing = write_pending(state);
  state->writers.spawn("journal", std::move(writing));
}

Task<void> Journal::commit() {
  const std::shared_ptr<State> state = state_;
  const std::uint64_t wanted = state->appended;
  while (state->durable < wanted) {
    if (state->broken) std::rethrow_exception(state->broken);
    start_writing(state);
    co_await state->settled.wait();
  }
}

Task<void> Journal::close() {
  const std::shared_ptr<State> state = state_;
  while (state->durable < state->appended && !state->broken) {
    start_writing(state);
    co_await state->settled.wait();
  }
  co_await state->writers.join();
}

}  // namespace windlass::inline v0::api_server
