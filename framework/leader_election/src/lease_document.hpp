#pragma once
// Between a Lease as JSON and the record in it. Everything else in the document is kept, also
// fields that the generated type does not know: an update through that type would drop them.

#include <windlass/json/value.hpp>
#include <windlass/leader_election/lease_machine.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::leader_election::detail {

inline constexpr meta::Resource kLease{.group = "coordination.k8s.io",
                                       .version = "v1",
                                       .kind = "Lease",
                                       .plural = "leases",
                                       .namespaced = true,
                                       .has_status = false};

LeaseRecord record_of(const json::Value& lease);
void write_record(json::Value& lease, const LeaseRecord& record);
json::Value new_lease(const meta::ObjectKey& key);

}  // namespace windlass::inline v0::leader_election::detail
