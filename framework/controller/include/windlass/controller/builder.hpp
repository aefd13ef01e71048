#pragma once
// The builder that wires a reconciler to what it watches.

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include <windlass/controller/controller.hpp>
#include <windlass/controller/predicates.hpp>

namespace windlass::inline v0 {

/// Maps a watched object to the keys of the objects to reconcile. Called on the I/O thread, for the
/// state before and after each change: be quick.
template <class T>
using MapFunction = std::function<std::vector<meta::ObjectKey>(const Ref<T>& object)>;

/// controller_managed_by(manager).reconciles<Database>().owns<StatefulSet>().complete<MyReconciler>()
///
/// `reconciles<T>` is what controller-runtime calls For: the type whose keys are reconciled.
/// `owns<T>`: objects whose controller owner is of that type (Owns).
/// `watches<T>`: anything else, through a mapper (Watches).
class ControllerBuilder {
 public:
  explicit ControllerBuilder(ControllerHost& host) : host_(host) {}

  /// Exactly once.
  template <client::ApiObject T>
  ControllerBuilder& reconciles(std::vector<Predicate<T>> predicates = {}) {
    if (has_primary_) {
      throw Exception(Errc::invalid_argument,
                      "reconciles<" + std::string(T::resource.kind) +
                          ">: a controller reconciles one type; this one already has " +
                          std::string(primary_.kind));
    }
    controller::record_use<T, controller::Use::reconcile>();
    has_primary_ = true;
    primary_ = T::resource;
    add_source<T>(std::move(predicates), [](const cache::ObjectPtr& object) {
      const auto& metadata = static_cast<const T*>(object.get())->metadata;
      return std::vector<meta::ObjectKey>{{metadata.namespace_, metadata.name}};
    });
    return *this;
  }

  /// After `reconciles`.
  template <client::ApiObject T>
  ControllerBuilder& owns(std::vector<Predicate<T>> predicates = {}) {
    controller::record_use<T, controller::Use::watch>();
    require_primary("owns");
    const auto primary = primary_;
    add_source<T>(std::move(predicates), [primary](const cache::ObjectPtr& object) {
      std::vector<meta::ObjectKey> keys;
      const auto& metadata = static_cast<const T*>(object.get())->metadata;
      const auto* owner = metadata.controller_owner();
      if (owner != nullptr && controller::refers_to(*owner, primary)) {
        keys.push_back({primary.namespaced ? metadata.namespace_ : std::string(), owner->name});
      }
      return keys;
    });
    return *this;
  }

  template <client::ApiObject T>
  ControllerBuilder& watches(MapFunction<T> mapper, std::vector<Predicate<T>> predicates = {}) {
    controller::record_use<T, controller::Use::watch>();
    add_source<T>(std::move(predicates),
                  [mapper = std::move(mapper)](const cache::ObjectPtr& object) {
                    return mapper(Ref<T>(std::static_pointer_cast<const T>(object)));
                  });
    return *this;
  }

  /// Default: the lower-case kind. Names are unique in a manager.
  ControllerBuilder& named(std::string name) {
    name_ = std::move(name);
    return *this;
  }
  ControllerBuilder& with(ControllerOptions options) {
    options_ = options;
    return *this;
  }

  /// Makes the reconciler from `arguments`, and the controller, and hands it to the manager.
  template <class R, class... Arguments>
  void complete(Arguments&&... arguments) {
    require_primary("complete");
    auto reconciler = std::make_shared<R>(std::forward<Arguments>(arguments)...);
    finish(bind(std::move(reconciler)));
  }

 private:
  template <class T>
  void add_source(std::vector<Predicate<T>> predicates, controller::Mapper mapper) {
    controller::Source source{&cache::kind_of<T>(), std::move(mapper), {}};
    for (auto& predicate : predicates) source.filters.push_back(erase(std::move(predicate)));
    sources_.push_back(std::move(source));
  }

  template <class T>
  static controller::Filter erase(Predicate<T> predicate) {
    return [predicate = std::move(predicate)](const cache::ObjectPtr& before,
                                              const cache::ObjectPtr& now) {
      const Ref<T> old(std::static_pointer_cast<const T>(before));
      const Ref<T> current(std::static_pointer_cast<const T>(now));
      if (!before) return !predicate.on_add || predicate.on_add(current);
      if (!now) return !predicate.on_delete || predicate.on_delete(old);
      return !predicate.on_update || predicate.on_update(old, current);
    };
  }

  // through the base class: an override may be private
  template <class R>
  static controller::ReconcileFunction bind(std::shared_ptr<R> reconciler) {
    if constexpr (std::is_base_of_v<Reconciler, R>) {
      std::shared_ptr<Reconciler> base = std::move(reconciler);
      return [base](Context context) { return base->reconcile(std::move(context)); };
    } else {
      using T = typename R::Object;
      std::shared_ptr<ObjectReconciler<T>> base = std::move(reconciler);
      return [base](Context context) { return reconcile_object<T>(base, std::move(context)); };
    }
  }

  template <class T>
  static Task<Action> reconcile_object(std::shared_ptr<ObjectReconciler<T>> reconciler,
                                       Context context) {
    auto object = context.cached_primary<T>();
    if (!object) co_return await_change();
    auto reconciling = reconciler->reconcile(std::move(context), std::move(object));
    co_return co_await std::move(reconciling);
  }

  void require_primary(const char* what) const {
    if (!has_primary_) {
      throw Exception(Errc::invalid_argument, std::string(what) + "(): call reconciles<T>() first");
    }
  }
  void finish(controller::ReconcileFunction reconcile);

  ControllerHost& host_;
  std::string name_;
  ControllerOptions options_;
  bool has_primary_ = false;
  meta::Resource primary_ = {};
  std::vector<controller::Source> sources_;
};

inline ControllerBuilder controller_managed_by(ControllerHost& host) {
  return ControllerBuilder(host);
}

}  // namespace windlass::inline v0
