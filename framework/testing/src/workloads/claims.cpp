#include "reconcilers.hpp"

namespace windlass::inline v0::testing {
namespace {

core::PersistentVolume desired_volume(const core::PersistentVolumeClaim& claim) {
  core::PersistentVolume volume;
  volume.metadata.name = "pvc-" + claim.metadata.uid;
  volume.spec.access_modes = claim.spec.access_modes;
  volume.spec.capacity = claim.spec.resources.requests;
  volume.spec.persistent_volume_reclaim_policy = "Delete";
  volume.spec.storage_class_name = claim.spec.storage_class_name.value_or("");
  volume.spec.volume_mode = "Filesystem";
  volume.spec.host_path.ensure().path = "/volumes/" + volume.metadata.name;
  auto& reference = volume.spec.claim_ref.ensure();
  reference.api_version = "v1";
  reference.kind = "PersistentVolumeClaim";
  reference.namespace_ = claim.metadata.namespace_;
  reference.name = claim.metadata.name;
  reference.uid = claim.metadata.uid;
  return volume;
}

}  // namespace

Task<Action> ClaimReconciler::reconcile(Context context, Ref<core::PersistentVolumeClaim> claim) {
  if (claim->metadata.is_deleting()) co_return await_change();
  const auto volume = desired_volume(*claim);
  co_await context.apply(volume, {.owned = false});
  if (claim->spec.volume_name.empty()) {
    json::Value patch;
    patch["spec"]["volumeName"] = volume.metadata.name;
    auto patched = co_await context.patch(*claim, patch);
    claim = Ref<core::PersistentVolumeClaim>(std::move(patched));
  }
  auto status = claim->status;
  status.phase = "Bound";
  status.access_modes = claim->spec.access_modes;
  status.capacity = claim->spec.resources.requests;
  co_await context.update_status(*claim, status);
  co_return await_change();
}

}  // namespace windlass::inline v0::testing
