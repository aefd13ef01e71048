#include "pod_worker.hpp"

#include <algorithm>

#include <signal.h>

#include "container_worker.hpp"
#include "pod_status.hpp"

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr Duration kRefresh = 1s;

}  // namespace

PodWorker::PodWorker(NodeState& node, Ref<core::Pod> pod, std::string address)
    : context_(node, pod, std::move(address)),
      first_(pod),
      start_time_(context_.now()),
      end_requested_(node.client.executor()),
      tasks_(node.client.executor(), [this](std::string_view what, std::exception_ptr failure) {
        context_.node.log.error("A pod's task failed", {{"pod", context_.pod->metadata.name},
                                                        {"task", what},
                                                        {"error", describe(failure).message}});
      }) {
  const auto fill = [](Containers& containers, const std::vector<core::Container>& specs,
                       bool init) {
    for (const auto& spec : specs) {
      containers.push_back(std::make_unique<ContainerState>());
      containers.back()->spec = &spec;
      containers.back()->init = init;
    }
  };
  fill(inits_, first_->spec.init_containers, true);
  fill(mains_, first_->spec.containers, false);
  if (inits_.empty()) {
    for (auto& container : mains_) container->waiting_reason = "ContainerCreating";
  }
}

PodWorker::~PodWorker() = default;

// ------------------------------------------------------------------------------------------------
// What the node asks

void PodWorker::update(Ref<core::Pod> pod) {
  context_.pod = std::move(pod);
  context_.volumes.update(context_.pod);
  if (context_.pod->metadata.is_deleting() && !context_.deleting) {
    context_.deleting = true;
    end_requested_.set();
  }
}

void PodWorker::forget() {
  context_.forgotten = true;
  end_requested_.set();
}

void PodWorker::terminate_processes() {
  for (const auto* containers : {&inits_, &mains_}) {
    for (const auto& container : *containers) {
      if (container->process && container->pid > 0) ::kill(container->pid, SIGTERM);
    }
  }
}

bool PodWorker::has_processes() const {
  for (const auto* containers : {&inits_, &mains_}) {
    for (const auto& container : *containers) {
      if (container->process && !container->process->exit_code()) return true;
    }
  }
  return false;
}

const ContainerState* PodWorker::find(const std::string& name) const {
  for (const auto* containers : {&inits_, &mains_}) {
    for (const auto& container : *containers) {
      if (container->spec->name == name) return container.get();
    }
  }
  return nullptr;
}

bool PodWorker::is_running(const std::string& container) const {
  const auto* state = find(container);
  return state != nullptr && state->phase == ContainerPhase::running;
}

std::optional<ContainerProcess> PodWorker::process_of(const std::string& container) const {
  const auto* state = find(container);
  return state == nullptr ? std::nullopt : testing::process_of(*state);
}

fs::path PodWorker::log_path(const std::string& container, bool previous) const {
  const auto* state = find(container);
  if (state == nullptr) return {};
  const auto attempt = state->restarts - (previous ? 1 : 0);
  const auto path =
      context_.directory / "logs" / (container + "." + std::to_string(attempt) + ".log");
  return attempt >= 0 && fs::exists(path) ? path : fs::path();
}

// ------------------------------------------------------------------------------------------------
// The pod's life

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
  if (!context_.forgotten) {
    auto finishing = finish_deletion();
    co_await std::move(finishing);
  }
  std::error_code ignored;
  fs::remove_all(context_.directory, ignored);
}

