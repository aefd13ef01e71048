#pragma once

#include <map>
#include <memory>
#include <string>

#include <windlass/api/core_v1.hpp>
#include <windlass/cache/cache.hpp>

namespace windlass::inline v0::testing {

/// Listens on every Service's cluster address and passes connections on to its ready endpoints in
/// turn: what kube-proxy does, in user space. Lives on the I/O executor.
class ServiceProxy {
 public:
  ServiceProxy(Environment& environment, Executor executor, const cache::Cache& cache, Logger log);
  ~ServiceProxy();

  /// Until cancelled: keeps the listeners equal to the Services.
  Task<void> run();
  /// A Service changed.
  void changed() { dirty_.set(); }

 private:
  struct Front;
  void sync();
  Task<void> accept_loop(std::shared_ptr<Front> front);
  Task<void> serve(std::shared_ptr<Front> front, std::shared_ptr<Stream> client);
  [[nodiscard]] std::vector<Endpoint> ready_endpoints(const Front& front) const;

  Environment& environment_;
  Executor executor_;
  const cache::Cache& cache_;
  Logger log_;
  std::map<std::string, std::shared_ptr<Front>> fronts_;
  Event dirty_;
  TaskGroup tasks_;
};

}  // namespace windlass::inline v0::testing
