#include <fstream>
#include <set>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <windlass/manager/manager.hpp>
#include <windlass/testing/local_cluster.hpp>
#include <windlass/testing/workloads.hpp>

#include "pod_worker.hpp"
#include "service_proxy.hpp"

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
namespace discovery = api::discovery::v1;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr Duration kStopLimit = 5s;
constexpr Duration kFollowPeriod = 200ms;

ManagerOptions manager_options() {
  ManagerOptions options;
  options.operator_name = "local-cluster";
  options.leader_election = false;
  options.health_probe_bind_address = "0";
  options.metrics_bind_address = "0";
  return options;
}

/// The last `lines` lines of a text.
std::string tail(const std::string& text, std::int64_t lines) {
  std::size_t at = text.size();
  for (std::int64_t i = 0; i <= lines && at != std::string::npos && at > 0; ++i) {
    at = text.rfind('\n', at - 1);
    if (at == std::string::npos) return text;
  }
  return at == 0 && lines > 0 ? text : text.substr(std::min(at + 1, text.size()));
}

std::string read_from(const fs::path& path, std::size_t offset) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  return {(std::istreambuf_iterator<char>(in)), {}};
}

}  // namespace

struct LocalCluster::Impl {
  Impl(Environment& e, client::Config c, LocalClusterOptions o)
      : environment(e),
        config(std::move(c)),
        options(std::move(o)),
        log(e.log().named("local-cluster")),
        manager(e, config, manager_options()),
        node{.environment = e,
             .client = manager.client(false),
             .cache = manager.cache(),
             .events = manager.events(),
             .options = options,
             .api_server = config.server,
             .ca_pem = config.tls ? config.tls->ca_pem : std::string()},
        proxy(e, e.io(), manager.cache(), log),
        workers(e.io(), [this](std::string_view what, std::exception_ptr failure) {
          log.error("A pod's worker failed", {{"pod", what}, {"error", describe(failure).message}});
        }) {
    node.is_root = ::geteuid() == 0;
    node.log = log;
    options.state_directory = fs::absolute(options.state_directory);
    fs::create_directories(options.state_directory / "pods");
    fs::create_directories(options.state_directory / "volumes");
    // pods of other users have to get through to their own folders
    for (const auto& folder : {options.state_directory, options.state_directory / "pods",
                               options.state_directory / "volumes"}) {
      fs::permissions(folder,
                      fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    }
    copy_image_files();
    watch_pods();
    watch_services();
    for (const auto* kind : {&cache::kind_of<core::ConfigMap>(), &cache::kind_of<core::Secret>(),
                             &cache::kind_of<core::ServiceAccount>()}) {
      manager.cache().informer(*kind);
    }
    add_workload_controllers(manager);
    manager.add(Runnable{"node", [this] { return register_node(); }});
    manager.add(Runnable{"pods", [this] { return run_pods(); }});
    manager.add(Runnable{"service proxy", [this] { return proxy.run(); }});
  }

  /// Pods run as other users, who may not get through to where the programs were built.
  void copy_image_files() {
    if (!node.is_root) return;
    for (auto folder = options.state_directory; folder != folder.root_path();
         folder = folder.parent_path()) {
      if ((fs::status(folder).permissions() & fs::perms::others_exec) != fs::perms::none) continue;
      throw Exception(Errc::permission,
                      "pods run as other users, who cannot get into " + folder.string() +
                          "; choose another folder with --state-dir, such as one in /tmp");
    }
    int number = 0;
    for (auto& image : options.images) {
      for (auto& file : image.files) {
        const auto copy = options.state_directory / "images" / std::to_string(number++);
        fs::create_directories(copy.parent_path());
        fs::copy_file(file.host, copy, fs::copy_options::overwrite_existing);
        fs::permissions(copy, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                                  fs::perms::others_read | fs::perms::others_exec);
        file.host = copy;
      }
    }
  }

  void watch_pods() {
    cache::ObjectHandler handler;
    handler.on_add = [this](const cache::ObjectPtr& object, bool) { seen(object); };
    handler.on_update = [this](const cache::ObjectPtr&, const cache::ObjectPtr& object) {
      seen(object);
    };
    handler.on_delete = [this](const cache::ObjectPtr& object) {
      const auto pod = std::static_pointer_cast<const core::Pod>(object);
      const auto found = pods.find(pod->metadata.uid);
      if (found != pods.end()) found->second->forget();
    };
    manager.cache().informer<core::Pod>().add_handler(std::move(handler));
  }

  void watch_services() {
    cache::ObjectHandler handler;
    handler.on_add = [this](const cache::ObjectPtr&, bool) { proxy.changed(); };
    handler.on_update = [this](const cache::ObjectPtr&, const cache::ObjectPtr&) {
      proxy.changed();
    };
    handler.on_delete = [this](const cache::ObjectPtr&) { proxy.changed(); };
    manager.cache().informer<core::Service>().add_handler(std::move(handler));
    manager.cache().informer<discovery::EndpointSlice>();
  }

  void seen(const cache::ObjectPtr& object) {
    Ref<core::Pod> pod(std::static_pointer_cast<const core::Pod>(object));
    const auto found = pods.find(pod->metadata.uid);
    if (found != pods.end()) {
      found->second->update(std::move(pod));
    } else if (running) {
      start(std::move(pod));
    }
  }

  void start(Ref<core::Pod> pod) {
    if (pod->status.phase == "Succeeded" || pod->status.phase == "Failed") return;
    const auto uid = pod->metadata.uid;
    const auto name = pod->metadata.key().to_string();
    auto worker = std::make_shared<PodWorker>(node, std::move(pod), next_address());
    pods[uid] = worker;
    workers.spawn(name, run_worker(worker, uid));
  }

  Task<void> run_worker(std::shared_ptr<PodWorker> worker, std::string uid) {
    std::exception_ptr stopped;
    try {
      co_await worker->run();
    } catch (...) {
      stopped = std::current_exception();
    }
    addresses.erase(worker->address());
    if (!stopped) pods.erase(uid);
    if (stopped) std::rethrow_exception(stopped);
  }

  /// The address that was free for the longest: connections to an old pod must not reach a new one.
  std::string next_address() {
    for (;;) {
      address = address % 65000 + 1;
      auto text = options.pod_address_prefix + "." + std::to_string(address / 254) + "." +
                  std::to_string(address % 254 + 1);
      if (addresses.insert(text).second) return text;
    }
  }

  Task<void> register_node() {
    core::Node made;
    made.metadata.name = node.node_name;
    made.metadata.labels["kubernetes.io/hostname"] = node.node_name;
    made.metadata.labels["topology.kubernetes.io/zone"] = "local";
    const auto& client = node.client;
    made = co_await client.apply(made);
    core::NodeCondition ready;
    ready.type = "Ready";
    ready.status = "True";
    ready.reason = "LocalCluster";
    ready.message = "pods run as sandboxed processes of this machine";
    ready.last_transition_time = meta::Time::from(environment.clock().wall_now());
    made.status.conditions = {ready};
    core::NodeAddress host;
    host.type = "InternalIP";
    host.address = "127.0.0.1";
    made.status.addresses = {host};
    co_await client.update_status(made);
  }

  Task<void> run_pods() {
    running = true;
    for (const auto& pod : manager.cache().list<core::Pod>()) {
      if (!pods.contains(pod->metadata.uid)) start(pod);
    }
    Event never(environment.io());
    std::exception_ptr stopped;
    try {
      co_await never.wait();
    } catch (...) {
      stopped = std::current_exception();
    }
    running = false;
    // a group of its own, because this coroutine is cancelled already
    TaskGroup stopping(environment.io());
    stopping.spawn("stop pods", stop_processes());
    co_await ignore_cancellation();
    co_await stopping.join();
    co_await workers.stop();
    pods.clear();
    std::rethrow_exception(stopped);
  }

  Task<void> stop_processes() {
    const auto deadline = environment.clock().steady_now() + kStopLimit;
    for (const auto& [uid, worker] : pods) worker->terminate_processes();
    const auto any = [this] {
      for (const auto& [uid, worker] : pods) {
        if (worker->has_processes()) return true;
      }
      return false;
    };
    while (any() && environment.clock().steady_now() < deadline) {
      co_await sleep_for(environment.clock(), 20ms);
    }
  }

  [[nodiscard]] std::shared_ptr<PodWorker> find(const std::string& ns,
                                                const std::string& name) const {
    for (const auto& [uid, worker] : pods) {
      const auto& metadata = worker->pod().metadata;
      if (metadata.namespace_ == ns && metadata.name == name) return worker;
    }
    throw Exception(Errc::not_found, "pod \"" + name + "\" is not running here");
  }

  Environment& environment;
  client::Config config;
  LocalClusterOptions options;
  Logger log;
  Manager manager;
  NodeState node;
  ServiceProxy proxy;
  std::map<std::string, std::shared_ptr<PodWorker>> pods;  ///< by UID
  std::set<std::string> addresses;
  int address = 0;
  bool running = false;
  TaskGroup workers;
};

LocalCluster::LocalCluster(Environment& environment, client::Config config,
                           LocalClusterOptions options)
    : impl_(std::make_unique<Impl>(environment, std::move(config), std::move(options))) {}
LocalCluster::~LocalCluster() = default;

Result<void> LocalCluster::check_machine() {
  if (!fs::exists("/usr/bin/bwrap")) {
    return Error{Errc::not_found, "bubblewrap is not installed: apt-get install bubblewrap"};
  }
  const int status =
      ::system(::geteuid() == 0
                   ? "setpriv --reuid 65532 --regid 65532 --clear-groups /usr/bin/bwrap "
                     "--unshare-user --unshare-pid --ro-bind / / true 2>/dev/null"
                   : "/usr/bin/bwrap --unshare-user --unshare-pid --ro-bind / / true 2>/dev/null");
  if (status == 0) return {};
  return Error{Errc::permission,
               "this machine lets ordinary users make no user namespaces, which pods need: "
               "sysctl kernel.unprivileged_userns_clone=1 (and user.max_user_namespaces above 0)"};
}

namespace {

Exception not_running(const api_server::ExecRequest& request) {
  return {Errc::not_found,
          "container \"" + request.container + "\" in pod \"" + request.pod + "\" is not running"};
}

/// The input that one client gives a container; its end is the container's too when its definition
/// says stdinOnce.
Task<void> attach_input(std::shared_ptr<Process> process,
                        std::shared_ptr<api_server::ProcessStreams> streams, bool once) {
  auto feeding = feed_input(process, streams);
  co_await std::move(feeding);
  if (once) process->close_input();
}

/// What a container writes after `offset`, until it ends.
Task<void> follow_output(Environment* environment, std::shared_ptr<PodWorker> worker,
                         std::string container, fs::path log, std::size_t offset,
                         std::shared_ptr<api_server::ProcessStreams> streams) {
  for (bool running = true; running;) {
    running = worker->is_running(container);
    auto more = read_from(log, offset);
    offset += more.size();
    if (!more.empty()) {
      auto writing = streams->write_output(std::move(more));
      co_await std::move(writing);
    }
    if (running) {
      auto pause = sleep_for(environment->clock(), kFollowPeriod);
      co_await std::move(pause);
    }
  }
}

}  // namespace

Task<int> LocalCluster::run() { return impl_->manager.run(); }
void LocalCluster::stop() { impl_->manager.stop(); }

Task<void> LocalCluster::logs(api_server::LogRequest request, api_server::LogWriter write) {
  const auto worker = impl_->find(request.namespace_, request.pod);
  const auto path = worker->log_path(request.container, request.previous);
  if (path.empty()) {
    throw Exception(Errc::not_found,
                    (request.previous ? "previous terminated container \"" : "container \"") +
                        request.container + "\" in pod \"" + request.pod + "\" not found");
  }
  auto text = read_from(path, 0);
  std::size_t offset = text.size();
  if (request.tail_lines) text = tail(text, *request.tail_lines);
  if (request.limit_bytes)
    text.resize(std::min<std::size_t>(text.size(), static_cast<std::size_t>(*request.limit_bytes)));
  if (!text.empty()) co_await write(text);
  while (request.follow && worker->is_running(request.container)) {
    co_await sleep_for(impl_->environment.clock(), kFollowPeriod);
    auto more = read_from(path, offset);
    offset += more.size();
    if (!more.empty()) co_await write(std::move(more));
  }
}

Task<int> LocalCluster::exec(api_server::ExecRequest request,
                             std::shared_ptr<api_server::ProcessStreams> streams) {
  const auto worker = impl_->find(request.namespace_, request.pod);
  const auto target = worker->process_of(request.container);
  if (!target) throw not_running(request);
  auto running = exec_with(impl_->node, *target, std::move(request), std::move(streams));
  co_return co_await std::move(running);
}

Task<void> LocalCluster::attach(api_server::ExecRequest request,
                                std::shared_ptr<api_server::ProcessStreams> streams) {
  const auto worker = impl_->find(request.namespace_, request.pod);
  if (!worker->is_running(request.container)) throw not_running(request);
  const auto* container = worker->find(request.container);
  if (request.tty) {
    throw Exception(Errc::invalid_argument,
                    "containers of the local cluster have no terminal: attach without one "
                    "(kubectl attach without -t), or use exec");
  }
  const auto process = container->process;
  const bool once = container->spec->stdin_once.value_or(false);
  if (request.input && !container->spec->stdin.value_or(false)) {
    throw Exception(Errc::invalid_argument, "container \"" + request.container +
                                                "\" has no standard input: its definition needs "
                                                "stdin: true");
  }
  const auto path = worker->log_path(request.container, false);
  const std::size_t offset = fs::file_size(path);  // before the first input can be answered
  TaskGroup input(impl_->environment.io(), [](std::string_view, std::exception_ptr) {});
  if (request.input) input.spawn("attach input", attach_input(process, streams, once));
  auto following =
      follow_output(&impl_->environment, worker, request.container, path, offset, streams);
  std::exception_ptr failure;
  try {
    co_await std::move(following);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await ignore_cancellation();
  auto stopping = input.stop();
  co_await std::move(stopping);
  if (failure) std::rethrow_exception(failure);
}

Task<std::unique_ptr<Stream>> LocalCluster::dial(std::string namespace_, std::string pod,
                                                 std::uint16_t port) {
  const Endpoint to{impl_->find(namespace_, pod)->address(), port};
  auto dialing = impl_->environment.network(impl_->environment.io()).dial(to);
  co_return co_await std::move(dialing);
}

}  // namespace windlass::inline v0::testing
