// The whole operator against the in-memory API server in virtual time. Workload controllers are the
// local cluster's; the pod is a model of the instance manager that decides with the real `decide`.

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/api_server/server.hpp>
#include <windlass/base/encoding.hpp>
#include <windlass/codegen/yaml.hpp>
#include <windlass/manager/manager.hpp>
#include <windlass/testing/simulation.hpp>
#include <windlass/testing/workloads.hpp>

#include "controllers/credentials.hpp"
#include "controllers/database_controller.hpp"
#include "instance/volume.hpp"

namespace postgres {
namespace {

namespace json = windlass::json;
namespace meta = windlass::meta;
namespace client = windlass::client;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using windlass::Duration;
using windlass::Environment;
using windlass::Executor;
using windlass::Task;
using windlass::testing::SimulatedProcess;
using windlass::testing::Simulation;

// Counting and stopping at a write ----------------------------------------------------------------

/// Counts requests that change something, and lets the process die once the n-th has been sent.
struct Writes {
  int count = 0;
  int last = 0;  ///< 0: never dies
  std::function<void()> die;

  /// True when the process is to do nothing more.
  bool sent(std::string_view bytes) {
    if (bytes.find("/events") < bytes.find('\r')) return false;
    bool changes = false;
    for (const std::string_view method : {"POST ", "PUT ", "PATCH ", "DELETE "})
      changes |= bytes.starts_with(method);
    if (!changes) return false;
    ++count;
    return count == last;
  }
};

class CountingStream final : public windlass::Stream {
 public:
  CountingStream(std::unique_ptr<windlass::Stream> inner, Writes& writes, windlass::Clock& clock)
      : inner_(std::move(inner)), writes_(writes), clock_(clock) {}
  Task<std::size_t> read_some(std::span<char> buffer) override { return inner_->read_some(buffer); }
  Task<void> write(std::string_view bytes) override {
    const bool last = writes_.sent(bytes);
    auto writing = inner_->write(bytes);
    co_await std::move(writing);
    if (!last) co_return;
    writes_.die();
    auto forever = windlass::sleep_for(clock_, minutes(1));
    co_await std::move(forever);
  }
  void close() noexcept override { inner_->close(); }
  void reset_on_close(bool reset) noexcept override { inner_->reset_on_close(reset); }

 private:
  std::unique_ptr<windlass::Stream> inner_;
  Writes& writes_;
  windlass::Clock& clock_;
};

class CountingNetwork final : public windlass::Network {
 public:
  CountingNetwork(windlass::Network& inner, Writes& writes, windlass::Clock& clock)
      : inner_(inner), writes_(writes), clock_(clock) {}
  Task<std::unique_ptr<windlass::Stream>> dial(windlass::Endpoint to) override {
    auto dialling = inner_.dial(std::move(to));
    auto stream = co_await std::move(dialling);
    co_return std::make_unique<CountingStream>(std::move(stream), writes_, clock_);
  }
  windlass::Result<std::unique_ptr<windlass::Listener>> listen(
      Executor executor, const windlass::Endpoint& at) override {
    return inner_.listen(std::move(executor), at);
  }

 private:
  windlass::Network& inner_;
  Writes& writes_;
  windlass::Clock& clock_;
};

/// A process whose writes are counted.
class CountingEnvironment final : public Environment {
 public:
  CountingEnvironment(SimulatedProcess& inner, Writes& writes)
      : inner_(inner), network_(inner.network(inner.io()), writes, inner.clock()) {}
  Executor io() override { return inner_.io(); }
  Executor workers() override { return inner_.workers(); }
  Executor lease() override { return inner_.lease(); }
  windlass::Clock& clock() override { return inner_.clock(); }
  windlass::Random& random() override { return inner_.random(); }
  windlass::Network& network(const Executor&) override { return network_; }
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const override {
    return inner_.variable(name);
  }
  [[nodiscard]] windlass::Result<std::string> read_file(
      const std::filesystem::path& path) const override {
    return inner_.read_file(path);
  }
  std::string secret_bytes(std::size_t count) override { return inner_.secret_bytes(count); }
  [[nodiscard]] std::string host_name() const override { return inner_.host_name(); }
  Task<int> next_signal() override { return inner_.next_signal(); }
  Task<void> blocking(std::string name, std::function<void()> work) override {
    return inner_.blocking(std::move(name), std::move(work));
  }
  [[noreturn]] void terminate(int code) override { inner_.terminate(code); }
  std::unique_ptr<windlass::Watchdog> make_watchdog(std::string last_words) override {
    return inner_.make_watchdog(std::move(last_words));
  }
  [[nodiscard]] windlass::Logger log() const override { return inner_.log(); }

