#include "pod_worker.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <windlass/http/client.hpp>

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr int kInfoFd = 9;
constexpr const char* kCredentials = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr Duration kFirstBackoff = 1s;
constexpr Duration kLongestBackoff = 30s;
constexpr Duration kCalm = 60s;
constexpr Duration kRefresh = 1s;
constexpr std::int64_t kTokenSeconds = 3600;

bool restarts(const core::Pod& pod, int exit_code) {
  if (pod.spec.restart_policy == "Never") return false;
  return pod.spec.restart_policy != "OnFailure" || exit_code != 0;
}

const core::Volume* find_volume(const core::Pod& pod, const std::string& name) {
  const auto found = std::find_if(pod.spec.volumes.begin(), pod.spec.volumes.end(),
                                  [&](const auto& volume) { return volume.name == name; });
  return found == pod.spec.volumes.end() ? nullptr : &*found;
}

std::int32_t port_number(const core::Container& container, const meta::IntOrString& port) {
  if (port.is_int()) return port.as_int();
  for (const auto& named : container.ports) {
    if (named.name == port.as_string()) return named.container_port;
  }
  return 0;
}

json::Value time_value(const meta::Time& time) { return time.is_zero() ? json::Value() : json::Value(time.to_string()); }

json::Value condition(const char* type, bool holds, const std::string& reason) {
  json::Value made;
  made["type"] = type;
  made["status"] = holds ? "True" : "False";
  if (!reason.empty()) made["reason"] = reason;
  return made;
}

}  // namespace

PodWorker::PodWorker(NodeState& node, Ref<core::Pod> pod, std::string address)
    : node_(node),
      pod_(pod),
      first_(pod),
      address_(std::move(address)),
      directory_(node.options.state_directory / "pods" / pod->metadata.uid),
      start_time_(now()),
      end_requested_(node.client.executor()),
      dirty_(node.client.executor()),
      tasks_(node.client.executor(), [this](std::string_view what, std::exception_ptr failure) {
        node_.log.error("A pod's task failed", {{"pod", pod_->metadata.name}, {"task", what},
                                                {"error", describe(failure).message}});
      }) {
  const auto fill = [](Containers& slots, const std::vector<core::Container>& specs) {
    for (const auto& spec : specs) {
      slots.push_back(std::make_unique<Slot>());
      slots.back()->spec = &spec;
    }
  };
  fill(inits_, first_->spec.init_containers);
  fill(mains_, first_->spec.containers);
  if (inits_.empty()) {
    for (auto& slot : mains_) slot->waiting_reason = "ContainerCreating";
  }
}

PodWorker::~PodWorker() = default;

meta::Time PodWorker::now() const { return meta::Time::from(node_.environment.clock().wall_now()); }

void PodWorker::changed() { dirty_.set(); }

void PodWorker::update(Ref<core::Pod> pod) {
  pod_ = std::move(pod);
  if (pod_->metadata.is_deleting() && !deleting_) {
    deleting_ = true;
    end_requested_.set();
  }
}

void PodWorker::forget() {
  forgotten_ = true;
  end_requested_.set();
}

void PodWorker::terminate_processes() {
  for (const auto* slots : {&inits_, &mains_}) {
    for (const auto& slot : *slots) {
      if (slot->process && slot->pid > 0) ::kill(slot->pid, SIGTERM);
    }
  }
}

bool PodWorker::has_processes() const {
  for (const auto* slots : {&inits_, &mains_}) {
    for (const auto& slot : *slots) {
      if (slot->process && !slot->process->exit_code()) return true;
    }
  }
  return false;
}

const PodWorker::Slot* PodWorker::find_slot(const std::string& container) const {
  for (const auto* slots : {&inits_, &mains_}) {
    for (const auto& slot : *slots) {
      if (slot->spec->name == container) return slot.get();
    }
  }
  return nullptr;
}

bool PodWorker::is_running(const std::string& container) const {
  const auto* slot = find_slot(container);
  return slot != nullptr && slot->phase == Phase::running;
}

std::optional<PodWorker::Target> PodWorker::process_of(const std::string& container) const {
  const auto* slot = find_slot(container);
  if (slot == nullptr || slot->phase != Phase::running || slot->pid == 0) return std::nullopt;
  return Target{slot->pid, slot->user};
}

