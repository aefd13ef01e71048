#pragma once
// A whole operator, all its replicas, and the cluster around them: on one thread, in virtual time,
// from one seed, with faults, and with the rules that every operator has to keep checked all the
// time. Tests usually get one from SIMULATION (simulation_test.hpp).

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <windlass/api/core_v1.hpp>
#include <windlass/client/client.hpp>
#include <windlass/manager/manager.hpp>
#include <windlass/testing/faults.hpp>
#include <windlass/testing/simulation.hpp>
#include <windlass/testing/trace.hpp>

namespace windlass::inline v0::testing {

/// A rule was broken. The run is over; `SimulatedCluster::report` says more.
class Violation final : public std::runtime_error {
 public:
  Violation(std::string rule, const std::string& what)
      : std::runtime_error(rule + ": " + what), rule_(std::move(rule)) {}
  [[nodiscard]] const std::string& rule() const { return rule_; }

 private:
  std::string rule_;
};

/// The rules, by name. `SimulatedCluster::skip` takes one out.
namespace rules {
inline constexpr const char* kOneGate =
    "one gate";  ///< two replicas never pass the write gate at once
inline constexpr const char* kEpochs = "epochs";  ///< no write overwrites what a newer leader wrote
inline constexpr const char* kLeaders = "leaders";       ///< who never led writes nothing
inline constexpr const char* kFenced = "fenced writes";  ///< every write names version or UID
inline constexpr const char* kCache = "cache";  ///< holds past states only, never goes back
inline constexpr const char* kOneAtATime =
    "one at a time";  ///< a key is never reconciled twice at once
inline constexpr const char* kSynced =
    "synced";  ///< nothing is reconciled before the first lists are in
inline constexpr const char* kBackoff = "backoff";   ///< a key that failed is tried again in time
inline constexpr const char* kHotLoop = "hot loop";  ///< no key and no request without end
inline constexpr const char* kConverges = "converges";  ///< comes to rest when the faults are over
inline constexpr const char* kReconciled = "reconciled";  ///< no change is left unreconciled
inline constexpr const char* kCurrent = "current";        ///< at rest, caches equal the server
inline constexpr const char* kQuiet = "quiet";            ///< at rest, nothing is written
inline constexpr const char* kRelease =
    "release";  ///< a stop ends in 30 s, with 0 and a free lease
}  // namespace rules

/// What a model of an image sees of its pod.
class PodView {
 public:
  [[nodiscard]] const api::core::v1::Pod& pod() const { return pod_; }
  /// UID of the claim behind the pod's first claimed volume: what outlives the pod. Empty without.
  [[nodiscard]] const std::string& volume() const { return volume_; }
  /// An object as the server has it now.
  template <client::ApiObject T>
  [[nodiscard]] std::optional<T> find(const std::string& name) const {
    const auto text = read_(T::resource, {pod_.metadata.namespace_, name});
    if (!text) return std::nullopt;
    return json::decode<T>(*text).value();
  }

  using Read =
      std::function<std::optional<std::string>(const meta::Resource&, const meta::ObjectKey&)>;
  PodView(api::core::v1::Pod pod, std::string volume, Read read)
      : pod_(std::move(pod)), volume_(std::move(volume)), read_(std::move(read)) {}

 private:
  api::core::v1::Pod pod_;
  std::string volume_;
  Read read_;
};

/// What the kubelet is to show of the pod.
struct PodState {
  bool ready = true;
  std::map<std::string, std::string> annotations = {};  ///< set on the pod
};

/// What the containers of an image do. Called after the pod has started and again, a little later,
/// whenever something in its namespace has changed: says what is so now.
using PodModel = std::function<PodState(const PodView& view)>;

/// Answers an admission review: gets its `request`, gives its `response` but the uid, such as
/// `{"allowed": true}`.
using WebhookModel = std::function<json::Value(const json::Value& request)>;

struct ClusterOptions {
  std::uint64_t seed = 1;
  int servers = 2;
  LogLevel log_level = LogLevel::info;
  /// Only these faults of those that are drawn, by number: for shrinking. None: all.
  std::optional<std::set<std::size_t>> only_faults = std::nullopt;
  /// Controllers for Deployments, StatefulSets and so on.
  bool workloads = true;
};

/// Perturbations that a systematic run makes once each.
struct Perturbation {
  enum class Kind : std::uint8_t {
    none,
    crash_after_write,    ///< the n-th write is done; its sender is killed before it hears of it
    stale_before_delete,  ///< just before the n-th deletion is seen, the servers show an older
                          ///< state
    withhold              ///< the n-th notification comes together with the next of its kind
  };
  Kind kind = Kind::none;
  int number = 0;  ///< from 1 on
};

class SimulatedCluster {
 public:
  using Setup = std::function<void(Manager&)>;

  explicit SimulatedCluster(ClusterOptions options = {});
  ~SimulatedCluster();
  SimulatedCluster(const SimulatedCluster&) = delete;
  SimulatedCluster& operator=(const SimulatedCluster&) = delete;

