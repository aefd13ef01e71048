#pragma once
// An environment whose clock is moved by hand, without network or threads.

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include <windlass/base/environment.hpp>

namespace windlass::testing_api {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady_now() const override { return SteadyTime(elapsed_); }
  [[nodiscard]] BootTime boot_now() const override { return BootTime(elapsed_); }
  [[nodiscard]] WallTime wall_now() const override {
    return WallTime(std::chrono::seconds(1'767'323'045)) + elapsed_;
  }
  void advance(Duration duration) { elapsed_ += duration; }

 private:
  void arm(Timer&, SteadyTime) override {}
  void disarm(Timer&) noexcept override {}
  Duration elapsed_{std::chrono::seconds(1000)};
};

class ManualEnvironment final : public Environment {
 public:
  Executor io() override { return context_.get_executor(); }
  Executor workers() override { return io(); }
  Executor lease() override { return io(); }
  ManualClock& clock() override { return clock_; }
  Random& random() override { return random_; }
  Network& network(const Executor&) override { throw Exception(Errc::internal, "no network"); }
  [[nodiscard]] std::optional<std::string> variable(std::string_view) const override {
    return std::nullopt;
  }
  [[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path) const override {
    return Error{Errc::not_found, path.string()};
  }
  std::string secret_bytes(std::size_t count) override {
    std::string out;
    while (out.size() < count) out += static_cast<char>(random_.next());
    return out;
  }
  [[nodiscard]] std::string host_name() const override { return "test"; }
  Task<int> next_signal() override { co_return 15; }
  Task<void> blocking(std::string, std::function<void()>) override { co_return; }
  void terminate(int code) override { std::_Exit(code); }
  std::unique_ptr<Watchdog> make_watchdog(std::string) override {
    throw Exception(Errc::internal, "no watchdog");
  }
  [[nodiscard]] Logger log() const override { return {}; }

 private:
  boost::asio::io_context context_;
  ManualClock clock_;
  SeededRandom random_{7};
};

}  // namespace windlass::testing_api
