#include <shop/v1alpha1/http_widget_conversion.hpp>

namespace shop::api::v1alpha1 {

// Not copied, but kept in an annotation so that it comes back; set in `to` what has a
// counterpart of another name or form:
//   spec.size: std::optional<std::int64_t>, not in v1
void HTTPWidgetConversion::to_hub([[maybe_unused]] const Spoke& from, [[maybe_unused]] Hub& to) {}

// Not copied, but kept in an annotation so that it comes back; set in `to` what has a
// counterpart of another name or form:
//   spec.$ref: std::optional<std::string>, not in v1alpha1
//   spec.4xx: std::optional<std::int32_t>, not in v1alpha1
//   spec.anything: windlass::json::Value, not in v1alpha1
//   spec.big: std::optional<std::int64_t>, not in v1alpha1
//   spec.class: std::string, not in v1alpha1
//   spec.clusterIP: std::string, not in v1alpha1
//   spec.code: std::string, not in v1alpha1
//   spec.count: std::optional<std::int32_t>, not in v1alpha1
//   spec.data: std::string, not in v1alpha1
//   spec.default: std::optional<std::string>, not in v1alpha1
//   spec.either: windlass::Box<HTTPWidgetSpecEither>, not in v1alpha1
//   spec.embedded: windlass::json::Value, not in v1alpha1
//   spec.extensible: windlass::Box<HTTPWidgetSpecExtensible>, not in v1alpha1
//   spec.factor: std::optional<HTTPWidgetSpecFactor>, not in v1alpha1
//   spec.flags: windlass::json::Value, not in v1alpha1
//   spec.fooBar: std::string, not in v1alpha1
//   spec.foo_bar: std::string, not in v1alpha1
//   spec.frozen: std::string, not in v1alpha1
//   spec.hollow: windlass::json::Value, not in v1alpha1
//   spec.hostIPs: std::vector<std::string>, not in v1alpha1
//   spec.labels: windlass::FlatMap<std::string, std::string>, not in v1alpha1
//   spec.level: std::optional<HTTPWidgetSpecLevel>, not in v1alpha1
//   spec.lookahead: std::optional<std::string>, not in v1alpha1
//   spec.matrix: std::vector<std::vector<std::int64_t>>, not in v1alpha1
//   spec.maybe: windlass::Nullable<std::string>, not in v1alpha1
//   spec.maybeList: windlass::Nullable<std::vector<std::string>>, not in v1alpha1
//   spec.maybeNulls: std::vector<std::optional<std::int64_t>>, not in v1alpha1
//   spec.memory: std::optional<windlass::meta::Quantity>, not in v1alpha1
//   spec.mode: HTTPWidgetSpecMode, not in v1alpha1
//   spec.namespace: std::optional<std::string>, not in v1alpha1
//   spec.nickname: std::optional<std::string>, not in v1alpha1
//   spec.nullableObject: windlass::Nullable<HTTPWidgetSpecNullableObject>, not in v1alpha1
//   spec.nullableRequired: std::optional<std::int64_t>, not in v1alpha1
//   spec.operator: std::string, not in v1alpha1
//   spec.options: HTTPWidgetSpecOptions, not in v1alpha1
//   spec.otherMode: std::optional<HTTPWidgetSpecMode>, not in v1alpha1
//   spec.passwordSecret: windlass::Box<windlass::api::core::v1::SecretKeySelector>, not in v1alpha1
//   spec.pod: windlass::json::Value, not in v1alpha1
//   spec.pools: windlass::FlatMap<std::string, HTTPWidgetSpecPoolsValue>, not in v1alpha1
//   spec.port: std::optional<windlass::meta::IntOrString>, not in v1alpha1
//   spec.presetList: std::optional<std::vector<std::string>>, not in v1alpha1
//   spec.price: double, not in v1alpha1
//   spec.primary: HTTPWidgetSpecPrimary, not in v1alpha1
//   spec.replica: windlass::Box<HTTPWidgetSpecPrimary>, not in v1alpha1
//   spec.resource: std::optional<std::string>, not in v1alpha1
//   spec.resources: windlass::Box<windlass::api::core::v1::ResourceRequirements>, not in v1alpha1
//   spec.selector: windlass::Box<windlass::meta::LabelSelector>, not in v1alpha1
//   spec.share: std::optional<windlass::meta::IntOrString>, not in v1alpha1
//   spec.table: std::optional<std::string>, not in v1alpha1
//   spec.tags: std::vector<std::string>, not in v1alpha1
//   spec.template: windlass::Box<windlass::api::core::v1::PodTemplateSpec>, not in v1alpha1
//   spec.timeout: std::optional<windlass::meta::Duration>, not in v1alpha1
//   spec.users: std::vector<HTTPWidgetSpecUsersItem>, not in v1alpha1
//   spec.when: std::optional<windlass::meta::Time>, not in v1alpha1
//   spec.x-foo.bar/baz: std::optional<bool>, not in v1alpha1
//   status: HTTPWidgetStatus, not in v1alpha1
void HTTPWidgetConversion::from_hub([[maybe_unused]] const Hub& from, [[maybe_unused]] Spoke& to) {}

}  // namespace shop::api::v1alpha1