fs::path PodWorker::log_path(const std::string& container, bool previous) const {
  const auto* slot = find_slot(container);
  if (slot == nullptr) return {};
  const auto attempt = slot->restarts - (previous ? 1 : 0);
  const auto path = directory_ / "logs" / (container + "." + std::to_string(attempt) + ".log");
  return attempt >= 0 && fs::exists(path) ? path : fs::path();
}

Task<void> PodWorker::run() {
  tasks_.spawn("status", publish_loop());
  tasks_.spawn("life", live());
  std::exception_ptr stopped;
  try {
    co_await end_requested_.wait();
  } catch (...) {
    stopped = std::current_exception();
  }
  if (stopped) {
    co_await ignore_cancellation();
    co_await tasks_.stop();
    std::rethrow_exception(stopped);
  }
  auto stopping = stop_all();
  co_await std::move(stopping);
  co_await tasks_.stop();
  if (!forgotten_) {
    auto finishing = finish_deletion();
    co_await std::move(finishing);
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

Task<void> PodWorker::live() {
  if (pod_->metadata.is_deleting()) {
    deleting_ = true;
    end_requested_.set();
    co_return;
  }
  auto binding = bind();
  co_await std::move(binding);
  auto preparing = prepare_volumes();
  co_await std::move(preparing);
  tasks_.spawn("volumes", refresh_volumes());
  auto initializing = run_init_containers();
  co_await std::move(initializing);
  if (!initialized_ || ending()) co_return;
  for (auto& slot : mains_) {
    slot->waiting_reason = "ContainerCreating";
    tasks_.spawn("container " + slot->spec->name, run_container(slot.get()));
  }
}

/// What a scheduler does: the only node takes every pod.
Task<void> PodWorker::bind() {
  if (!pod_->spec.node_name.empty()) co_return;
  json::Value binding;
  binding["apiVersion"] = "v1";
  binding["kind"] = "Binding";
  binding["metadata"]["name"] = pod_->metadata.name;
  binding["metadata"]["namespace"] = pod_->metadata.namespace_;
  binding["target"]["kind"] = "Node";
  binding["target"]["name"] = node_.node_name;
  std::exception_ptr failure;
  try {
    auto sending = node_.client.create_text(core::Pod::resource, pod_->metadata.key(),
                                            json::dump(binding), {}, "binding");
    co_await std::move(sending);
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure) node_.log.warn("Cannot bind a pod", {{"pod", pod_->metadata.name}, {"error", describe(failure).message}});
}

fs::path PodWorker::volume_path(const core::Volume& volume) const {
  if (volume.persistent_volume_claim) {
    const auto claim = node_.cache.get<core::PersistentVolumeClaim>(
        {pod_->metadata.namespace_, volume.persistent_volume_claim->claim_name});
    if (!claim || claim->status.phase != "Bound") return {};
    return node_.options.state_directory / "volumes" / ("pvc-" + claim->metadata.uid);
  }
  if (volume.host_path) return volume.host_path->path;
  return directory_ / "volumes" / volume.name;
}

void PodWorker::own(const fs::path& path) const {
  if (!node_.is_root) return;
  const auto& security = pod_->spec.security_context;
  const auto uid = security ? security->run_as_user.value_or(65532) : 65532;
  const auto gid = security ? security->fs_group.value_or(security->run_as_group.value_or(uid)) : uid;
  if (::chown(path.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0) {
    node_.log.warn("Cannot hand a folder to a pod", {{"path", path.string()}});
  }
}

/// Waits until everything that the pod refers to is there.
Task<void> PodWorker::prepare_volumes() {
  fs::create_directories(directory_ / "logs");
  fs::create_directories(directory_ / "etc");
  for (;;) {
    std::string problem;
    auto fetching = fetch_token();
    std::exception_ptr failure;
    try {
      co_await std::move(fetching);
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) {
      problem = describe(failure).message;
    } else if (const auto written = write_credentials(); !written) {
      problem = written.error().message;
    }
    for (const auto& volume : first_->spec.volumes) {
      const auto path = volume_path(volume);
      if (path.empty()) {
        problem = "claim \"" + volume.persistent_volume_claim->claim_name + "\" is not bound";
        break;
      }
      if (has_files(volume)) {
        const auto files = volume_files(volume, *pod_, node_.cache, token_);
        const auto written = files ? write_files(path, *files) : Result<void>(files.error());
        if (!written) problem = "volume \"" + volume.name + "\": " + written.error().message;
      } else if (!volume.host_path) {
        const bool fresh = fs::create_directories(path);
        if (fresh) fs::permissions(path, fs::perms::all);
        if (fresh) own(path);
      }
      if (!problem.empty()) break;
    }
    if (problem.empty()) co_return;
    for (auto& slot : inits_.empty() ? mains_ : inits_) slot->waiting_message = problem;
    changed();
    co_await sleep_for(node_.environment.clock(), kRefresh);
  }
}

/// The API server's own admission adds a volume with credentials to most pods; here it is a folder.
bool PodWorker::mounts_credentials() const {
  if (pod_->spec.automount_service_account_token) return *pod_->spec.automount_service_account_token;
  const auto account = node_.cache.get<core::ServiceAccount>({pod_->metadata.namespace_, account_name()});
  return !account || account->automount_service_account_token.value_or(true);
}

std::string PodWorker::account_name() const {
  return pod_->spec.service_account_name.empty() ? "default" : pod_->spec.service_account_name;
}

Result<void> PodWorker::write_credentials() const {
  if (!mounts_credentials()) return {};
  return write_files(directory_ / "serviceaccount", {{"token", {token_}},
                                                     {"ca.crt", {node_.ca_pem}},
                                                     {"namespace", {pod_->metadata.namespace_}}});
}

Task<void> PodWorker::fetch_token() {
  const auto steady = node_.environment.clock().steady_now();
  const bool fresh = !token_.empty() && steady - token_fetched_ < std::chrono::seconds(kTokenSeconds / 2);
  const bool projected = std::any_of(first_->spec.volumes.begin(), first_->spec.volumes.end(),
                                     [](const auto& v) { return v.projected.has_value(); });
  if (fresh || !(projected || mounts_credentials())) co_return;
  json::Value request;
  request["apiVersion"] = "authentication.k8s.io/v1";
  request["kind"] = "TokenRequest";
  request["spec"]["audiences"] = json::Array{};
  request["spec"]["expirationSeconds"] = kTokenSeconds;
  auto& bound = request["spec"]["boundObjectRef"];
  bound["apiVersion"] = "v1";
  bound["kind"] = "Pod";
  bound["name"] = pod_->metadata.name;
  bound["uid"] = pod_->metadata.uid;
  auto creating = node_.client.create_text(core::ServiceAccount::resource,
                                           {pod_->metadata.namespace_, account_name()}, json::dump(request),
                                           {}, "token");
  const auto answer = co_await std::move(creating);
  token_ = json::parse(answer).value().at_path({"status", "token"}).as_string();
  token_fetched_ = steady;
}

Task<void> PodWorker::refresh_volumes() {
  for (;;) {
    co_await sleep_for(node_.environment.clock(), kRefresh);
    std::exception_ptr failure;
    try {
      co_await fetch_token();
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    (void)write_credentials();
    for (const auto& volume : first_->spec.volumes) {
      if (!has_files(volume)) continue;
      const auto files = volume_files(volume, *pod_, node_.cache, token_);
      if (files) (void)write_files(volume_path(volume), *files);
    }
  }
}

Task<void> PodWorker::run_init_containers() {
  for (auto& slot : inits_) {
    slot->waiting_reason = "PodInitializing";
    auto running = run_container(slot.get());
    co_await std::move(running);
    if (ending() || slot->exit_code != 0) co_return;
    slot->ready = true;
  }
  initialized_ = true;
  changed();
}

void PodWorker::wait_with(Slot* slot, const std::string& reason, const std::string& message) {
  slot->phase = Phase::waiting;
  slot->waiting_reason = reason;
  slot->waiting_message = message;
  changed();
}

/// Runs and restarts a container as the pod's policy says; returns when it is not to run any more.
Task<void> PodWorker::run_container(Slot* slot) {
  Duration backoff = kFirstBackoff;
  const bool is_init = std::any_of(inits_.begin(), inits_.end(), [&](const auto& s) { return s.get() == slot; });
  while (!ending() && !tasks_.cancelled()) {
    auto starting = start(slot);
    const bool running = co_await std::move(starting);
    if (running) {
      TaskGroup probes(node_.client.executor());
      if (!is_init) probes.spawn("probes", probe_loop(slot));
      auto waiting = slot->process->wait();
      std::exception_ptr stopped;
      int code = 0;
      try {
        code = co_await std::move(waiting);
      } catch (...) {
        stopped = std::current_exception();
      }
      co_await ignore_cancellation();
      co_await probes.stop();
      if (stopped) std::rethrow_exception(stopped);
      slot->exit_code = code;
      slot->phase = Phase::ended;
      slot->finished_at = now();
      slot->ready = false;
      slot->started = false;
      slot->process.reset();
      slot->pid = 0;
      changed();
      if (ending()) co_return;
      if (is_init && code == 0) co_return;
      if (!restarts(*pod_, code)) co_return;
      if (node_.environment.clock().steady_now() - slot->running_since > kCalm) backoff = kFirstBackoff;
      slot->last_exit_code = code;
      slot->last_started_at = slot->started_at;
      slot->last_finished_at = slot->finished_at;
      ++slot->restarts;
      wait_with(slot, "CrashLoopBackOff", "back-off " + format_duration(backoff) + " restarting failed container");
    }
    co_await sleep_for(node_.environment.clock(), backoff);
    backoff = std::min(backoff * 2, kLongestBackoff);
  }
}

std::vector<Mount> PodWorker::mounts_of(const core::Container& container) const {
  std::vector<Mount> mounts;
  for (const auto& mount : container.volume_mounts) {
    const auto* volume = find_volume(*first_, mount.name);
    if (volume == nullptr) continue;
    const bool memory = volume->empty_dir && volume->empty_dir->medium == "Memory";
    Mount made;
    made.path = mount.mount_path;
    made.read_only = mount.read_only.value_or(false) || has_files(*volume);
    if (!memory) {
      auto host = volume_path(*volume);
      if (!mount.sub_path.empty()) {
        host /= mount.sub_path;
        std::error_code ignored;
        if (!fs::exists(host) && fs::create_directories(host, ignored)) {
          fs::permissions(host, fs::perms::all, ignored);
          own(host);
        }
      }
      made.host = host.string();
    }
    mounts.push_back(std::move(made));
  }
  const bool own_credentials = std::any_of(mounts.begin(), mounts.end(),
                                           [](const auto& m) { return m.path == kCredentials; });
  if (!own_credentials && mounts_credentials()) {
    mounts.push_back({(directory_ / "serviceaccount").string(), kCredentials, true});
  }
  return mounts;
}

std::pair<std::int64_t, std::int64_t> PodWorker::user_of(const core::Container& container,
                                                         const ImageRoot& image) const {
  const auto& pod = pod_->spec.security_context;
  auto uid = pod && pod->run_as_user ? *pod->run_as_user : image.uid;
  auto gid = pod && pod->run_as_group ? *pod->run_as_group : uid;
  if (pod && pod->fs_group) gid = *pod->fs_group;
  if (container.security_context) {
    uid = container.security_context->run_as_user.value_or(uid);
    gid = container.security_context->run_as_group.value_or(gid);
  }
  return {uid, gid};
}

Task<bool> PodWorker::start(Slot* slot) {
  const auto& spec = *slot->spec;
  const auto* image = find_image(node_.options.images, spec.image);
  if (image == nullptr) {
    wait_with(slot, "ErrImagePull",
              "image \"" + spec.image + "\" is not in the local cluster's table of images");
    co_return false;
  }
  Sandbox sandbox;
  std::tie(sandbox.uid, sandbox.gid) = user_of(spec, *image);
  if (sandbox.uid == 0) {
    wait_with(slot, "CreateContainerConfigError", "the local cluster runs no container as root");
    co_return false;
  }
  sandbox.hostname = pod_->spec.hostname.empty() ? pod_->metadata.name : pod_->spec.hostname;
  sandbox.mounts = mounts_of(spec);
  sandbox.working_directory = spec.working_dir;
  sandbox.read_only_root =
      spec.security_context && spec.security_context->read_only_root_filesystem.value_or(false);
  std::map<std::string, std::string> base{{"PATH", image->search_path},
                                          {"HOME", "/"},
                                          {"HOSTNAME", sandbox.hostname},
                                          {"KUBERNETES_SERVICE_HOST", node_.api_server.host},
                                          {"KUBERNETES_SERVICE_PORT", std::to_string(node_.api_server.port)},
                                          {"WINDLASS_POD_ADDRESS", address_}};
  core::Pod with_address = *pod_;
  with_address.status.pod_ip = address_;
  with_address.status.host_ip = "127.0.0.1";
  with_address.spec.node_name = node_.node_name;
  auto environment = container_environment(spec, with_address, node_.cache, std::move(base));
  if (!environment) {
    wait_with(slot, "CreateContainerConfigError", environment.error().message);
    co_return false;
  }
  sandbox.environment = std::move(*environment);
  const auto& program = spec.command.empty() ? image->entrypoint : spec.command;
  for (const auto& word : program) sandbox.command.push_back(expand_variables(word, sandbox.environment));
  for (const auto& word : spec.args) sandbox.command.push_back(expand_variables(word, sandbox.environment));
  if (sandbox.command.empty()) {
    wait_with(slot, "CreateContainerError", "the container has no command and its image no entrypoint");
    co_return false;
  }
  const auto etc = directory_ / "etc";
  const auto id = std::to_string(sandbox.uid) + ":" + std::to_string(sandbox.gid);
  std::ofstream(etc / "passwd") << "root:x:0:0::/:/usr/sbin/nologin\npod:x:" << id << "::/:/bin/sh\n";
  std::ofstream(etc / "group") << "root:x:0:\npod:x:" << sandbox.gid << ":\n";
  std::ofstream(etc / "hosts") << "127.0.0.1 localhost\n" << address_ << " " << sandbox.hostname << "\n";
  std::ofstream(etc / "resolv.conf") << "";
  sandbox.etc = etc.string();

  ProcessOptions options;
  options.arguments = sandbox_command(sandbox, *image, kInfoFd);
  options.output = directory_ / "logs" / (spec.name + "." + std::to_string(slot->restarts) + ".log");
  options.info_fd = kInfoFd;
  slot->user = {static_cast<uid_t>(sandbox.uid), static_cast<gid_t>(sandbox.gid)};
  if (node_.is_root) options.user = slot->user;
  auto process = Process::start(node_.client.executor(), options);
  if (!process) {
    wait_with(slot, "CreateContainerError", process.error().message);
    co_return false;
  }
  slot->process = std::move(*process);
  const auto info = co_await slot->process->info();
  const auto parsed = json::parse(info);
  slot->pid = parsed ? static_cast<pid_t>((*parsed)["child-pid"].integer_or(0)) : 0;
  slot->phase = Phase::running;
  slot->exit_code.reset();
  slot->started_at = now();
  slot->running_since = node_.environment.clock().steady_now();
  slot->started = !spec.startup_probe;
  slot->ready = slot->started && !spec.readiness_probe;
  changed();
  co_return true;
}

Task<bool> PodWorker::probe(Slot* slot, const core::Probe* probe) {
  const auto timeout = std::chrono::seconds(probe->timeout_seconds.value_or(1));
  const auto& meta_port = probe->http_get ? probe->http_get->port
                                          : probe->tcp_socket ? probe->tcp_socket->port : meta::IntOrString(0);
  const auto port = static_cast<std::uint16_t>(port_number(*slot->spec, meta_port));
  const Endpoint target{address_, port};
  std::exception_ptr failure;
  bool good = false;
  try {
    if (probe->http_get) {
      http::ClientOptions options;
      options.server = target;
      if (probe->http_get->scheme == "HTTPS") {
        options.tls = http::TlsClientOptions{};
        options.tls->verify = false;
      }
      http::Client client(node_.environment, node_.client.executor(), options);
      http::Request request;
      request.target = probe->http_get->path.empty() ? "/" : probe->http_get->path;
      request.headers.set("Host", to_string(target));
      request.headers.set("User-Agent", "kube-probe/local");
      for (const auto& header : probe->http_get->http_headers) request.headers.set(header.name, header.value);
      http::SendOptions send_options;
      send_options.timeout = timeout;
      const auto response = co_await client.send(request, send_options);
      good = response.status >= 200 && response.status < 400;
    } else if (probe->tcp_socket) {
      auto dialing = node_.environment.network(node_.client.executor()).dial(target);
      auto limited = with_timeout(node_.environment.clock(), timeout, "a probe", std::move(dialing));
      const auto stream = co_await std::move(limited);
      good = stream != nullptr;
    } else {
      good = true;  // exec and gRPC probes are not run here: README.md says so
    }
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  co_return good;
}

/// Startup first, then readiness and liveness, each by its own period.
Task<void> PodWorker::probe_loop(Slot* slot) {
  struct Run {
    const core::Probe* probe;
    SteadyTime next;
    int successes = 0;
    int failures = 0;
  };
  auto& clock = node_.environment.clock();
  const auto begin = clock.steady_now();
  const auto make = [&](const Box<core::Probe>& box) {
    return Run{box.get(), begin + std::chrono::seconds(box ? box->initial_delay_seconds.value_or(0) : 0)};
  };
  Run startup = make(slot->spec->startup_probe);
  Run readiness = make(slot->spec->readiness_probe);
  Run liveness = make(slot->spec->liveness_probe);
  for (;;) {
    std::vector<Run*> due;
    if (!slot->started) {
      due = {&startup};
    } else {
      due = {&readiness, &liveness};
    }
    std::erase_if(due, [](const Run* run) { return run->probe == nullptr; });
    if (due.empty()) co_return;
    auto* run = *std::min_element(due.begin(), due.end(),
                                  [](const Run* a, const Run* b) { return a->next < b->next; });
    const auto pause = run->next - clock.steady_now();
    if (pause > Duration::zero()) co_await sleep_for(clock, pause);
    auto probing = probe(slot, run->probe);
    const bool good = co_await std::move(probing);
    run->next = clock.steady_now() + std::chrono::seconds(run->probe->period_seconds.value_or(10));
    run->successes = good ? run->successes + 1 : 0;
    run->failures = good ? 0 : run->failures + 1;
    const bool passed = run->successes >= run->probe->success_threshold.value_or(1);
    const bool failed = run->failures >= run->probe->failure_threshold.value_or(3);
    if (run == &readiness && (passed || failed) && slot->ready != passed) {
      slot->ready = passed;
      changed();
    }
    if (run == &startup && passed) {
      slot->started = true;
      slot->ready = readiness.probe == nullptr;
      changed();
    }
    if (run != &readiness && failed) {
      node_.log.info("A container failed its probe and is stopped",
                     {{"pod", pod_->metadata.name}, {"container", slot->spec->name},
                      {"probe", run == &startup ? "startup" : "liveness"}});
      auto killing = kill_container(slot, std::chrono::seconds(pod_->spec.termination_grace_period_seconds.value_or(30)));
      co_await std::move(killing);
      co_return;
    }
  }
}

Task<void> PodWorker::kill_container(Slot* slot, Duration grace) {
  if (!slot->process || slot->process->exit_code()) co_return;
  if (slot->pid > 0 && grace > Duration::zero()) {
    ::kill(slot->pid, SIGTERM);
    auto waiting = slot->process->wait();
    auto limited = with_timeout(node_.environment.clock(), grace, "a container's end", std::move(waiting));
    std::exception_ptr failure;
    try {
      co_await std::move(limited);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return;
    if (is_cancellation(failure)) std::rethrow_exception(failure);
  }
  if (slot->process) slot->process->signal(SIGKILL);
}

Task<void> PodWorker::stop_all() {
  const auto grace = std::chrono::seconds(pod_->metadata.deletion_grace_period_seconds.value_or(
      pod_->spec.termination_grace_period_seconds.value_or(30)));
  TaskGroup stopping(node_.client.executor());
  for (auto* slots : {&inits_, &mains_}) {
    for (auto& slot : *slots) stopping.spawn("stop", kill_container(slot.get(), grace));
  }
  co_await stopping.join();
  // the containers' own tasks see the end and write it into the status
  while (has_processes()) co_await sleep_for(node_.environment.clock(), 10ms);
}

Task<void> PodWorker::finish_deletion() {
  for (;;) {
    client::DeleteOptions options;
    options.uid = pod_->metadata.uid;
    options.grace_period_seconds = 0;
    std::exception_ptr failure;
    try {
      co_await node_.client.remove(core::Pod::resource, pod_->metadata.key(), options);
      co_return;
    } catch (const client::ApiError& error) {
      if (error.is_conflict() || error.is_not_found()) co_return;  // another pod has the name by now
      failure = std::current_exception();
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    co_await sleep_for(node_.environment.clock(), kRefresh);
  }
}

Task<void> PodWorker::publish_loop() {
  std::string published;
  dirty_.set();
  for (;;) {
    co_await dirty_.wait();
    dirty_.reset();
    auto patch = status_patch();
    const auto text = json::dump(patch);
    if (text == published || forgotten_) continue;
    std::exception_ptr failure;
    try {
      co_await node_.client.patch_text(core::Pod::resource, pod_->metadata.key(), "status",
                                       client::PatchType::merge, text);
      published = text;
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) {
      node_.log.debug("Cannot publish a pod's status", {{"error", describe(failure).message}});
      co_await sleep_for(node_.environment.clock(), 500ms);
      dirty_.set();
    }
  }
}

json::Value PodWorker::container_status(const Slot& slot) const {
  json::Value status;
  status["name"] = slot.spec->name;
  status["image"] = slot.spec->image;
  status["imageID"] = "";
  status["containerID"] = slot.pid > 0 ? "local://" + std::to_string(slot.pid) : std::string();
  status["ready"] = slot.ready;
  status["started"] = slot.started;
  status["restartCount"] = slot.restarts;
  auto& state = status["state"];
  switch (slot.phase) {
    case Phase::running: state["running"]["startedAt"] = time_value(slot.started_at); break;
    case Phase::ended: {
      auto& ended = state["terminated"];
      const int code = slot.exit_code.value_or(0);
      ended["exitCode"] = code;
      ended["reason"] = code == 0 ? "Completed" : "Error";
      ended["startedAt"] = time_value(slot.started_at);
      ended["finishedAt"] = time_value(slot.finished_at);
      break;
    }
    case Phase::waiting:
      state["waiting"]["reason"] = slot.waiting_reason;
      if (!slot.waiting_message.empty()) state["waiting"]["message"] = slot.waiting_message;
      break;
  }
  if (slot.last_exit_code) {
    auto& last = status["lastState"]["terminated"];
    last["exitCode"] = *slot.last_exit_code;
    last["reason"] = *slot.last_exit_code == 0 ? "Completed" : "Error";
    last["startedAt"] = time_value(slot.last_started_at);
    last["finishedAt"] = time_value(slot.last_finished_at);
  }
  return status;
}

json::Value PodWorker::status_patch() const {
  json::Value patch;
  patch["metadata"]["uid"] = pod_->metadata.uid;
  auto& status = patch["status"];
  status["podIP"] = address_;
  status["podIPs"] = json::Array{json::Object{{"ip", address_}}};
  status["hostIP"] = "127.0.0.1";
  status["startTime"] = time_value(start_time_);
  json::Array inits;
  for (const auto& slot : inits_) inits.push_back(container_status(*slot));
  if (!inits.empty()) status["initContainerStatuses"] = std::move(inits);
  json::Array mains;
  bool all_ready = initialized_;
  bool any_running = false;
  bool all_ended = true;
  bool any_failed = false;
  for (const auto& slot : mains_) {
    mains.push_back(container_status(*slot));
    all_ready = all_ready && slot->ready;
    any_running = any_running || slot->phase == Phase::running;
    const bool ended = slot->phase == Phase::ended && !restarts(*pod_, slot->exit_code.value_or(0));
    all_ended = all_ended && ended;
    any_failed = any_failed || (ended && slot->exit_code.value_or(0) != 0);
  }
  status["containerStatuses"] = std::move(mains);
  const bool restarted = std::any_of(mains_.begin(), mains_.end(), [](const auto& s) { return s->restarts > 0; });
  std::string phase = "Pending";
  if (any_running || restarted) phase = "Running";
  if (all_ended && initialized_) phase = any_failed ? "Failed" : "Succeeded";
  status["phase"] = phase;
  const std::string unready = all_ready ? "" : "ContainersNotReady";
  json::Array conditions{condition("PodScheduled", true, ""), condition("Initialized", initialized_, initialized_ ? "" : "ContainersNotInitialized"),
                         condition("ContainersReady", all_ready, unready), condition("Ready", all_ready, unready)};
  for (auto& made : conditions) {
    const auto type = std::as_const(made)["type"].as_string();
    const auto wanted = std::as_const(made)["status"].as_string();
    auto since = now();
    for (const auto& old : pod_->status.conditions) {
      if (old.type == type && old.status == wanted && old.last_transition_time) since = *old.last_transition_time;
    }
    made["lastTransitionTime"] = time_value(since);
  }
  status["conditions"] = std::move(conditions);
  return patch;
}

}  // namespace windlass::inline v0::testing
