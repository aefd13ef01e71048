#include <future>
#include <thread>

#include <boost/asio/post.hpp>

#include <windlass/base/encoding.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/json/value.hpp>

#include "backend.hpp"

namespace windlass::inline v0::testing {

using json::Array;
using json::Object;

std::string_view to_string(ServerKind kind) {
  switch (kind) {
    case ServerKind::in_memory:
      return "in_memory";
    case ServerKind::real:
      return "real";
    case ServerKind::cluster:
      return "cluster";
  }
  return "";
}

std::string kubeconfig_of(const std::string& url, const std::string& ca_pem,
                          const http::KeyPair& client) {
  const Object cluster{{"server", url}, {"certificate-authority-data", encode_base64(ca_pem)}};
  const Object user{{"client-certificate-data", encode_base64(client.certificate_pem)},
                    {"client-key-data", encode_base64(client.key_pem)}};
  const Object context{{"cluster", "test"}, {"user", "test"}};
  return json::dump_pretty(
      json::Value(Object{{"apiVersion", "v1"},
                         {"kind", "Config"},
                         {"current-context", "test"},
                         {"clusters", Array{Object{{"name", "test"}, {"cluster", cluster}}}},
                         {"contexts", Array{Object{{"name", "test"}, {"context", context}}}},
                         {"users", Array{Object{{"name", "test"}, {"user", user}}}}}));
}

/// The servers live on a thread of their own, so that they answer whatever the test's threads do,
/// and so that the processes, which end with the thread that started them, last.
struct ControlPlane::Impl {
  ControlPlaneOptions options;
  std::unique_ptr<SystemEnvironment> environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  std::unique_ptr<Backend> backend;
  Event stopping{environment->io()};
  std::thread thread;

  Task<int> live(std::promise<void>* ready);
  Task<void> prepare();
  Task<void> install(std::vector<json::Value> crds);
  /// Runs `work` on the thread and waits for it; rethrows its exception.
  void call(std::function<Task<void>()> work);
};

Task<void> ControlPlane::Impl::install(std::vector<json::Value> crds) {
  const auto config = client::parse_kubeconfig(
      *environment, backend->kubeconfig(api_server::Identity::admin()), "/");
  auto installing =
      install_crds(*environment, config.value(), std::move(crds), options.start_timeout);
  co_await std::move(installing);
}

Task<void> ControlPlane::Impl::prepare() {
  auto crds = read_crds(*environment, options.crds);
  auto starting = backend->start();
  co_await std::move(starting);
  if (crds.empty()) co_return;
  auto installing = install(std::move(crds));
  co_await std::move(installing);
}

Task<int> ControlPlane::Impl::live(std::promise<void>* ready) {
  std::exception_ptr failure;
  try {
    backend = options.kind == ServerKind::real ? make_real(*environment, options)
                                               : make_in_memory(*environment, options);
    auto preparing = prepare();
    co_await std::move(preparing);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) {
    ready->set_value();
    auto waiting = stopping.wait();
    co_await std::move(waiting);
  }
  if (backend) {
    auto ending = backend->stop();
    co_await std::move(ending);
  }
  if (failure) ready->set_exception(failure);
  co_return 0;
}

void ControlPlane::Impl::call(std::function<Task<void>()> work) {
  auto done = std::make_shared<std::promise<void>>();
  auto result = done->get_future();
  boost::asio::co_spawn(environment->io(), std::move(work), [done](std::exception_ptr failure) {
    if (failure) {
      done->set_exception(failure);
    } else {
      done->set_value();
    }
  });
  result.get();
}

namespace {
Task<int> install_into_cluster(Environment& environment, std::vector<json::Value> crds,
                               Duration limit) {
  auto installing =
      install_crds(environment, client::load_config(environment).value(), std::move(crds), limit);
  co_await std::move(installing);
  co_return 0;
}
}  // namespace

ControlPlane::ControlPlane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlPlane::~ControlPlane() { stop(); }

std::unique_ptr<ControlPlane> ControlPlane::start(ControlPlaneOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  std::unique_ptr<ControlPlane> made(new ControlPlane(std::move(impl)));
  Impl* own = made->impl_.get();
  if (own->options.kind == ServerKind::cluster) {
    made->install(own->options.crds);
    return made;
  }
  std::promise<void> ready;
  auto started = ready.get_future();
  own->thread = std::thread(
      [own, &ready] { own->environment->run([own, &ready] { return own->live(&ready); }); });
  started.get();
  return made;
}

std::optional<std::string> ControlPlane::unavailable(const Environment& environment,
                                                     ServerKind kind) {
  if (kind == ServerKind::real) {
    const auto assets = find_assets(environment, {});
    if (!assets) return assets.error().message;
  }
  if (kind == ServerKind::cluster && environment.variable("KUBECONFIG").value_or("").empty()) {
    return "KUBECONFIG is not set: name a kubeconfig of a cluster that may be written to";
  }
  return std::nullopt;
}

ServerKind ControlPlane::kind() const { return impl_->options.kind; }

std::string ControlPlane::kubeconfig(const api_server::Identity& identity) const {
  if (impl_->backend) return impl_->backend->kubeconfig(identity);
  if (identity.user != api_server::Identity::admin().user) {
    throw Exception(Errc::invalid_argument,
                    "a cluster that exists knows only its kubeconfig's user, not " + identity.user);
  }
  const auto path = impl_->environment->variable("KUBECONFIG").value_or("");
  return impl_->environment->read_file(path).value();
}

client::Config ControlPlane::config(const api_server::Identity& identity) const {
  if (impl_->options.kind == ServerKind::cluster) {
    return client::load_config(*impl_->environment).value();
  }
  return client::parse_kubeconfig(*impl_->environment, kubeconfig(identity), "/").value();
}

void ControlPlane::install(const std::vector<std::filesystem::path>& paths) {
  auto crds = read_crds(*impl_->environment, paths);
  if (crds.empty()) return;
  Impl* own = impl_.get();
  if (own->options.kind == ServerKind::cluster) {
    own->environment->run(
        [&] { return install_into_cluster(*own->environment, crds, own->options.start_timeout); });
    return;
  }
  if (!own->thread.joinable())
    throw Exception(Errc::closed, "the control plane has been stopped: start another one");
  own->call([own, crds = std::move(crds)] { return own->install(crds); });
}

void ControlPlane::stop() {
  if (!impl_->thread.joinable()) return;
  Impl* own = impl_.get();
  boost::asio::post(own->environment->io(), [own] { own->stopping.set(); });
  own->thread.join();
}

}  // namespace windlass::inline v0::testing
