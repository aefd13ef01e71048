#pragma once
// A fixture with a client of an API server and a namespace of its own in it.

#include <fstream>
#include <map>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/client/client.hpp>
#include <windlass/manager/logging.hpp>
#include <windlass/testing/control_plane.hpp>

namespace windlass::integration {

/// Runs each test against the in-memory server and against the real one: what KUBEBUILDER_ASSETS
/// has, or else the cluster that KUBECONFIG names. Each server is started once per program.
class ClusterTest : public ::testing::TestWithParam<testing::ServerKind> {
 protected:
  static void TearDownTestSuite() {
    environment_.reset();
    servers_.clear();
  }

  void SetUp() override {
    if (!environment_) {
      environment_ = SystemEnvironment::make(
          {.worker_threads = 2, .log = Logger(make_log_sink(false), LogLevel::warn)});
    }
    testing::ServerKind kind = GetParam();
    if (const auto why = testing::ControlPlane::unavailable(*environment_, kind)) {
      kind = testing::ServerKind::cluster;
      if (testing::ControlPlane::unavailable(*environment_, kind)) {
        GTEST_SKIP() << *why << ", or set KUBECONFIG to a cluster that may be written to";
      }
    }
    auto& server = servers_[kind];
    if (server == nullptr) {
      server = testing::ControlPlane::start({.kind = kind, .crds = {GREETING_CRD}});
    }
    config_ = server->config();
    client_.emplace(*environment_, environment_->io(), config_);
    namespace_ = "windlass-test-" + environment_->random().suffix(8);
    api::core::v1::Namespace own;
    own.metadata.name = namespace_;
    run(client_->create(own));
  }

  void TearDown() override {
    if (!client_) return;
    run(client_->remove<api::core::v1::Namespace>(meta::ObjectKey{{}, namespace_}));
    client_.reset();
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> value;
    auto main = [](Task<T> inner, std::optional<T>* into) -> Task<int> {
      into->emplace(co_await std::move(inner));
      co_return 0;
    };
    environment_->run([&] { return main(std::move(task), &value); });
    return std::move(*value);
  }
  void run(Task<void> task) {
    auto main = [](Task<void> inner) -> Task<int> {
      co_await std::move(inner);
      co_return 0;
    };
    environment_->run([&] { return main(std::move(task)); });
  }

  /// What the task threw as an answer of the server.
  template <class T>
  std::optional<client::ApiError> refusal(Task<T> task) {
    try {
      run(std::move(task));
    } catch (const client::ApiError& error) {
      return error;
    }
    return std::nullopt;
  }
  /// What it threw otherwise.
  template <class T>
  std::optional<Error> trouble(Task<T> task) {
    try {
      run(std::move(task));
    } catch (const Exception& error) {
      return error.error();
    }
    return std::nullopt;
  }

  [[nodiscard]] meta::ObjectKey key(std::string name) const {
    return {namespace_, std::move(name)};
  }
  [[nodiscard]] client::Client client_for(client::Config config) {
    return client::Client(*environment_, environment_->io(), std::move(config));
  }
  /// The server's address and trust, but nobody's credentials.
  [[nodiscard]] client::Config anonymous() const {
    client::Config config;
    config.server = config_.server;
    config.path_prefix = config_.path_prefix;
    config.tls = config_.tls;
    if (config.tls) config.tls->certificate_pem = config.tls->key_pem = {};
    return config;
  }

  inline static std::unique_ptr<SystemEnvironment> environment_;
  inline static std::map<testing::ServerKind, std::unique_ptr<testing::ControlPlane>> servers_;
  client::Config config_;
  std::optional<client::Client> client_;
  std::string namespace_;
};

inline std::string server_name(const ::testing::TestParamInfo<testing::ServerKind>& info) {
  return std::string(testing::to_string(info.param));
}
inline auto servers() {
  return ::testing::Values(testing::ServerKind::in_memory, testing::ServerKind::real);
}

}  // namespace windlass::integration
