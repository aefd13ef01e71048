#include "pod_volumes.hpp"

#include <algorithm>

#include <unistd.h>

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
namespace fs = std::filesystem;

namespace {

constexpr const char* kCredentials = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::int64_t kTokenSeconds = 3600;

const core::Volume* find_volume(const core::Pod& pod, const std::string& name) {
  const auto found = std::find_if(pod.spec.volumes.begin(), pod.spec.volumes.end(),
                                  [&](const auto& volume) { return volume.name == name; });
  return found == pod.spec.volumes.end() ? nullptr : &*found;
}

}  // namespace

PodVolumes::PodVolumes(NodeState& node, Ref<core::Pod> pod, fs::path directory)
    : node_(node), pod_(std::move(pod)), directory_(std::move(directory)) {}

Task<std::string> PodVolumes::prepare() {
  std::exception_ptr failure;
  try {
    co_await fetch_token();
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure) co_return describe(failure).message;
  if (const auto written = write_credentials(); !written) co_return written.error().message;
  for (const auto& volume : pod_->spec.volumes) {
    if (const auto made = prepare_volume(volume); !made) co_return made.error().message;
  }
  co_return std::string();
}

Result<void> PodVolumes::prepare_volume(const core::Volume& volume) const {
  const auto path = path_of(volume);
  if (path.empty()) {
    return Error{Errc::unavailable,
                 "claim \"" + volume.persistent_volume_claim->claim_name + "\" is not bound"};
  }
  if (has_files(volume)) {
    const auto files = volume_files(volume, *pod_, node_.cache, token_);
    const auto written = files ? write_files(path, *files) : Result<void>(files.error());
    if (written) return {};
    return Error{written.error().code,
                 "volume \"" + volume.name + "\": " + written.error().message};
  }
  if (!volume.host_path && fs::create_directories(path)) {
    fs::permissions(path, fs::perms::all);
    own(path);
  }
  return {};
}

Task<void> PodVolumes::refresh() {
  std::exception_ptr failure;
  try {
    co_await fetch_token();
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  std::string trouble = failure ? "token: " + describe(failure).message : std::string();
  const auto note = [&trouble](const std::string& what, const Error& error) {
    trouble += (trouble.empty() ? "" : "; ") + what + ": " + error.message;
  };
  if (const auto written = write_credentials(); !written) note("credentials", written.error());
  for (const auto& volume : pod_->spec.volumes) {
    if (!has_files(volume)) continue;
    const auto files = volume_files(volume, *pod_, node_.cache, token_);
    const auto written = files ? write_files(path_of(volume), *files) : Result<void>(files.error());
    if (!written) note("volume \"" + volume.name + "\"", written.error());
  }
  if (trouble != trouble_ && !trouble.empty()) {
    node_.log.warn("Cannot bring a pod's files up to date",
                   {{"pod", pod_->metadata.key().to_string()}, {"error", trouble}});
  }
  trouble_ = trouble;
}

fs::path PodVolumes::path_of(const core::Volume& volume) const {
  if (volume.persistent_volume_claim) {
    const auto claim = node_.cache.get<core::PersistentVolumeClaim>(
        {pod_->metadata.namespace_, volume.persistent_volume_claim->claim_name});
    if (!claim || claim->status.phase != "Bound") return {};
    return node_.options.state_directory / "volumes" / ("pvc-" + claim->metadata.uid);
  }
  if (volume.host_path) return volume.host_path->path;
  return directory_ / "volumes" / volume.name;
}

void PodVolumes::own(const fs::path& path) const {
  if (!node_.is_root) return;
  const auto& security = pod_->spec.security_context;
  const auto uid = security ? security->run_as_user.value_or(65532) : 65532;
  const auto gid =
      security ? security->fs_group.value_or(security->run_as_group.value_or(uid)) : uid;
  if (::chown(path.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0) {
    node_.log.warn("Cannot hand a folder to a pod", {{"path", path.string()}});
  }
}

/// The API server's own admission adds a volume with credentials to most pods; here it is a folder.
bool PodVolumes::mounts_credentials() const {
  if (pod_->spec.automount_service_account_token)
    return *pod_->spec.automount_service_account_token;
  const auto account =
      node_.cache.get<core::ServiceAccount>({pod_->metadata.namespace_, account_name()});
  return !account || account->automount_service_account_token.value_or(true);
}

std::string PodVolumes::account_name() const {
  return pod_->spec.service_account_name.empty() ? "default" : pod_->spec.service_account_name;
}

Result<void> PodVolumes::write_credentials() const {
  if (!mounts_credentials()) return {};
  return write_files(directory_ / "serviceaccount", {{"token", {token_}},
                                                     {"ca.crt", {node_.ca_pem}},
                                                     {"namespace", {pod_->metadata.namespace_}}});
}

Task<void> PodVolumes::fetch_token() {
  const auto steady = node_.environment.clock().steady_now();
  const bool fresh =
      !token_.empty() && steady - token_fetched_ < std::chrono::seconds(kTokenSeconds / 2);
  const bool projected = std::any_of(pod_->spec.volumes.begin(), pod_->spec.volumes.end(),
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
                                           {pod_->metadata.namespace_, account_name()},
                                           json::dump(request), {}, "token");
  const auto answer = co_await std::move(creating);
  token_ = json::parse(answer).value().at_path({"status", "token"}).as_string();
  token_fetched_ = steady;
}

std::vector<Mount> PodVolumes::mounts_of(const core::Container& container) const {
  std::vector<Mount> mounts;
  for (const auto& mount : container.volume_mounts) {
    const auto* volume = find_volume(*pod_, mount.name);
    if (volume != nullptr) mounts.push_back(mount_of(mount, *volume));
  }
  const bool own_credentials = std::any_of(mounts.begin(), mounts.end(),
                                           [](const auto& m) { return m.path == kCredentials; });
  if (!own_credentials && mounts_credentials()) {
    mounts.push_back({(directory_ / "serviceaccount").string(), kCredentials, true});
  }
  return mounts;
}

Mount PodVolumes::mount_of(const core::VolumeMount& mount, const core::Volume& volume) const {
  Mount made;
  made.path = mount.mount_path;
  made.read_only = mount.read_only.value_or(false) || has_files(volume);
  if (volume.empty_dir && volume.empty_dir->medium == "Memory") return made;
  auto host = path_of(volume);
  if (!mount.sub_path.empty()) {
    host /= mount.sub_path;
    std::error_code ignored;
    if (!fs::exists(host) && fs::create_directories(host, ignored)) {
      fs::permissions(host, fs::perms::all, ignored);
      own(host);
    }
  }
  made.host = host.string();
  return made;
}

}  // namespace windlass::inline v0::testing
