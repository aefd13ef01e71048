// Kubernetes' own types against their schemas: whatever a schema allows comes back from a type.

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <windlass/api/admissionregistration_v1.hpp>
#include <windlass/api/apiextensions_v1.hpp>
#include <windlass/api/apps_v1.hpp>
#include <windlass/api/authentication_v1.hpp>
#include <windlass/api/authorization_v1.hpp>
#include <windlass/api/autoscaling_v1.hpp>
#include <windlass/api/autoscaling_v2.hpp>
#include <windlass/api/batch_v1.hpp>
#include <windlass/api/certificates_v1.hpp>
#include <windlass/api/coordination_v1.hpp>
#include <windlass/api/core_v1.hpp>
#include <windlass/api/discovery_v1.hpp>
#include <windlass/api/events_v1.hpp>
#include <windlass/api/networking_v1.hpp>
#include <windlass/api/policy_v1.hpp>
#include <windlass/api/rbac_v1.hpp>
#include <windlass/api/scheduling_v1.hpp>
#include <windlass/api/storage_v1.hpp>
#include <windlass/codegen/definition.hpp>
#include <windlass/json/table.hpp>

namespace windlass::api {
namespace {

using json::Value;

const Value& schema_file(const std::string& unit) {
  static std::map<std::string, Value> files;
  const auto [it, inserted] = files.try_emplace(unit);
  if (inserted) {
    std::ifstream in(std::string(WINDLASS_SCHEMAS_DIR) + "/" + unit + ".json");
    std::ostringstream text;
    text << in.rdbuf();
    it->second = json::parse(text.str()).value();
  }
  return it->second;
}

const Value& definition(const std::string& name) {
  return schema_file(codegen::home_of(name)->unit())["schemas"][name];
}

/// A document that has everything that the schema names.
Value sample(const Value& schema) {
  if (schema["$ref"].is_string()) {
    const std::string& name = schema["$ref"].as_string();
    if (name.ends_with(".Quantity")) return Value("1500m");
    if (name.ends_with(".MicroTime")) return Value("2026-01-02T03:04:05.000006Z");
    Value value = sample(definition(name));
    if (name.ends_with(".DeleteOptions")) {
      value.as_object().erase("apiVersion");
      value.as_object().erase("kind");
    }
    return value;
  }
  const auto type = schema["type"].string_or("");
  const auto format = schema["format"].string_or("");
  if (type.empty()) return Value("25%");  // int-or-string
  if (type == "boolean") return Value(true);
  if (type == "integer") return format == "int32" ? Value(INT32_MAX) : Value(INT64_MAX);
  if (type == "number") return Value(2.5);
  if (type == "string")
    return format == "date-time" ? Value("2026-01-02T03:04:05Z") : Value("text");
  if (type == "array") return Value(json::Array{sample(schema["items"])});
  json::Object out;
  if (schema["additionalProperties"].is_object()) {
    out.set("key", sample(schema["additionalProperties"]));
  } else if (schema["properties"].is_object()) {
    // of objects inside others, these two are checked and not kept
    const bool is_object = schema.find("x-kubernetes-group-version-kind") != nullptr;
    for (const auto& [name, property] : schema["properties"].as_object()) {
      if (is_object && (name == "apiVersion" || name == "kind")) continue;
      out.set(name, sample(property));
    }
  } else {
    out.set("free", json::Array{Value(1), Value(nullptr)});
  }
  return out;
}

template <class T>
void comes_back(const std::string& name) {
  Value document = sample(definition(name));
  if (!T::table().kind.empty()) {
    document["apiVersion"] = T::table().api_version;
    document["kind"] = T::table().kind;
  }
  const auto object = json::decode<T>(json::dump(document), {.reject_unknown = true});
  ASSERT_TRUE(object) << name << ": " << object.error().message;
  EXPECT_EQ(json::dump(json::parse(json::encode(*object)).value()), json::dump(document)) << name;
  // nothing but what is required
  const std::string empty = json::encode(T{});
  const auto again = json::decode<T>(empty, {.reject_unknown = true});
  ASSERT_TRUE(again) << name << ": " << again.error().message;
  EXPECT_TRUE(*again == T{}) << name << ": " << empty;
}

TEST(KubernetesTypes, Core) {
  const std::string p = "io.k8s.api.core.v1.";
  comes_back<core::v1::Pod>(p + "Pod");
  comes_back<core::v1::PodTemplate>(p + "PodTemplate");
  comes_back<core::v1::Service>(p + "Service");
  comes_back<core::v1::ConfigMap>(p + "ConfigMap");
  comes_back<core::v1::Secret>(p + "Secret");
  comes_back<core::v1::Node>(p + "Node");
  comes_back<core::v1::Namespace>(p + "Namespace");
  comes_back<core::v1::Event>(p + "Event");
  comes_back<core::v1::Endpoints>(p + "Endpoints");
  comes_back<core::v1::PersistentVolume>(p + "PersistentVolume");
  comes_back<core::v1::PersistentVolumeClaim>(p + "PersistentVolumeClaim");
  comes_back<core::v1::ServiceAccount>(p + "ServiceAccount");
  comes_back<core::v1::ResourceQuota>(p + "ResourceQuota");
  comes_back<core::v1::LimitRange>(p + "LimitRange");
  comes_back<core::v1::ReplicationController>(p + "ReplicationController");
  comes_back<core::v1::Binding>(p + "Binding");
  comes_back<core::v1::PodList>(p + "PodList");
}

TEST(KubernetesTypes, Workloads) {
  comes_back<apps::v1::Deployment>("io.k8s.api.apps.v1.Deployment");
  comes_back<apps::v1::StatefulSet>("io.k8s.api.apps.v1.StatefulSet");
  comes_back<apps::v1::DaemonSet>("io.k8s.api.apps.v1.DaemonSet");
  comes_back<apps::v1::ReplicaSet>("io.k8s.api.apps.v1.ReplicaSet");
  comes_back<apps::v1::ControllerRevision>("io.k8s.api.apps.v1.ControllerRevision");
  comes_back<batch::v1::Job>("io.k8s.api.batch.v1.Job");
  comes_back<batch::v1::CronJob>("io.k8s.api.batch.v1.CronJob");
  comes_back<autoscaling::v1::Scale>("io.k8s.api.autoscaling.v1.Scale");
  comes_back<autoscaling::v2::HorizontalPodAutoscaler>(
      "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler");
  comes_back<policy::v1::PodDisruptionBudget>("io.k8s.api.policy.v1.PodDisruptionBudget");
  comes_back<policy::v1::Eviction>("io.k8s.api.policy.v1.Eviction");
  comes_back<scheduling::v1::PriorityClass>("io.k8s.api.scheduling.v1.PriorityClass");
}

TEST(KubernetesTypes, TheRest) {
  const std::string p = "io.k8s.api.";
  comes_back<coordination::v1::Lease>(p + "coordination.v1.Lease");
  comes_back<events::v1::Event>(p + "events.v1.Event");
  comes_back<discovery::v1::EndpointSlice>(p + "discovery.v1.EndpointSlice");
  comes_back<networking::v1::Ingress>(p + "networking.v1.Ingress");
  comes_back<networking::v1::NetworkPolicy>(p + "networking.v1.NetworkPolicy");
  comes_back<rbac::v1::Role>(p + "rbac.v1.Role");
  comes_back<rbac::v1::ClusterRoleBinding>(p + "rbac.v1.ClusterRoleBinding");
  comes_back<storage::v1::StorageClass>(p + "storage.v1.StorageClass");
  comes_back<storage::v1::CSINode>(p + "storage.v1.CSINode");
  comes_back<storage::v1::VolumeAttachment>(p + "storage.v1.VolumeAttachment");
  comes_back<certificates::v1::CertificateSigningRequest>(
      p + "certificates.v1.CertificateSigningRequest");
  comes_back<authentication::v1::TokenReview>(p + "authentication.v1.TokenReview");
  comes_back<authentication::v1::TokenRequest>(p + "authentication.v1.TokenRequest");
  comes_back<authorization::v1::SubjectAccessReview>(p + "authorization.v1.SubjectAccessReview");
  comes_back<admissionregistration::v1::ValidatingWebhookConfiguration>(
      p + "admissionregistration.v1.ValidatingWebhookConfiguration");
  comes_back<admissionregistration::v1::MutatingAdmissionPolicy>(
      p + "admissionregistration.v1.MutatingAdmissionPolicy");
}

TEST(KubernetesTypes, TheLeaseHasMicroseconds) {
  coordination::v1::Lease lease;
  lease.metadata.name = "l";
  lease.spec.holder_identity = "me";
  lease.spec.lease_duration_seconds = 15;
  lease.spec.renew_time = meta::MicroTime::parse("2026-01-02T03:04:05.000006Z").value();
  EXPECT_EQ(json::encode(lease),
            R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},)"
            R"("spec":{"holderIdentity":"me","leaseDurationSeconds":15,)"
            R"("renewTime":"2026-01-02T03:04:05.000006Z"}})");
}

