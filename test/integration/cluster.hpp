#pragma once
// A fixture with a client of the cluster in KUBECONFIG and a namespace of its own in it.

#include <cstdlib>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/client/client.hpp>

namespace windlass::integration {

class ClusterTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::getenv("KUBECONFIG") == nullptr) return;
    environment_ =
        SystemEnvironment::make({.worker_threads = 1, .handle_signals = false}).release();
  }
  static void TearDownTestSuite() {
    delete environment_;
    environment_ = nullptr;
  }

  void SetUp() override {
    if (environment_ == nullptr) {
      GTEST_SKIP()
          << "KUBECONFIG is not set: name a kubeconfig of a cluster that may be written to";
    }
    auto config = client::load_config(*environment_);
    ASSERT_TRUE(config) << config.error().message;
    config_ = *config;
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

  inline static SystemEnvironment* environment_ = nullptr;
  client::Config config_;
  std::optional<client::Client> client_;
  std::string namespace_;
};

}  // namespace windlass::integration
