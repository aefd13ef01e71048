#include "lease_document.hpp"

#include <windlass/meta/time.hpp>

namespace windlass::inline v0::leader_election::detail {
namespace {

WallTime time_of(const json::Value& value) {
  const auto time = meta::MicroTime::parse(value.string_or(""));
  return time ? time->wall() : WallTime{};
}

}  // namespace

LeaseRecord record_of(const json::Value& lease) {
  const auto& spec = lease["spec"];
  return {.holder_identity = std::string(spec["holderIdentity"].string_or("")),
          .lease_duration_seconds = spec["leaseDurationSeconds"].integer_or(0),
          .acquire_time = time_of(spec["acquireTime"]),
          .renew_time = time_of(spec["renewTime"]),
          .transitions = spec["leaseTransitions"].integer_or(0)};
}

void write_record(json::Value& lease, const LeaseRecord& record) {
  json::Value& spec = lease["spec"];
  if (!spec.is_object()) spec = json::Object();
  // the server refuses an empty holder: nobody is an absent one
  if (record.holder_identity.empty()) {
    spec.as_object().erase("holderIdentity");
  } else {
    spec["holderIdentity"] = record.holder_identity;
  }
  spec["leaseDurationSeconds"] = record.lease_duration_seconds;
  spec["acquireTime"] = meta::MicroTime::from(record.acquire_time).to_string();
  spec["renewTime"] = meta::MicroTime::from(record.renew_time).to_string();
  spec["leaseTransitions"] = record.transitions;
}

json::Value new_lease(const meta::ObjectKey& key) {
  json::Object metadata;
  metadata.set("name", key.name);
  metadata.set("namespace", key.namespace_);
  json::Object lease;
  lease.set("apiVersion", "coordination.k8s.io/v1");
  lease.set("kind", "Lease");
  lease.set("metadata", std::move(metadata));
  return lease;
}

}  // namespace windlass::inline v0::leader_election::detail
