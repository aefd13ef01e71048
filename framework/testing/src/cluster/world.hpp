#pragma once
// Everything that a simulated cluster is made of, shared by its .cpp files.

#include <deque>
#include <list>
#include <map>
#include <set>
#include <unordered_map>

#include <windlass/api_server/core.hpp>
#include <windlass/http/server.hpp>
#include <windlass/http/tls.hpp>
#include <windlass/testing/cluster.hpp>

namespace windlass::inline v0::testing {

using namespace std::chrono_literals;

inline constexpr const char* kLeaseNamespace = "operators";
inline constexpr const char* kTokenFile = "/var/run/token";
inline constexpr const char* kAuthorityFile = "/var/run/ca.crt";
/// A certificate of the servers' own making; valid for years of simulated time.
http::KeyPair make_authority(const std::string& name, WallTime now,
                             const http::KeyPair* issuer = nullptr);

/// "<group>/<plural>": how the API server calls a collection.
std::string collection_of(const meta::Resource& resource);
std::string path_of(const meta::Resource& resource, const meta::ObjectKey& key);

/// OpenSSL's random numbers come from `seed`, until restored.
void seed_openssl(std::uint64_t seed);
void restore_openssl();

/// Who sent a request: a life of a replica, or (replica -1) something that no fault strikes.
struct Sender {
  int replica = -1;
  int life = 0;
  std::string name;
};

/// What a request is about.
struct Asked {
  std::string verb;        ///< get, list, watch, create, update, patch, delete
  std::string collection;  ///< "<group>/<plural>"
  meta::ObjectKey key;
  std::string subresource;
  std::map<std::string, std::string, std::less<>> query;
  [[nodiscard]] bool writes() const { return verb != "get" && verb != "list" && verb != "watch"; }
  [[nodiscard]] bool is_lease() const { return collection == "coordination.k8s.io/leases"; }
  [[nodiscard]] bool is_event() const {
    return collection == "/events" || collection == "events.k8s.io/events";
  }
};
Asked asked_of(const http::Request& request);

/// What a life of a replica has reconciled.
struct ReconcileLog {
  struct Key {
    int running = 0;
    Duration last_start{-1};
    int failures = 0;        ///< since the last success
    Duration failed_at{-1};  ///< end of the last failure, while nothing followed
    std::deque<Duration> starts;
  };
  std::map<std::string, std::map<meta::ObjectKey, Key>> controllers;
};

struct Replica {
  SimulatedProcess* process = nullptr;
  int life = 0;
  std::weak_ptr<std::unique_ptr<Manager>> manager;  ///< goes with the process
  std::shared_ptr<ReconcileLog> reconciles;
  std::uint64_t epoch = 0;  ///< version of the lease write that won, 0: never led in this life
  bool restart_due = false;
  std::string left_behind;                    ///< what a graceful end left open
  std::map<std::string, std::uint64_t> seen;  ///< newest version in its cache, by object
  std::deque<Duration> requests;
};

/// The newest state of one object and its past.
struct Known {
  std::uint64_t revision = 0;
  Duration changed{};
  std::string changed_by;
  bool exists = false;
  std::vector<std::uint64_t> history;
  std::uint64_t epoch = 0;  ///< newest epoch that wrote it
  std::string epoch_writer;
  int created = 0;
  int deleted = 0;
};

/// A fault that lasts, at the API servers.
struct Window {
  std::size_t number;
  Fault fault;
  SeededRandom random;
};

class ApiServers;
class Kubelet;
class Webhooks;

struct SimulatedCluster::Impl {
  explicit Impl(ClusterOptions o);
  ~Impl();

  ClusterOptions options;
  Simulation sim;
  SimulatedProcess& store;
  api_server::Core core;
  Trace trace;
  std::unique_ptr<ApiServers> servers;
  std::unique_ptr<Kubelet> kubelet;
  std::unique_ptr<Webhooks> webhooks;  ///< once there is one

  // replicas
  Setup setup;
  ManagerOptions manager_options;
  std::vector<Replica> replicas;
  std::weak_ptr<Manager> workload_manager;  ///< of the controllers of workloads, while it runs
  std::map<std::string, Sender, std::less<>> tokens;
  int tokens_issued = 0;
  bool stopping = false;

