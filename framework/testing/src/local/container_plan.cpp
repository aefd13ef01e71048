#include "container_plan.hpp"

#include "handlers.hpp"

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
namespace fs = std::filesystem;

namespace {

std::pair<std::int64_t, std::int64_t> user_of(const core::Pod& subject,
                                              const core::Container& container,
                                              const ImageRoot& image) {
  const auto& pod = subject.spec.security_context;
  auto uid = pod && pod->run_as_user ? *pod->run_as_user : image.uid;
  auto gid = pod && pod->run_as_group ? *pod->run_as_group : uid;
  if (pod && pod->fs_group) gid = *pod->fs_group;
  if (container.security_context) {
    uid = container.security_context->run_as_user.value_or(uid);
    gid = container.security_context->run_as_group.value_or(gid);
  }
  return {uid, gid};
}

/// What every container of the node gets; its own variables come on top.
std::map<std::string, std::string> base_environment(const NodeState& node, const core::Pod& pod,
                                                    const ImageRoot& image,
                                                    const std::string& hostname) {
  return {{"PATH", image.search_path},
          {"HOME", "/"},
          {"HOSTNAME", hostname},
          {"KUBERNETES_SERVICE_HOST", node.api_server.host},
          {"KUBERNETES_SERVICE_PORT", std::to_string(node.api_server.port)},
          {"WINDLASS_POD_ADDRESS", pod.status.pod_ip}};
}

}  // namespace

ContainerPlan plan_container(const NodeState& node, const core::Pod& pod,
                             const core::Container& container, const PodVolumes& volumes,
                             const fs::path& directory) {
  ContainerPlan plan;
  const auto refuse = [&plan](const char* reason, std::string message) {
    plan.refusal = reason;
    plan.message = std::move(message);
    return plan;
  };
  plan.image = find_image(node.options.images, container.image);
  if (plan.image == nullptr) {
    return refuse("ErrImagePull", "image \"" + container.image +
                                      "\" is not in the local cluster's table of images");
  }
  auto& sandbox = plan.sandbox;
  std::tie(sandbox.uid, sandbox.gid) = user_of(pod, container, *plan.image);
  if (sandbox.uid == 0)
    return refuse("CreateContainerConfigError", "the local cluster runs no container as root");
  if (auto problem = unsupported_handlers(container); !problem.empty()) {
    return refuse("CreateContainerConfigError", std::move(problem));
  }
  sandbox.hostname = pod.spec.hostname.empty() ? pod.metadata.name : pod.spec.hostname;
  sandbox.mounts = volumes.mounts_of(container);
  sandbox.working_directory = container.working_dir;
  sandbox.etc = (directory / "etc").string();
  sandbox.read_only_root = container.security_context &&
                           container.security_context->read_only_root_filesystem.value_or(false);
  auto environment = container_environment(
      container, pod, node.cache, base_environment(node, pod, *plan.image, sandbox.hostname));
  if (!environment) return refuse("CreateContainerConfigError", environment.error().message);
  sandbox.environment = std::move(*environment);
  const auto& program = container.command.empty() ? plan.image->entrypoint : container.command;
  for (const auto& word : program)
    sandbox.command.push_back(expand_variables(word, sandbox.environment));
  for (const auto& word : container.args)
    sandbox.command.push_back(expand_variables(word, sandbox.environment));
  if (sandbox.command.empty()) {
    return refuse("CreateContainerError",
                  "the container has no command and its image no entrypoint");
  }
  return plan;
}

Result<void> write_etc(const Sandbox& sandbox, const std::string& address) {
  const auto uid = std::to_string(sandbox.uid);
  const auto gid = std::to_string(sandbox.gid);
  return write_files(
      sandbox.etc,
      {{"passwd", {"root:x:0:0::/:/usr/sbin/nologin\npod:x:" + uid + ":" + gid + "::/:/bin/sh\n"}},
       {"group", {"root:x:0:\npod:x:" + gid + ":\n"}},
       {"hosts", {"127.0.0.1 localhost\n" + address + " " + sandbox.hostname + "\n"}},
       {"resolv.conf", {}}});
}

}  // namespace windlass::inline v0::testing