 private:
  SimulatedProcess& inner_;
  CountingNetwork network_;
};

// The pod model -----------------------------------------------------------------------------------

/// A volume and what is on it: as long as the claim lives.
struct ModelVolume {
  VolumeState state;
  int initdbs = 0;
  std::string password;  ///< that the owner was last given
  std::string verifier;
};

/// A kubelet for database pods: they get an address, decide as the real instance manager does,
/// report, become ready once their identity is recorded, and end a while after they are told to.
class Kubelet {
 public:
  Kubelet(SimulatedProcess& process, std::map<std::string, ModelVolume>& volumes,
          int& accepted_unrecorded)
      : client_(process, process.io(), config()),
        volumes_(volumes),
        accepted_unrecorded_(accepted_unrecorded) {}

  static client::Config config() {
    client::Config made;
    made.server = {"api", 6443};
    return made;
  }

  static Task<void> run(SimulatedProcess& process, std::map<std::string, ModelVolume>& volumes,
                        int& unrecorded) {
    Kubelet kubelet(process, volumes, unrecorded);
    for (;;) {
      try {
        auto pass = kubelet.look_at_pods();
        co_await std::move(pass);
      } catch (const windlass::Exception& error) {
        if (error.code() == windlass::Errc::cancelled) throw;
      }
      auto nap = windlass::sleep_for(process.clock(), milliseconds(250));
      co_await std::move(nap);
    }
  }

 private:
  Task<void> look_at_pods() {
    auto listing = client_.list<core::Pod>();
    const auto pods = co_await std::move(listing);
    for (const auto& pod : pods.items) {
      auto looking = look_at(pod);
      co_await std::move(looking);
    }
  }

  Task<void> look_at(core::Pod pod) {
    if (pod.metadata.is_deleting()) {
      client::DeleteOptions options;
      options.grace_period_seconds = 0;
      options.uid = pod.metadata.uid;
      auto removing = client_.remove<core::Pod>(pod.metadata.key(), options);
      co_await std::move(removing);
      co_return;
    }
    const auto database_name = pod.metadata.labels.find(std::string(kDatabaseLabel))->second;
    auto finding_claim = client_.find<core::PersistentVolumeClaim>(
        {pod.metadata.namespace_, "data-" + pod.metadata.name});
    const auto claim = co_await std::move(finding_claim);
    auto finding = client_.find<Database>({pod.metadata.namespace_, database_name});
    const auto database = co_await std::move(finding);
    auto finding_config =
        client_.find<core::ConfigMap>({pod.metadata.namespace_, database_name + "-config"});
    const auto config = co_await std::move(finding_config);
    auto finding_secret =
        client_.find<core::Secret>({pod.metadata.namespace_, database_name + "-credentials"});
    const auto secret = co_await std::move(finding_secret);
    if (!claim || !database || !config || !secret) co_return;
    auto& volume = volumes_[claim->metadata.uid];
    const auto& image = pod.spec.containers.front().image;
    const int version = std::atoi(image.substr(image.find(':') + 1).c_str());
    std::string uid;
    for (const auto& variable : pod.spec.containers.front().env) {
      if (variable.name == "DATABASE_UID") uid = variable.value;
    }
    const DatabaseView view{database->metadata.uid, database->status.system_identifier,
                            database->metadata.is_deleting()};
    auto decision = decide(volume.state, view, uid, version);
    if (decision.kind == Decision::Kind::initdb) {
      ++volume.initdbs;
      volume.state = {VolumeState::Kind::data, "", version, std::to_string(7000 + volumes_.size())};
      decision = decide(volume.state, view, uid, version);
    }
    Report report;
    report.version = std::to_string(version) + ".1";
    report.system_identifier = volume.state.system_identifier;
    report.reason = decision.reason;
    report.message = decision.message;
    const bool runs = decision.kind == Decision::Kind::start;
    if (decision.kind == Decision::Kind::refuse) report.state = InstanceState::refused;
    if (runs) {
      if (database->status.system_identifier != volume.state.system_identifier)
        ++accepted_unrecorded_;
      report.state = InstanceState::running;
      report.settings_hash = hash_of(config->data.find("settings.json")->second);
      const auto text = [&](const char* key) {
        return windlass::decode_base64(secret->data.find(key)->second).value();
      };
      if (volume.password != text("password")) {
        volume.password = text("password");
        volume.verifier = effective_verifier(volume.password, text("verifier"));
      }
      report.verifier_hash = hash_of(volume.verifier);
    }
    auto reporting = publish(pod, report, runs);
    co_await std::move(reporting);
  }