  // who is at work now, for what the observer of the store hears
  const Sender* sender = nullptr;
  std::string writer;  ///< without a sender: the part of the cluster

  // faults
  Faults rates;
  bool faulty = false;
  SeededRandom plan;
  std::vector<Fault> drawn;
  std::uint64_t generation = 0;  ///< a heal ends what belongs to an older one
  std::list<Window> windows;
  Perturbation perturbation;
  int opportunities_of[4] = {};

  // what is known of the store: collection -> key -> object
  std::map<std::string, std::map<meta::ObjectKey, Known>> objects;
  std::deque<Duration> changes;  ///< of the last minute, without leases and events
  Duration last_change{};
  std::string last_change_text;
  std::uint64_t change_count = 0;
  bool quiet = false;
  std::uint64_t quiet_at = 0;
  int replica_writes = 0;

  // rules
  std::set<std::string> skipped;
  std::set<std::string, std::less<>> ignored{"uid",
                                             "resourceVersion",
                                             "creationTimestamp",
                                             "deletionTimestamp",
                                             "managedFields",
                                             "generation",
                                             "observedGeneration",
                                             "lastTransitionTime",
                                             "lastProbeTime",
                                             "clusterIP",
                                             "clusterIPs",
                                             "volumeName",
                                             "podIP",
                                             "podIPs",
                                             "startTime",
                                             "nodeName",
                                             "restartCount",
                                             "controller-revision-hash",
                                             "pod-template-hash",
                                             "currentRevision",
                                             "updateRevision",
                                             "addresses"};
  /// A rule of the test.
  struct Custom {
    std::string rule;
    std::function<std::string()> check;
    std::string collection;  ///< "group/plural" of what it is about; empty: of everything
    bool due = false;
  };
  std::vector<Custom> custom;
  std::optional<Violation> violation;
  Duration next_scan{};

  void note(TraceEvent::Kind kind, std::string process, std::string text);
  void broken(const char* rule, const std::string& what);
  [[nodiscard]] bool checks(const char* rule) const;
  void throw_violation();

  // cluster.cpp
  void observe(const api_server::Observation& observation);
  void travel_in_time(std::uint64_t revision);
  /// As the part of the cluster called `who`, past all faults.
  http::Response direct(const std::string& who, std::string method, std::string target,
                        std::string body, std::string content_type = "application/json");
  void run(Duration until);
  bool run(const std::function<bool()>& condition, Duration until);
  void tick();
  static Task<void> operate(SimulatedProcess& self, Impl* world, int index);
  static Task<void> control(SimulatedProcess& self, Impl* world);
  void begin_life(int index);
  void restart_later(int index, Duration delay);
  [[nodiscard]] client::Config config_of(SimulatedProcess& process) const;
  [[nodiscard]] Manager* manager(int index) const;
  [[nodiscard]] int leader() const;

  // injection.cpp
  void draw(Duration until);
  void strike(std::size_t number);
  /// A new token in the replica's file.
  void issue_token(Replica& replica);
  void replace_expired_tokens();
  /// Whether a fault that lasts strikes now: then a number from [0, 1) that says how.
  std::optional<double> chance_in(Fault::Kind kind, int replica);
  void heal();
  void after(Duration delay, std::function<void()> action);  ///< unless healed meanwhile

  // rules.cpp
  void check_gates();
  void check_write(const Sender& from, const Asked& asked, const http::Request& request);
  void check_epoch(const std::string& collection, const meta::ObjectKey& key, Known& known,
                   bool removed);
  void check_request_rate(Replica& replica);
  /// False: in a namespace that the operator was told to leave alone.
  [[nodiscard]] bool is_watched(const meta::ObjectKey& key) const;
  void check_caches(bool at_rest);
  bool differs_from_server(const cache::Kind& kind, const meta::ObjectKey& key, const void* cached);
  void check_backoff();
  void check_reconciled();
  [[nodiscard]] std::string unrest() const;  ///< why it is not at rest; empty: it is
  [[nodiscard]] std::string not_current(const std::string& name, Manager& running) const;
  void watch_reconciles(Replica& replica, int index);
};

/// The HTTP side of the API servers over one store.
class ApiServers {
 public:
  ApiServers(SimulatedCluster::Impl& world, int count);
  ~ApiServers();
  [[nodiscard]] int count() const { return static_cast<int>(processes_.size()); }
  SimulatedProcess& process(int index) { return *processes_[static_cast<std::size_t>(index)]; }
  /// Those who ask for any state get the present one until `thaw`.
  void freeze(int server, std::uint64_t revision);
  void thaw(int server);
  void thaw_all();
  /// Ends the watches of all replicas so that they list again.
  void expire_watches();
  void withhold_one(int number) { withhold_ = number; }
  [[nodiscard]] int notifications() const { return notifications_; }
  /// From now on they speak TLS.
  void use_tls();
  [[nodiscard]] bool tls() const { return shown_.has_value(); }
  /// A new authority: trusted from now on, beside the old one.
  void rotate_certificates();
  /// The servers start again with what the new one signed; the old one is trusted no more.
  void show_new_certificates();
  /// Writes who is trusted into the files of all processes.
  void distribute_trust();

