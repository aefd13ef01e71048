#include "controllers/database_controller.hpp"

#include "controllers/credentials.hpp"

namespace postgres {

using std::chrono::minutes;
using std::chrono::seconds;
using windlass::Action;
using windlass::Context;
using windlass::Ref;
using windlass::Task;
namespace json = windlass::json;
namespace meta = windlass::meta;

namespace {

constexpr auto kSecretsMemory = minutes(5);

meta::ObjectKey key(const Ref<Database>& db, std::string name) {
  return {db->metadata.namespace_, std::move(name)};
}

/// References keep what the pointers of Observed point to.
struct Seen {
  Ref<apps::StatefulSet> stateful_set;
  Ref<core::ConfigMap> config;
  Ref<core::PersistentVolumeClaim> claim;
  Ref<core::Pod> pod;
  [[nodiscard]] Observed observed() const {
    return {stateful_set.shared().get(), config.shared().get(), claim.shared().get(),
            pod.shared().get()};
  }
};

/// Only what belongs to this Database: a pod or set of a deleted one of the same name is not ours.
template <class T>
Ref<T> ours(Ref<T> object, const Database& db) {
  if (!object) return object;
  const auto* owner = object->metadata.controller_owner();
  if (owner != nullptr && owner->uid == db.metadata.uid) return object;
  return Ref<T>();
}

Task<Seen> look(Context context, Ref<Database> db) {
  Seen seen;
  auto reading_set = context.get<apps::StatefulSet>(key(db, db->metadata.name));
  seen.stateful_set = ours(co_await std::move(reading_set), *db);
  auto reading_config = context.get<core::ConfigMap>(key(db, config_name(*db)));
  seen.config = ours(co_await std::move(reading_config), *db);
  auto reading_claim = context.get<core::PersistentVolumeClaim>(key(db, claim_name(*db)));
  seen.claim = co_await std::move(reading_claim);
  auto reading_pod = context.get<core::Pod>(key(db, pod_name(*db)));
  seen.pod = co_await std::move(reading_pod);
  const auto* owner = seen.pod ? seen.pod->metadata.controller_owner() : nullptr;
  const bool of_our_set =
      owner != nullptr && seen.stateful_set && owner->uid == seen.stateful_set->metadata.uid;
  if (!of_our_set) seen.pod = {};
  co_return seen;
}

/// Creates the Secret, or brings what exists in line. Nothing is sent when it is.
Task<void> put_secret(Context context, core::Secret want, bool exists, bool differs) {
  if (!exists) {
    auto creating = context.create(want);
    co_await std::move(creating);
  } else if (differs) {
    auto applying = context.apply(want);
    co_await std::move(applying);
  }
}

template <class T>
Task<void> apply_quietly(Context context, T want) {
  auto applying = context.apply(std::move(want));
  co_await std::move(applying);
}

/// Nothing, or why the API server does not let the claim grow.
Task<std::string> grow_claim(Context context, Ref<Database> db,
                             Ref<core::PersistentVolumeClaim> claim) {
  const auto want = meta::Quantity::parse(db->spec.storage.size);
  const auto& requests = claim->spec.resources.requests;
  const auto have = requests.find("storage");
  if (!want || have == requests.end() || !(have->second < *want)) co_return std::string();
  // a claim without a volume cannot change yet; it comes back when it has one
  if (claim->status.phase == "Pending") co_return std::string();
  json::Value patch;
  patch["spec"]["resources"]["requests"]["storage"] = want->to_string();
  std::string refusal;
  try {
    auto patching = context.patch(*claim, std::move(patch));
    co_await std::move(patching);
  } catch (const windlass::client::ApiError& error) {
    if (!error.is_forbidden() && !error.is_invalid()) throw;
    refusal = error.status().message;
  }
  if (refusal.empty())
    context.event(*db, "Normal", "GrowingVolume", "the volume grows to " + want->to_string());
  co_return refusal;
}

struct AppliedSet {
  Ref<apps::StatefulSet> set;
  std::string refusal;  ///< why the API server finds it invalid: what users wrote is in it
};

Task<AppliedSet> apply_set(Context context, apps::StatefulSet want) {
  AppliedSet done;
  try {
    auto applying = context.apply(std::move(want));
    done.set = Ref<apps::StatefulSet>(co_await std::move(applying));
  } catch (const windlass::client::ApiError& error) {
    if (!error.is_invalid()) throw;
    done.refusal = error.status().message;
  }
  co_return done;
}

Task<Action> refuse(Context context, Ref<Database> db, std::string reason, std::string why,
                    Action next) {
  auto status = refused(*db, reason, why, context.clock().wall_now());
  auto telling = context.update_status(*db, std::move(status));
  co_await std::move(telling);
  context.event(*db, "Warning", reason, why);
  co_return next;
}

Task<Action> refuse_invalid(Context context, Ref<Database> db, std::string why) {
  return refuse(std::move(context), std::move(db), "InvalidSpec", std::move(why),
                windlass::await_change());
}

/// Looks again by itself: an object of somebody else's goes without a word to us.
Task<Action> refuse_taken(Context context, Ref<Database> db, std::string taken) {
  return refuse(
      std::move(context), std::move(db), "NameTaken",
      "the " + taken +
          " exists and was not made for this Database, so it is left alone: remove it, or "
          "give the Database another name",
      windlass::requeue_after(minutes(1)));
}

/// "Service shop" when it is somebody else's: an apply would take it over.
template <class T>
Task<std::string> taken(Context context, Ref<Database> db, std::string name) {
  auto reading = context.get<T>(key(db, name));
  const auto found = co_await std::move(reading);
  if (!found || !is_foreign(*db, found->metadata)) co_return std::string();
  co_return std::string(T::resource.kind) + " " + name;
}

/// The first object with a name of ours that is somebody else's. Secrets are looked at where they
/// are read.
Task<std::string> first_taken(Context context, Ref<Database> db) {
  using Look = Task<std::string> (*)(Context, Ref<Database>, std::string);
  const std::pair<Look, std::string> names[] = {
      {taken<apps::StatefulSet>, db->metadata.name},     {taken<core::Service>, db->metadata.name},
      {taken<core::Service>, pods_service_name(*db)},    {taken<core::ConfigMap>, config_name(*db)},
      {taken<core::ServiceAccount>, instance_name(*db)}, {taken<rbac::Role>, instance_name(*db)},
      {taken<rbac::RoleBinding>, instance_name(*db)},
  };
  for (const auto& [look, name] : names) {
    auto looking = look(context, db, name);
    auto found = co_await std::move(looking);
    if (!found.empty()) co_return found;
  }
  co_return std::string();
}

/// The identity is on the claim before it is in the status: whatever is recorded can be found
/// again.
Task<void> record_on_claim(Context context, Ref<Database> db, Seen seen) {
  auto identity = db->status.system_identifier;
  if (const auto found = identity_to_record(*db, seen.observed())) identity = *found;
  if (identity.empty() || !seen.claim) co_return;
  const auto& annotations = seen.claim->metadata.annotations;
  const auto known = annotations.find(std::string(kIdentityAnnotation));
  if (known != annotations.end()) co_return;
  json::Value patch;
  patch["metadata"]["annotations"][kIdentityAnnotation] = identity;
  auto patching = context.patch(*seen.claim, std::move(patch));
  co_await std::move(patching);
}

/// The kubelet refreshes mounted files at once when the pod changes, otherwise within two minutes.
Task<void> announce_settings(Context context, Ref<Database> db, Ref<core::Pod> pod) {
  if (pod->metadata.is_deleting()) co_return;
  const auto hash = hash_of(to_json(settings_of(*db)));
  const auto& annotations = pod->metadata.annotations;
  const auto known = annotations.find(std::string(kSettingsHashAnnotation));
  if (known != annotations.end() && known->second == hash) co_return;
  json::Value patch;
  patch["metadata"]["annotations"][kSettingsHashAnnotation] = hash;
  auto patching = context.patch(*pod, std::move(patch));
  co_await std::move(patching);
}

/// Events for what people want to hear of without looking at the status.
void announce_changes(const Context& context, const Database& db, const DatabaseStatus& status) {
  const auto tell = [&](std::string_view type, std::string_view wanted, std::string_view event) {
    const auto* before = meta::find_condition(db.status.conditions, type);
    const auto* now = meta::find_condition(status.conditions, type);
    if (now == nullptr || now->status != "True") return;
    if (before != nullptr && before->status == "True" && before->reason == now->reason) return;
    context.event(db, wanted, event.empty() ? std::string_view(now->reason) : event, now->message);
  };
  tell("Ready", "Normal", "Ready");
  tell("Degraded", "Warning", {});
}

}  // namespace

bool DatabaseReconciler::looked_recently(const Database& db, const std::optional<Report>& report,
                                         windlass::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = remembered_.find(db.metadata.uid);
  if (found == remembered_.end()) return false;
  const auto& known = found->second;
  const bool other_password =
      report && !report->verifier_hash.empty() && report->verifier_hash != known.verifier_hash;
  return now - known.at < kSecretsMemory && known.spec == to_json(settings_of(db)) &&
         !other_password;
}

void DatabaseReconciler::remember(const Database& db, std::string verifier_hash,
                                  windlass::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(remembered_,
                [&](const auto& entry) { return now - entry.second.at >= kSecretsMemory; });
  remembered_[db.metadata.uid] = {now, to_json(settings_of(db)), std::move(verifier_hash)};
}

Task<std::string> DatabaseReconciler::ensure_secrets(Context context, Ref<Database> db,
                                                     std::optional<Report> report) {
  const auto now = context.clock().steady_now();
  if (looked_recently(*db, report, now)) co_return std::string();
  auto reading_tls = context.get<core::Secret>(key(db, tls_name(*db)));
  const auto tls_secret = co_await std::move(reading_tls);
  if (tls_secret && is_foreign(*db, tls_secret->metadata)) co_return "Secret " + tls_name(*db);
  auto reading = context.get<core::Secret>(key(db, credentials_name(*db)));
  const auto secret = co_await std::move(reading);
  if (secret && is_foreign(*db, secret->metadata)) co_return "Secret " + credentials_name(*db);

  const auto have_tls = tls_secret ? tls_in(*tls_secret) : std::nullopt;
  const auto tls = current_tls(*db, have_tls, context.clock().wall_now()).value();
  const auto want_tls = desired_tls(*db, tls);
  const bool tls_differs = tls_secret && tls_secret->data != want_tls.data;
  auto putting_tls = put_secret(context, want_tls, static_cast<bool>(tls_secret), tls_differs);
  co_await std::move(putting_tls);

  auto known = secret ? credentials_in(*secret) : std::nullopt;
  if (!known) known = Credentials{make_password(context.environment().secret_bytes(32)), {}};
  if (known->salt.empty()) known->salt = context.environment().secret_bytes(16);
  const auto verifier =
      scram_verifier(known->password, known->salt, options_.scram_rounds);  // costs milliseconds
  const auto want =
      desired_credentials(*db, known->password, verifier, tls.authority.certificate_pem);
  const bool differs = secret && secret->data != want.data;
  auto putting = put_secret(context, want, static_cast<bool>(secret), differs);
  co_await std::move(putting);
  remember(*db, hash_of(verifier), now);
  co_return std::string();
}

Task<void> DatabaseReconciler::apply_objects(Context context, Ref<Database> db) {
  auto config = apply_quietly(context, desired_config(*db));
  co_await std::move(config);
  auto account = apply_quietly(context, desired_service_account(*db));
  co_await std::move(account);
  auto role = apply_quietly(context, desired_role(*db));
  co_await std::move(role);
  auto binding = apply_quietly(context, desired_role_binding(*db));
  co_await std::move(binding);
  auto service = apply_quietly(context, desired_service(*db));
  co_await std::move(service);
  auto pods_service = apply_quietly(context, desired_pods_service(*db));
  co_await std::move(pods_service);
}

Task<Action> DatabaseReconciler::reconcile(Context context, Ref<Database> db) {
  if (db->metadata.is_deleting()) {
    auto finalizing = finalize(context, db);
    co_return co_await std::move(finalizing);
  }
  auto adding = context.add_finalizer(*db, std::string(kFinalizer));
  const bool added = co_await std::move(adding);
  if (added) co_return windlass::await_change();

  auto looking = look(context, db);
  auto seen = co_await std::move(looking);
  if (const auto good = validate(*db, seen.observed()); !good) {
    auto refusing = refuse_invalid(context, db, good.error().message);
    co_return co_await std::move(refusing);
  }

  auto looking_at_names = first_taken(context, db);
  auto foreign = co_await std::move(looking_at_names);
  if (foreign.empty()) {
    auto secrets = ensure_secrets(context, db, report_of(seen.pod.shared().get()));
    foreign = co_await std::move(secrets);
  }
  if (!foreign.empty()) {
    auto refusing = refuse_taken(context, db, foreign);
    co_return co_await std::move(refusing);
  }
  // what a deleted Database of this name owned goes with it, and cannot have two owners
  if (seen.stateful_set && is_of_predecessor(*db, seen.stateful_set->metadata)) {
    co_return windlass::requeue_after(seconds(5));
  }
  auto objects = apply_objects(context, db);
  co_await std::move(objects);
  const auto want =
      desired_stateful_set(*db, options_.operator_image, seen.stateful_set.shared().get());
  auto applying = apply_set(context, want);
  auto applied = co_await std::move(applying);
  if (!applied.refusal.empty()) {
    auto refusing = refuse_invalid(context, db, std::move(applied.refusal));
    co_return co_await std::move(refusing);
  }
  seen.stateful_set = std::move(applied.set);

  std::string growth_refused;
  if (seen.claim) {
    auto growing = grow_claim(context, db, seen.claim);
    growth_refused = co_await std::move(growing);
    auto reading = context.get<core::PersistentVolumeClaim>(key(db, claim_name(*db)));
    seen.claim = co_await std::move(reading);
  }
  auto recording = record_on_claim(context, db, seen);
  co_await std::move(recording);
  if (seen.pod) {
    auto announcing = announce_settings(context, db, seen.pod);
    co_await std::move(announcing);
    if (is_stuck(seen.observed())) {
      context.event(*db, "Normal", "ReplacingPod",
                    "the pod is of an older revision and not ready: it is replaced");
      auto removing = context.remove(*seen.pod);
      co_await std::move(removing);
    }
  }

  auto observed = seen.observed();
  observed.growth_refused = growth_refused;
  const auto status = observe(*db, observed, context.clock().wall_now());
  auto updating = context.update_status(*db, status);
  co_await std::move(updating);
  announce_changes(context, *db, status);
  // some troubles end by time alone, and some can be mended where nobody tells us
  const bool degraded = meta::is_condition_true(status.conditions, "Degraded");
  co_return windlass::requeue_after(degraded ? minutes(10) : minutes(60));
}

Task<Action> DatabaseReconciler::finalize(Context context, Ref<Database> db) {
  if (!db->metadata.has_finalizer(kFinalizer)) co_return windlass::await_change();
  auto looking = look(context, db);
  const auto seen = co_await std::move(looking);
  if (db->status.phase != ::api::v1::DatabaseStatusPhase::deleting) {
    auto status = db->status;
    status.phase = ::api::v1::DatabaseStatusPhase::deleting;
    auto telling = context.update_status(*db, std::move(status));
    co_await std::move(telling);
    co_return windlass::requeue_after(seconds(1));
  }
  if (seen.stateful_set && seen.stateful_set->spec.replicas.value_or(1) != 0) {
    json::Value patch;
    patch["spec"]["replicas"] = 0;
    auto stopping = context.patch(*seen.stateful_set, std::move(patch));
    co_await std::move(stopping);
    co_return windlass::requeue_after(seconds(5));
  }
  // the server's clean shutdown comes before anything else goes
  if (seen.pod) co_return windlass::requeue_after(seconds(5));
  const bool delete_data =
      db->spec.deletion_policy == ::api::v1::DatabaseSpecDeletionPolicy::delete_;
  if (delete_data && seen.claim && !seen.claim->metadata.is_deleting()) {
    auto removing = context.remove(*seen.claim);
    co_await std::move(removing);
  }
  try {
    auto releasing = context.remove_finalizer(*db, kFinalizer);
    co_await std::move(releasing);
  } catch (const windlass::client::ApiError& error) {
    // the cache may show the Database for a moment longer than it lives
    if (!error.is_not_found()) throw;
  }
  co_return windlass::await_change();
}

void add_database_controller(windlass::ControllerHost& host, DatabaseControllerOptions options) {
  const auto by_label = [](const meta::ObjectMeta& metadata) {
    std::vector<meta::ObjectKey> keys;
    const auto found = metadata.labels.find(std::string(kDatabaseLabel));
    if (found != metadata.labels.end()) keys.push_back({metadata.namespace_, found->second});
    return keys;
  };
  const windlass::ControllerOptions limits{.max_concurrent_reconciles =
                                               options.max_concurrent_reconciles};
  windlass::controller_managed_by(host)
      .reconciles<Database>()
      .owns<apps::StatefulSet>()
      .owns<core::ConfigMap>()
      .owns<core::Service>()
      .owns<core::ServiceAccount>()
      .owns<rbac::Role>()
      .owns<rbac::RoleBinding>()
      .watches<core::Pod>([by_label](const Ref<core::Pod>& pod) { return by_label(pod->metadata); })
      .watches<core::PersistentVolumeClaim>(
          [by_label](const Ref<core::PersistentVolumeClaim>& claim) {
            return by_label(claim->metadata);
          })
      .with(limits)
      .complete<DatabaseReconciler>(std::move(options));
}

}  // namespace postgres