  Task<void> publish(core::Pod pod, Report report, bool ready) {
    const auto text = to_json(report);
    const auto known = pod.metadata.annotations.find(std::string(kReportAnnotation));
    if (known == pod.metadata.annotations.end() || known->second != text) {
      json::Value patch;
      patch["metadata"]["annotations"][kReportAnnotation] = text;
      auto patching = client_.patch<core::Pod>(pod.metadata.key(), client::PatchType::merge, patch);
      co_await std::move(patching);
    }
    const bool was_ready = windlass::testing::is_pod_ready(pod);
    if (pod.status.phase == "Running" && was_ready == ready) co_return;
    json::Value condition;
    condition["type"] = "Ready";
    condition["status"] = ready ? "True" : "False";
    json::Value patch;
    patch["status"]["phase"] = "Running";
    patch["status"]["podIP"] = "10.1.0.1";
    patch["status"]["conditions"] = json::Array{condition};
    auto patching =
        client_.patch_status<core::Pod>(pod.metadata.key(), client::PatchType::merge, patch);
    co_await std::move(patching);
  }

  client::Client client_;
  std::map<std::string, ModelVolume>& volumes_;
  int& accepted_unrecorded_;
};

// The world ---------------------------------------------------------------------------------------

Task<void> serve(SimulatedProcess& process, windlass::api_server::Core*& core_out,
                 json::Value crd) {
  windlass::api_server::ServerOptions options;
  options.tls = false;
  options.listen = {"", 6443};
  windlass::api_server::Server server(process, process.io(), std::move(options));
  core_out = &server.core();
  server.core().seed({std::move(crd)});
  auto running = server.run();
  co_await std::move(running);
}

windlass::ManagerOptions quiet_options(const char* name) {
  windlass::ManagerOptions options;
  options.operator_name = name;
  options.leader_election = false;
  options.health_probe_bind_address = "0";
  options.metrics_bind_address = "0";
  return options;
}

Task<void> control(SimulatedProcess& process) {
  windlass::Manager manager(process, Kubelet::config(), quiet_options("workloads"));
  windlass::testing::add_workload_controllers(manager);
  auto running = manager.run();
  co_await std::move(running);
}

Task<void> operate(SimulatedProcess& process, Writes& writes) {
  auto environment = std::make_shared<CountingEnvironment>(process, writes);
  process.keep(environment);
  windlass::Manager manager(*environment, Kubelet::config(), quiet_options("postgres-operator"));
  add_database_controller(manager, {.operator_image = "operator:1"});
  auto running = manager.run();
  co_await std::move(running);
}

json::Value read_crd() {
  std::ifstream in(DATABASE_CRD);
  std::stringstream text;
  text << in.rdbuf();
  return windlass::codegen::parse_yaml(DATABASE_CRD, text.str()).value().front();
}

/// Removes what differs between runs by nature.
void normalize(json::Value& value) {
  if (value.is_array()) {
    for (auto& element : value.as_array()) normalize(element);
  }
  if (!value.is_object()) return;
  auto& object = value.as_object();
  for (const char* key : {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp",
                          "managedFields", "generation", "observedGeneration", "lastTransitionTime",
                          "clusterIP", "clusterIPs", "volumeName"}) {
    object.erase(key);
  }
  for (auto& [key, member] : object) {
    if (key == "password" || key == "verifier" || key == "uri" || key.ends_with(".crt") ||
        key.ends_with(".key")) {
      member = "made at random";
    } else if (key == "value" && member.is_string() && member.as_string().size() == 36) {
      member = "a uid";
    } else if (key == kReportAnnotation) {
      auto report = report_from_json(member.as_string()).value();
      report.verifier_hash = "made at random";
      member = to_json(report);
    } else {
      normalize(member);
    }
  }
}

class World {
 public:
  explicit World(int dies_after_write = 0)
      : sim_(7),
        api_(sim_.process("api")),
        workloads_(sim_.process("workloads")),
        kubelet_(sim_.process("kubelet")),
        operator_(sim_.process("operator")),
        user_(sim_.process("user")),
        client_(user_, user_.io(), Kubelet::config()) {
    writes.last = dies_after_write;
    writes.die = [this] {
      // the request has left; what it does happens before the process ends, the answer is never
      // seen
      sim_.after(milliseconds(50), [this] {
        died = true;
        operator_.crash();
        sim_.after(seconds(2), [this] { operator_.restart(); });
      });
    };
    api_.start([this](SimulatedProcess& process) { return serve(process, core_, read_crd()); });
    sim_.run_for(seconds(1));
    workloads_.start([](SimulatedProcess& process) { return control(process); });
    kubelet_.start([this](SimulatedProcess& process) {
      return Kubelet::run(process, volumes, accepted_unrecorded);
    });
    operator_.start([this](SimulatedProcess& process) { return operate(process, writes); });
    sim_.run_for(seconds(3));
  }