  // The world -----------------------------------------------------------------------------------
  /// Installs CustomResourceDefinitions and other objects from a file of YAML documents.
  void install(const std::string& path);
  /// Starts `count` replicas of an operator, whose controllers `setup` adds, with leader election.
  /// They are called replica-0, replica-1, ...; one that ends is started again after a moment.
  void start_replicas(int count, Setup setup, ManagerOptions options = {});
  /// Pods with an image of that name (without its tag) do what `model` says. Others become ready.
  void image(std::string name, PodModel model);
  /// The API servers speak TLS from now on, which costs time; `Faults::certificates` needs it.
  /// Before `start_replicas`.
  void use_tls();
  /// Installs a Validating- or MutatingWebhookConfiguration whose webhooks `model` answers, outside
  /// of the API servers; they get their `clientConfig` here. Webhooks see what replicas and the
  /// workload controllers write, not what the test and the kubelets do.
  void webhook(json::Value configuration, WebhookModel model);
  /// What `ctx.blocking(name, ...)` does. A name without a model fails the run.
  void blocking(std::string name, BlockingModel model);

  // A user, whom no fault strikes -----------------------------------------------------------------
  /// Creates the object or replaces what is there, but its status. Namespace "default" unless
  /// given. Throws client::ApiError when the server refuses it.
  template <client::ApiObject T>
  T apply(T object) {
    return json::decode<T>(put(T::resource, json::to_value(object))).value();
  }
  template <client::ApiObject T>
  T patch(const std::string& name, const json::Value& merge_patch,
          std::string_view namespace_ = "default") {
    return json::decode<T>(merge(T::resource, key<T>(name, namespace_), merge_patch)).value();
  }
  template <client::ApiObject T>
  [[nodiscard]] std::optional<T> find(const std::string& name,
                                      std::string_view namespace_ = "default") const {
    const auto text = read(T::resource, key<T>(name, namespace_));
    if (!text) return std::nullopt;
    return json::decode<T>(*text).value();
  }
  /// False when there was none.
  template <client::ApiObject T>
  bool remove(const std::string& name, std::string_view namespace_ = "default") {
    return erase(T::resource, key<T>(name, namespace_));
  }
  template <client::ApiObject T>
  [[nodiscard]] std::vector<T> list() const {
    std::vector<T> objects;
    for (const auto& text : read_all(T::resource)) objects.push_back(json::decode<T>(text).value());
    return objects;
  }

  // Time and faults -------------------------------------------------------------------------------
  /// From now on `run_for` and `run_until` draw faults, until `heal`.
  void faults(const Faults& faults);
  /// Throws Violation as soon as a rule is broken; SimulationError when the run cannot go on.
  void run_for(Duration duration);
  /// Runs until `condition` holds, for at most `limit`; says whether it does.
  bool run_until(const std::function<bool()>& condition, Duration limit);
  /// Ends all faults: connections, clocks, servers and replicas work again.
  void heal();
  /// Runs until nothing but leases has been written for a minute, all replicas are up, one leads
  /// and reconciles nothing just then, and all caches are current. Throws Violation when that takes longer than `limit`, when a
  /// change was left unreconciled, or when anything is written in the `quiet` that follows.
  void run_until_quiet(Duration limit, Duration quiet = std::chrono::minutes(5));
  /// True when it came to rest and nothing was changed since.
  [[nodiscard]] bool converged() const;
  /// Stops all replicas with SIGTERM and checks that each ends in time and leaves nothing behind.
  void stop_replicas();

  // Rules -----------------------------------------------------------------------------------------
  /// `check` is called after every change of an object, leases and events excepted, and returns
  /// what is wrong, or nothing.
  void always(std::string rule, std::function<std::string()> check);
  /// The same, after every change of an object of kind T.
  template <client::ApiObject T>
  void always(std::string rule, std::function<std::string()> check) {
    always_of(T::resource, std::move(rule), std::move(check));
  }
  /// Does not check one of the rules above.
  void skip(const char* rule);

  // What happened ---------------------------------------------------------------------------------
  [[nodiscard]] const Trace& trace() const;
  [[nodiscard]] Duration now() const;
  [[nodiscard]] std::uint64_t seed() const;
  Random& random();
  [[nodiscard]] const std::vector<Fault>& drawn_faults() const;
  /// Seed, time, faults and the last events, for people.
  [[nodiscard]] std::string report(const std::string& problem) const;
  /// Writes of replicas so far, without leases and events.
  [[nodiscard]] int writes() const;
  /// Everything that people and programs see, without what differs from run to run by nature; then
  /// how often each object was created and deleted. What systematic runs compare.
  [[nodiscard]] std::string end_state() const;
  /// Members of that name do not count in `end_state`, wherever they stand: hashes over random
  /// names.
  void ignore(std::string member);
  void perturb(Perturbation perturbation);
  /// How often a perturbation of that kind could have been made so far.
  [[nodiscard]] int opportunities(Perturbation::Kind kind) const;

  [[nodiscard]] int replicas() const;
  SimulatedProcess& replica(int index);
  /// Null while it is down.
  [[nodiscard]] Manager* manager(int index) const;
  /// Index of the replica whose gate is open; -1: none.
  [[nodiscard]] int leader() const;
  Simulation& simulation();

  struct Impl;

 private:
  template <class T>
  static meta::ObjectKey key(const std::string& name, std::string_view namespace_) {
    return {T::resource.namespaced ? std::string(namespace_) : std::string(), name};
  }
  std::string put(const meta::Resource& resource, json::Value object);
  std::string merge(const meta::Resource& resource, const meta::ObjectKey& key,
                    const json::Value& patch);
  [[nodiscard]] std::optional<std::string> read(const meta::Resource& resource,
                                                const meta::ObjectKey& key) const;
  [[nodiscard]] std::vector<std::string> read_all(const meta::Resource& resource) const;
  bool erase(const meta::Resource& resource, const meta::ObjectKey& key);
  void always_of(const meta::Resource& resource, std::string rule,
                 std::function<std::string()> check);

  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::testing
