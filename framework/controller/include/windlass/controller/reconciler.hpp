#pragma once
// Reconcilers: user code that brings the world in line with an object's spec.

#include <windlass/controller/action.hpp>
#include <windlass/controller/context.hpp>

namespace windlass::inline v0 {

/// The general form: called with a key, also for objects that are gone.
///
/// One key is never reconciled twice at once. The outcome decides what follows: an Action forgets
/// past failures; an exception means again with backoff (5 ms doubling to 1000 s); TerminalError
/// means not again until something changes; a cancellation is neither logged nor counted.
/// reconcile runs on the worker pool and may block; different keys run at once up to
/// max_concurrent_reconciles, so members need a lock (or be constant).
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual Task<Action> reconcile(Context context) = 0;
};

/// The usual form: called with the object as it is in the cache. An object that is gone is not
/// reconciled (use a finalizer to act before it goes).
template <client::ApiObject T>
class ObjectReconciler {
 public:
  using Object = T;
  virtual ~ObjectReconciler() = default;
  virtual Task<Action> reconcile(Context context, Ref<T> object) = 0;
};

}  // namespace windlass::inline v0