  void create(const std::string& policy = "Retain") {
    Database db;
    db.metadata.name = "shop";
    db.metadata.namespace_ = "default";
    db.spec.image = "postgres:15";
    db.spec.storage.size = "1Gi";
    db.spec.database = "shop";
    db.spec.owner = "seller";
    db.spec.deletion_policy = policy == "Delete" ? ::api::v1::DatabaseSpecDeletionPolicy::delete_
                                                 : ::api::v1::DatabaseSpecDeletionPolicy::retain;
    auto creating = client_.create(db);
    sim_.run(user_, std::move(creating));
  }
  void patch(json::Value change) {
    auto patching =
        client_.patch<Database>({"default", "shop"}, client::PatchType::merge, std::move(change));
    sim_.run(user_, std::move(patching));
  }
  void remove() {
    auto removing = client_.remove<Database>(meta::ObjectKey{"default", "shop"});
    sim_.run(user_, std::move(removing));
  }
  template <class T>
  void make(T object) {
    auto creating = client_.create(std::move(object));
    sim_.run(user_, std::move(creating));
  }
  template <class T>
  void unmake(const std::string& name) {
    auto removing = client_.remove<T>(meta::ObjectKey{"default", name});
    sim_.run(user_, std::move(removing));
  }
  void change_password(const std::string& password) {
    json::Value change;
    change["data"]["password"] = windlass::encode_base64(password);
    auto patching = client_.patch<core::Secret>({"default", "shop-credentials"},
                                                client::PatchType::merge, std::move(change));
    sim_.run(user_, std::move(patching));
  }
  template <class T>
  std::optional<T> find(const std::string& name) {
    auto finding = client_.find<T>({"default", name});
    return sim_.run(user_, std::move(finding));
  }
  std::optional<Database> database() { return find<Database>("shop"); }
  void pass(Duration time) { sim_.run_for(time); }
  bool eventually(const std::function<bool()>& holds, Duration limit = minutes(3)) {
    const auto end = sim_.now() + limit;
    while (!holds()) {
      if (sim_.now() > end) return false;
      sim_.run_for(milliseconds(500));
    }
    return true;
  }
  bool becomes_ready() {
    return eventually([this] {
      const auto db = database();
      return db && db->status.phase == ::api::v1::DatabaseStatusPhase::ready &&
             db->status.observed_generation == db->metadata.generation;
    });
  }
  bool becomes(const std::string& reason) {
    return eventually([&] {
      const auto db = database();
      const auto* degraded = db ? meta::find_condition(db->status.conditions, "Degraded") : nullptr;
      return degraded != nullptr && degraded->status == "True" && degraded->reason == reason;
    });
  }
  std::string message() {
    return meta::find_condition(database()->status.conditions, "Degraded")->message;
  }
  /// Everything in the namespace that people and programs see, without what is random.
  std::string everything() {
    std::string text;
    for (const char* path :
         {"/apis/postgres.windlass.dev/v1/namespaces/default/databases",
          "/api/v1/namespaces/default/secrets", "/api/v1/namespaces/default/configmaps",
          "/api/v1/namespaces/default/services", "/api/v1/namespaces/default/serviceaccounts",
          "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/persistentvolumeclaims",
          "/apis/apps/v1/namespaces/default/statefulsets",
          "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
          "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"}) {
      auto reading = client_.raw_get(path);
      auto value = json::parse(sim_.run(user_, std::move(reading))).value();
      normalize(value);
      text += json::dump_pretty(value);
    }
    return text;
  }
  std::string log() const { return sim_.log_text(); }
  void kill_operator() { operator_.crash(); }
  void restart_operator() { operator_.restart(); }