Task<void> PodWorker::live() {
  if (context_.pod->metadata.is_deleting()) {
    context_.deleting = true;
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
  if (!initialized_ || context_.ending()) co_return;
  for (auto& container : mains_) {
    container->waiting_reason = "ContainerCreating";
    tasks_.spawn("container " + container->spec->name, run_container(&context_, container.get()));
  }
}

/// What a scheduler does: the only node takes every pod.
Task<void> PodWorker::bind() {
  if (!context_.pod->spec.node_name.empty()) co_return;
  json::Value binding;
  binding["apiVersion"] = "v1";
  binding["kind"] = "Binding";
  binding["metadata"]["name"] = context_.pod->metadata.name;
  binding["metadata"]["namespace"] = context_.pod->metadata.namespace_;
  binding["target"]["kind"] = "Node";
  binding["target"]["name"] = context_.node.node_name;
  std::exception_ptr failure;
  try {
    auto sending = context_.node.client.create_text(
        core::Pod::resource, context_.pod->metadata.key(), json::dump(binding), {}, "binding");
    co_await std::move(sending);
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure)
    context_.node.log.warn("Cannot bind a pod", {{"pod", context_.pod->metadata.name},
                                                 {"error", describe(failure).message}});
}

/// Waits until everything that the pod refers to is there.
Task<void> PodWorker::prepare_volumes() {
  fs::create_directories(context_.directory / "logs");
  fs::create_directories(context_.directory / "etc");
  for (;;) {
    auto preparing = context_.volumes.prepare();
    const auto missing = co_await std::move(preparing);
    if (missing.empty()) co_return;
    for (auto& container : inits_.empty() ? mains_ : inits_) container->waiting_message = missing;
    context_.changed.set();
    co_await sleep_for(context_.node.environment.clock(), kRefresh);
  }
}

Task<void> PodWorker::refresh_volumes() {
  for (;;) {
    co_await sleep_for(context_.node.environment.clock(), kRefresh);
    co_await context_.volumes.refresh();
  }
}

Task<void> PodWorker::run_init_containers() {
  for (auto& container : inits_) {
    container->waiting_reason = "PodInitializing";
    auto running = run_container(&context_, container.get());
    co_await std::move(running);
    if (context_.ending() || container->exit_code != 0) co_return;
    container->ready = true;
  }
  initialized_ = true;
  context_.changed.set();
}

Task<void> PodWorker::stop_all() {
  TaskGroup stopping(context_.node.client.executor());
  for (auto* containers : {&inits_, &mains_}) {
    for (auto& container : *containers)
      stopping.spawn("stop", stop_container(&context_, container.get(), context_.grace_period()));
  }
  co_await stopping.join();
  // the containers' own tasks see the end and write it into the status
  while (has_processes()) co_await sleep_for(context_.node.environment.clock(), 10ms);
}

Task<void> PodWorker::finish_deletion() {
  for (;;) {
    client::DeleteOptions options;
    options.uid = context_.pod->metadata.uid;
    options.grace_period_seconds = 0;
    std::exception_ptr failure;
    try {
      co_await context_.node.client.remove(core::Pod::resource, context_.pod->metadata.key(),
                                           options);
      co_return;
    } catch (const client::ApiError& error) {
      if (error.is_conflict() || error.is_not_found())
        co_return;  // another pod has the name by now
      failure = std::current_exception();
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    co_await sleep_for(context_.node.environment.clock(), kRefresh);
  }
}

Task<void> PodWorker::publish_loop() {
  std::string published;
  context_.changed.set();
  for (;;) {
    co_await context_.changed.wait();
    context_.changed.reset();
    const PodFacts facts{*context_.pod, inits_,         mains_,      context_.address,
                         start_time_,   context_.now(), initialized_};
    const auto text = json::dump(pod_status_patch(facts));
    if (text == published || context_.forgotten) continue;
    std::exception_ptr failure;
    try {
      co_await context_.node.client.patch_text(core::Pod::resource, context_.pod->metadata.key(),
                                               "status", client::PatchType::merge, text);
      published = text;
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) {
      context_.node.log.debug("Cannot publish a pod's status",
                              {{"error", describe(failure).message}});
      co_await sleep_for(context_.node.environment.clock(), 500ms);
      context_.changed.set();
    }
  }
}

}  // namespace windlass::inline v0::testing
