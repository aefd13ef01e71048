// What the control plane promises beside being an API server.

#include <csignal>
#include <filesystem>
#include <fstream>

#include "cluster.hpp"

namespace windlass::integration {
namespace {

using namespace std::chrono_literals;
using testing::ControlPlane;
using testing::ServerKind;

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Task<bool> ends_soon(client::Client client) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    try {
      auto asking = client.raw_get("/version");
      co_await std::move(asking);
    } catch (const Exception& error) {
      if (error.code() == Errc::refused) co_return true;
    }
    auto pause = sleep_for(client.environment().clock(), 100ms);
    co_await std::move(pause);
  }
  co_return false;
}

Task<int> wait_until(Environment* environment, std::function<bool()> condition) {
  for (int attempt = 0; attempt < 100 && !condition(); ++attempt) {
    auto pause = sleep_for(environment->clock(), 100ms);
    co_await std::move(pause);
  }
  co_return 0;
}

Task<int> read_secrets(Environment* environment, client::Config config, bool* forbidden) {
  const client::Client client(*environment, environment->io(), std::move(config));
  try {
    auto asking = client.raw_get("/api/v1/namespaces/default/secrets");
    co_await std::move(asking);
  } catch (const client::ApiError& error) {
    *forbidden = error.is_forbidden();
  }
  co_return 0;
}

class ControlPlaneTest : public ::testing::Test {
 protected:
  std::unique_ptr<SystemEnvironment> environment_ = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  bool ended(const client::Config& config) {
    bool result = false;
    environment_->run([&]() { return ask(environment_.get(), config, &result); });
    return result;
  }
  static Task<int> ask(Environment* environment, client::Config config, bool* result) {
    auto waiting = ends_soon(client::Client(*environment, environment->io(), std::move(config)));
    *result = co_await std::move(waiting);
    co_return 0;
  }
};

TEST_F(ControlPlaneTest, EndsWithTheTestEvenWhenThatCrashes) {
  if (const auto why = ControlPlane::unavailable(*environment_, ServerKind::real)) {
    GTEST_SKIP() << *why;
  }
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto files = std::filesystem::temp_directory_path() / "windlass-crash-test";
  std::filesystem::create_directories(files);
  EXPECT_EXIT(
      {
        ::setenv("TMPDIR", files.c_str(), 1);
        const auto plane = ControlPlane::start({.kind = ServerKind::real});
        std::ofstream(files / "kubeconfig") << plane->kubeconfig();
        std::raise(SIGKILL);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  const auto config =
      client::parse_kubeconfig(*environment_, file_text(files / "kubeconfig"), "/").value();
  EXPECT_TRUE(ended(config)) << "kube-apiserver outlived the test";
  const auto count = [&] {
    return std::distance(std::filesystem::directory_iterator(files),
                         std::filesystem::directory_iterator());
  };
  environment_->run([&] { return wait_until(environment_.get(), [&] { return count() == 1; }); });
  EXPECT_EQ(count(), 1) << "files were left in " << files;
  std::filesystem::remove_all(files);
}

TEST_F(ControlPlaneTest, SaysWhatIsMissing) {
  try {
    ControlPlane::start({.kind = ServerKind::real, .assets = "/nonexistent"});
    FAIL() << "started without binaries";
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_NE(std::string(error.what()).find("/nonexistent/etcd"), std::string::npos);
  }
  EXPECT_THROW(ControlPlane::start({.crds = {"/nonexistent.yaml"}}), Exception);
}

TEST_F(ControlPlaneTest, EveryPathHasToHoldACrd) {
  const auto empty = std::filesystem::temp_directory_path() / "windlass-no-crds";
  std::filesystem::create_directories(empty);
  try {
    ControlPlane::start({.crds = {GREETING_CRD, empty}});
    FAIL() << "the folder is empty";
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_NE(std::string(error.what()).find(empty.string()), std::string::npos) << error.what();
  }
  std::filesystem::remove_all(empty);
}

TEST_F(ControlPlaneTest, NothingIsInstalledAfterTheEnd) {
  const auto plane = ControlPlane::start();
  plane->stop();
  try {
    plane->install({GREETING_CRD});
    FAIL() << "installed into nothing";
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), Errc::closed);
  }
}

TEST_F(ControlPlaneTest, SaysWhatTheClientLastHeard) {
  const auto folder = std::filesystem::temp_directory_path() / "windlass-silent-server";
  std::filesystem::create_directories(folder);
  for (const char* program : {"etcd", "kube-apiserver"}) {
    std::ofstream(folder / program) << "#!/bin/sh\nexec sleep 1000\n";
    std::filesystem::permissions(folder / program, std::filesystem::perms::owner_all);
  }
  try {
    ControlPlane::start({.kind = ServerKind::real, .assets = folder, .start_timeout = 500ms});
    FAIL() << "nobody listens";
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), Errc::timeout);
    EXPECT_NE(std::string(error.what()).find("refused"), std::string::npos) << error.what();
  }
  std::filesystem::remove_all(folder);
}

TEST_F(ControlPlaneTest, AClustersCrdsHaveTheTimeThatIsGiven) {
  const auto plane = ControlPlane::start();
  const auto kubeconfig = std::filesystem::temp_directory_path() / "windlass-time-limit";
  std::ofstream(kubeconfig) << plane->kubeconfig();
  const char* const before = std::getenv("KUBECONFIG");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("KUBECONFIG", kubeconfig.c_str(), 1);
  Errc code = Errc::internal;
  try {
    ControlPlane::start(
        {.kind = ServerKind::cluster, .crds = {GREETING_CRD}, .start_timeout = Duration::zero()});
  } catch (const Exception& error) {
    code = error.code();
  }
  EXPECT_EQ(code, Errc::timeout);
  if (before == nullptr) {
    ::unsetenv("KUBECONFIG");
  } else {
    ::setenv("KUBECONFIG", kept.c_str(), 1);
  }
  std::filesystem::remove(kubeconfig);
}

TEST_F(ControlPlaneTest, KnowsManyIdentities) {
  const auto plane = ControlPlane::start({.crds = {GREETING_CRD}});
  EXPECT_EQ(plane->kind(), ServerKind::in_memory);
  const auto config = plane->config({.user = "jane", .groups = {"developers"}});
  bool forbidden = false;
  environment_->run([&] { return read_secrets(environment_.get(), config, &forbidden); });
  EXPECT_TRUE(forbidden);
  plane->stop();
  EXPECT_TRUE(ended(config));
}

}  // namespace
}  // namespace windlass::integration