  Writes writes;
  bool died = false;
  std::map<std::string, ModelVolume> volumes;
  int accepted_unrecorded = 0;

 private:
  Simulation sim_;
  SimulatedProcess& api_;
  SimulatedProcess& workloads_;
  SimulatedProcess& kubelet_;
  SimulatedProcess& operator_;
  SimulatedProcess& user_;
  client::Client client_;
  windlass::api_server::Core* core_ = nullptr;
};

json::Value parameter(const char* key, const char* value) {
  json::Value change;
  change["spec"]["parameters"][key] = value;
  return change;
}

TEST(Operator, makes_a_database_ready) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready()) << world.log();
  const auto db = world.database();
  EXPECT_EQ(db->status.endpoint, "shop.default.svc:5432");
  EXPECT_EQ(db->status.version, "15.1");
  EXPECT_EQ(db->status.credentials_secret, "shop-credentials");
  EXPECT_EQ(db->status.storage_size, "1Gi");
  EXPECT_FALSE(db->status.system_identifier.empty());
  EXPECT_TRUE(meta::is_condition_true(db->status.conditions, "Ready"));
  EXPECT_TRUE(meta::is_condition_false(db->status.conditions, "Degraded"));
  const auto claim = world.find<core::PersistentVolumeClaim>("data-shop-0");
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->metadata.annotations.find(std::string(kIdentityAnnotation))->second,
            db->status.system_identifier);
  EXPECT_EQ(world.accepted_unrecorded, 0);

  const auto secret = world.find<core::Secret>("shop-credentials");
  ASSERT_TRUE(secret);
  const auto credentials = credentials_in(*secret);
  ASSERT_TRUE(credentials);
  EXPECT_EQ(world.log().find(credentials->password), std::string::npos)
      << "the password is never logged";
}

TEST(Operator, is_quiet_when_nothing_changes) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready());
  world.pass(seconds(20));
  const int before = world.writes.count;
  world.pass(minutes(30));
  EXPECT_EQ(world.writes.count, before);
}