TEST(KubernetesTypes, TheSchemaOfACrdIsRecursive) {
  const char* text = R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"foos.example.com"},
    "spec":{"group":"example.com","names":{"kind":"Foo","plural":"foos"},"scope":"Namespaced",
      "versions":[{"name":"v1","served":true,"storage":true,
        "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",
          "properties":{"list":{"type":"array","items":{"type":"string"},"default":["a"]},
            "map":{"type":"object","additionalProperties":{"type":"integer"}},
            "odd":{"not":{"enum":[1,"a",null]},"x-kubernetes-int-or-string":true,"$ref":"r"}}}}}}}]},
    "status":{"acceptedNames":{"kind":"Foo","plural":"foos"}}})";
  const auto crd =
      json::decode<apiextensions::v1::CustomResourceDefinition>(text, {.reject_unknown = true});
  ASSERT_TRUE(crd) << crd.error().message;
  const auto& schema = *crd->spec.versions.at(0).schema->open_apiv3_schema;
  const auto& spec = schema.properties.at("spec");
  EXPECT_EQ(spec.properties.at("list").items["type"], Value("string"));
  EXPECT_EQ(spec.properties.at("odd").not_->enum_.size(), 3u);
  EXPECT_EQ(json::dump(json::to_value(*crd)), json::dump(json::parse(text).value()));
}

TEST(KubernetesTypes, EmptyStringsThatMeanSomething) {
  core::v1::PersistentVolumeClaim claim;
  claim.spec.storage_class_name = "";
  EXPECT_EQ(json::encode(claim),
            R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","spec":{"storageClassName":""}})");
}

TEST(KubernetesTypes, AnEmptyBoxIsAbsentAndAnEmptyObjectIsWritten) {
  core::v1::Volume volume;
  volume.name = "scratch";
  volume.empty_dir.emplace();
  EXPECT_EQ(json::encode(volume), R"({"emptyDir":{},"name":"scratch"})");
}

TEST(KubernetesTypes, ResourcesAreConstants) {
  static_assert(apps::v1::Deployment::resource.plural == "deployments");
  static_assert(apps::v1::Deployment::resource.has_status);
  static_assert(core::v1::Pod::resource.group.empty());
  static_assert(!core::v1::Node::resource.namespaced);
  static_assert(!core::v1::ConfigMap::resource.has_status);
  static_assert(rbac::v1::Role::resource.group == "rbac.authorization.k8s.io");
  EXPECT_EQ(apps::v1::Deployment::table().api_version, "apps/v1");
}

}  // namespace
}  // namespace windlass::api