 private:
  struct Stream;
  static Task<void> run(SimulatedProcess& self, ApiServers* servers, int index);
  static Task<void> serve(ApiServers* servers, int index, http::Request request,
                          http::Responder* responder);
  static Task<void> stream(ApiServers* servers, int index, Sender sender, Asked asked,
                           std::shared_ptr<api_server::EventStream> events, http::Response head,
                           http::Responder* responder);
  /// The answer instead of the right one, if a fault says so.
  std::optional<http::Response> refusal(int server, const Sender& sender, const Asked& asked);
  bool loses_reply(const Sender& sender);
  /// Rewrites a read so that it sees the state of a frozen server; an answer when it cannot.
  std::optional<http::Response> age(int server, const Asked& asked, http::Request& request);
  std::string filter(Stream& stream, std::string chunk);

  SimulatedCluster::Impl& world_;
  std::vector<SimulatedProcess*> processes_;
  std::vector<std::optional<std::uint64_t>> frozen_;
  std::vector<Stream*> streams_;  ///< in order of their beginning
  struct Certificates {
    http::KeyPair authority, server;
  };
  [[nodiscard]] Certificates make_certificates() const;
  std::optional<Certificates> shown_;
  std::optional<Certificates> coming_;
  int withhold_ = 0;
  int notifications_ = 0;
};

/// The server behind all webhooks of the test.
class Webhooks {
 public:
  explicit Webhooks(SimulatedCluster::Impl& world);
  /// The configuration with `clientConfig`s that lead here, to `model`.
  json::Value add(json::Value configuration, WebhookModel model);

 private:
  static Task<void> run(SimulatedProcess& self, Webhooks* webhooks);
  static Task<void> serve(Webhooks* webhooks, http::Request request, http::Responder* responder);

  SimulatedCluster::Impl& world_;
  SimulatedProcess& process_;
  http::KeyPair certificate_;
  std::vector<WebhookModel> models_;
};

/// All nodes and their kubelets.
class Kubelet {
 public:
  explicit Kubelet(SimulatedCluster::Impl& world);
  void model(std::string image, PodModel model) { models_[std::move(image)] = std::move(model); }
  void changed(const std::string& collection, const meta::ObjectKey& key);
  void crash_container(std::uint64_t seed);
  void evict(std::uint64_t seed);
  void lose_node(std::uint64_t seed, Duration lasts);
  void heal();

 private:
  struct Local {
    std::string uid;
    Duration starts{};  ///< when its containers run (again)
    bool looked_at = false;
    bool due = false;
    int restarts = 0;
    std::string node;
  };
  void schedule(const meta::ObjectKey& key, Duration delay);
  void look_at(const meta::ObjectKey& key);
  [[nodiscard]] const PodModel* model_of(const api::core::v1::Pod& pod) const;
  [[nodiscard]] std::string volume_of(const api::core::v1::Pod& pod) const;
  void show(const api::core::v1::Pod& pod, const Local& local, const PodState& state);
  void patch(const meta::ObjectKey& key, std::string_view subresource, const json::Value& body);

  SimulatedCluster::Impl& world_;
  std::map<std::string, PodModel> models_;
  std::map<meta::ObjectKey, Local> pods_;
  std::map<std::string, Duration> lost_nodes_;  ///< until when
  SeededRandom random_;
};

}  // namespace windlass::inline v0::testing
