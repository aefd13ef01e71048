#include "backend.hpp"

namespace windlass::inline v0::testing {

namespace {

class InMemory final : public Backend {
 public:
  InMemory(Environment& environment, const ControlPlaneOptions& options)
      : server_(environment, environment.io(), {.core = options.core}), tasks_(environment.io()) {}

  Task<void> start() override {
    tasks_.spawn("API server", server_.run());
    co_return;
  }
  Task<void> stop() override {
    auto stopping = server_.stop(Duration::zero());
    co_await std::move(stopping);
    auto ending = tasks_.stop();
    co_await std::move(ending);
  }
  [[nodiscard]] std::string kubeconfig(const api_server::Identity& identity) const override {
    return server_.kubeconfig(identity);
  }

 private:
  api_server::Server server_;
  TaskGroup tasks_;
};

}  // namespace

std::unique_ptr<Backend> make_in_memory(Environment& environment,
                                        const ControlPlaneOptions& options) {
  return std::make_unique<InMemory>(environment, options);
}

}  // namespace windlass::inline v0::testing