TEST(Operator, refuses_what_would_break_a_database_and_says_which_field) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready());
  world.patch(parameter("work_mem", "8MB"));
  ASSERT_TRUE(world.becomes_ready());
  json::Value change;
  change["spec"]["image"] = "postgres:16";
  world.patch(change);
  ASSERT_TRUE(world.becomes("WrongMajorVersion")) << world.log();
  EXPECT_THAT(world.message(), HasSubstr("spec.image"));
  change["spec"]["image"] = "postgres:15";
  world.patch(change);
  EXPECT_TRUE(world.becomes_ready()) << "back to the old image, the stuck pod is replaced";
  for (const auto& [uid, volume] : world.volumes) EXPECT_EQ(volume.initdbs, 1);
}

TEST(Operator, says_what_the_api_server_finds_wrong_with_a_spec) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready());
  json::Value change;
  change["spec"]["resources"]["requests"]["memory"] = "-1Gi";
  world.patch(change);
  ASSERT_TRUE(world.becomes("InvalidSpec")) << world.log();
  EXPECT_THAT(world.message(), HasSubstr("resources.requests"));
  EXPECT_TRUE(meta::is_condition_true(world.database()->status.conditions, "Ready"))
      << "the server goes on as it was";
  change["spec"]["resources"]["requests"]["memory"] = "1Gi";
  world.patch(change);
  EXPECT_TRUE(world.becomes_ready());
}

TEST(Operator, leaves_objects_alone_that_only_have_its_names) {
  for (const bool secret : {false, true}) {
    World world;
    if (secret) {
      core::Secret foreign;
      foreign.metadata = {.name = "shop-credentials", .namespace_ = "default"};
      foreign.data["password"] = "c2VjcmV0";
      world.make(foreign);
    } else {
      core::Service foreign;
      foreign.metadata = {.name = "shop", .namespace_ = "default"};
      foreign.spec.ports.push_back({.port = 80});
      world.make(foreign);
    }
    world.create();
    ASSERT_TRUE(world.becomes("NameTaken")) << world.log();
    EXPECT_THAT(world.message(), HasSubstr(secret ? "Secret shop-credentials" : "Service shop"));
    if (secret) {
      EXPECT_EQ(world.find<core::Secret>("shop-credentials")->data.find("password")->second,
                "c2VjcmV0");
      world.unmake<core::Secret>("shop-credentials");
    } else {
      EXPECT_EQ(world.find<core::Service>("shop")->spec.ports[0].port, 80);
      world.unmake<core::Service>("shop");
    }
    EXPECT_TRUE(world.becomes_ready()) << "once the name is free";
  }
}

TEST(Operator, grows_the_volume) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready());
  json::Value change;
  change["spec"]["storage"]["size"] = "2Gi";
  world.patch(change);
  ASSERT_TRUE(world.eventually([&] { return world.database()->status.storage_size == "2Gi"; }))
      << world.log();
  EXPECT_TRUE(world.becomes_ready());
}

TEST(Operator, never_initializes_an_empty_volume_under_an_initialized_database) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready());
  for (auto& [uid, volume] : world.volumes) volume.state = {};
  ASSERT_TRUE(world.becomes("DataMissing")) << world.log();
  for (auto& [uid, volume] : world.volumes) {
    EXPECT_EQ(volume.initdbs, 1);
    volume.state = {VolumeState::Kind::data, "", 15, "1"};
  }
  ASSERT_TRUE(world.becomes("ForeignData"));
}

TEST(Operator, adopts_a_retained_volume_and_sets_the_new_password) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready());
  const auto before = world.database()->status.system_identifier;
  const auto old_verifier = world.volumes.begin()->second.verifier;
  world.remove();
  ASSERT_TRUE(world.eventually([&] {
    return !world.database() && !world.find<core::Secret>("shop-credentials");
  })) << world.log();
  ASSERT_TRUE(world.find<core::PersistentVolumeClaim>("data-shop-0"));
  world.create();
  ASSERT_TRUE(world.becomes_ready()) << world.log();
  EXPECT_EQ(world.database()->status.system_identifier, before);
  ASSERT_EQ(world.volumes.size(), 1u);
  EXPECT_EQ(world.volumes.begin()->second.initdbs, 1);
  EXPECT_NE(world.volumes.begin()->second.verifier, old_verifier);
}

