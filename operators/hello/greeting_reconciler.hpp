#pragma once

#include <api/v1/greeting.hpp>

#include <windlass/api/core_v1.hpp>
#include <windlass/windlass.hpp>

namespace hello {

/// Keeps a ConfigMap with the greeting beside each Greeting, and says in the status what it is.
class GreetingReconciler final : public windlass::ObjectReconciler<api::v1::Greeting> {
 public:
  windlass::Task<windlass::Action> reconcile(windlass::Context context,
                                             windlass::Ref<api::v1::Greeting> greeting) override {
    const std::string message = "Hello, " + greeting->spec.name + "!";

    windlass::api::core::v1::ConfigMap page;
    page.metadata.name = greeting->metadata.name;
    page.metadata.namespace_ = greeting->metadata.namespace_;
    page.data["greeting"] = message;
    co_await context.apply(page);

    api::v1::GreetingStatus status;
    status.message = message;
    status.observed_generation = greeting->metadata.generation;
    co_await context.update_status(*greeting, status);
    co_return windlass::await_change();
  }
};

}  // namespace hello