TEST(Operator, takes_a_changed_password_once_the_server_has_it) {
  World world;
  world.create();
  ASSERT_TRUE(world.becomes_ready());
  world.pass(seconds(20));
  world.change_password("correct horse");
  const auto consistent = [&] {
    const auto secret = world.find<core::Secret>("shop-credentials");
    const auto text = [&](const char* key) {
      return windlass::decode_base64(secret->data.find(key)->second).value();
    };
    return text("verifier") == world.volumes.begin()->second.verifier &&
           text("uri").find(":correct%20horse@") != std::string::npos;
  };
  EXPECT_TRUE(world.eventually(consistent, seconds(3))) << world.log();
  EXPECT_EQ(world.log().find("correct horse"), std::string::npos);
  const int before = world.writes.count;
  world.pass(minutes(2));
  EXPECT_EQ(world.writes.count, before) << "at rest again";
}

TEST(Operator, deletes_the_volume_only_when_told_to) {
  World world;
  world.create("Delete");
  ASSERT_TRUE(world.becomes_ready());
  world.remove();
  EXPECT_TRUE(world.eventually([&] {
    return !world.database() && !world.find<core::PersistentVolumeClaim>("data-shop-0") &&
           !world.find<apps::StatefulSet>("shop");
  })) << world.log();
}

/// Create, change, delete; the operator may die once on the way.
struct Story {
  std::string after_create;
  std::string after_change;
  std::string after_delete;
  int writes = 0;
  bool died = false;
};

Story tell(int dies_after_write) {
  Story story;
  World world(dies_after_write);
  world.create();
  EXPECT_TRUE(world.becomes_ready()) << "created, death after write " << dies_after_write << "\n"
                                     << world.log();
  world.pass(seconds(10));
  story.after_create = world.everything();
  auto change = parameter("work_mem", "9MB");
  change["spec"]["storage"]["size"] = "2Gi";
  change["spec"]["image"] = "postgres:15.2";
  world.patch(change);
  EXPECT_TRUE(world.eventually([&] { return world.database()->status.storage_size == "2Gi"; }));
  EXPECT_TRUE(world.becomes_ready()) << "changed, death after write " << dies_after_write;
  world.pass(seconds(10));
  story.after_change = world.everything();
  world.remove();
  EXPECT_TRUE(world.eventually([&] { return !world.database(); }))
      << "deleted, death after write " << dies_after_write;
  world.pass(seconds(30));
  story.after_delete = world.everything();
  story.writes = world.writes.count;
  story.died = world.died;
  EXPECT_EQ(world.volumes.size(), 1u);
  for (const auto& [uid, volume] : world.volumes) EXPECT_EQ(volume.initdbs, 1);
  EXPECT_EQ(world.accepted_unrecorded, 0);
  return story;
}

TEST(Operator, that_is_killed_after_any_write_ends_where_an_undisturbed_one_does) {
  const Story undisturbed = tell(0);
  ASSERT_GT(undisturbed.writes, 15);
  RecordProperty("writes", undisturbed.writes);
  for (int n = 1; n <= undisturbed.writes && !HasFailure(); ++n) {
    SCOPED_TRACE("death after write " + std::to_string(n));
    const Story disturbed = tell(n);
    EXPECT_TRUE(disturbed.died);
    EXPECT_EQ(disturbed.after_create, undisturbed.after_create);
    EXPECT_EQ(disturbed.after_change, undisturbed.after_change);
    EXPECT_EQ(disturbed.after_delete, undisturbed.after_delete);
  }
}

}  // namespace
}  // namespace postgres
