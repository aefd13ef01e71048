#include <filesystem>

#include <windlass/api/apps_v1.hpp>
#include <windlass/api/coordination_v1.hpp>
#include <windlass/base/encoding.hpp>

#include "cluster.hpp"

namespace windlass::integration {
namespace {

using api::apps::v1::Deployment;
using api::coordination::v1::Lease;
using api::core::v1::ConfigMap;
using api::core::v1::ServiceAccount;

class Client : public ClusterTest {
 protected:
  ConfigMap config_map(const std::string& name, const std::string& value) const {
    ConfigMap object;
    object.metadata.name = name;
    object.metadata.namespace_ = namespace_;
    object.data["key"] = value;
    return object;
  }
  Deployment deployment(const std::string& name) const {
    Deployment object;
    object.metadata.name = name;
    object.metadata.namespace_ = namespace_;
    object.spec.replicas = 0;
    object.spec.selector.match_labels["app"] = name;
    object.spec.template_.metadata.labels["app"] = name;
    api::core::v1::Container container;
    container.name = "main";
    container.image = "example.com/none:1";
    object.spec.template_.spec.containers.push_back(container);
    return object;
  }
  /// A bearer token of a new service account without any rights.
  std::string token_of(const std::string& name) {
    ServiceAccount account;
    account.metadata.name = name;
    account.metadata.namespace_ = namespace_;
    run(client_->create(account));
    const std::string request =
        R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}})";
    const auto text =
        run(client_->create_text(ServiceAccount::resource, key(name), request, {}, "token"));
    return json::parse(text)->at_path({"status", "token"}).as_string();
  }
};

TEST_P(Client, CreatesReadsUpdatesAndDeletesConfigMaps) {
  const auto created = run(client_->create(config_map("a", "one")));
  EXPECT_FALSE(created.metadata.uid.empty());
  EXPECT_EQ(created.data.at("key"), "one");
  auto read = run(client_->get<ConfigMap>(key("a")));
  EXPECT_EQ(read, created);

  read.data["key"] = "two";
  const auto updated = run(client_->update(read));
  EXPECT_EQ(updated.data.at("key"), "two");
  EXPECT_NE(updated.metadata.resource_version, created.metadata.resource_version);
  const auto stale = refusal(client_->update(read));
  ASSERT_TRUE(stale);
  EXPECT_TRUE(stale->is_conflict()) << stale->what();
  const auto twice = refusal(client_->create(config_map("a", "x")));
  ASSERT_TRUE(twice);
  EXPECT_TRUE(twice->is_already_exists()) << twice->what();

  EXPECT_TRUE(run(client_->remove<ConfigMap>(key("a"))));
  EXPECT_FALSE(run(client_->remove<ConfigMap>(key("a"))));
  EXPECT_FALSE(run(client_->find<ConfigMap>(key("a"))));
  const auto missing = refusal(client_->get<ConfigMap>(key("a")));
  ASSERT_TRUE(missing);
  EXPECT_TRUE(missing->is_not_found());
  EXPECT_NE(std::string(missing->what()).find("get configmaps \"" + namespace_ + "/a\""),
            std::string::npos)
      << missing->what();
}

TEST_P(Client, DeletesOnlyTheVersionThatItWasAskedFor) {
  const auto created = run(client_->create(config_map("a", "one")));
  auto changed = created;
  changed.data["key"] = "two";
  const auto updated = run(client_->update(changed));
  const auto refused = refusal(client_->remove(created));
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->is_conflict()) << refused->what();
  EXPECT_TRUE(run(client_->remove(updated)));
}

TEST_P(Client, PatchesInThreeWays) {
  run(client_->create(config_map("a", "one")));
  auto patch = json::parse(R"({"data":{"key":null,"other":"2"}})");
  auto patched = run(client_->patch<ConfigMap>(key("a"), client::PatchType::merge, *patch));
  EXPECT_EQ(patched.data.size(), 1u);
  EXPECT_EQ(patched.data.at("other"), "2");
  patch = json::parse(R"([{"op":"test","path":"/data/other","value":"2"},
                          {"op":"add","path":"/data/third","value":"3"}])");
  patched = run(client_->patch<ConfigMap>(key("a"), client::PatchType::json, *patch));
  EXPECT_EQ(patched.data.at("third"), "3");
  patch = json::parse(R"({"metadata":{"labels":{"a":"b"}}})");
  patched = run(client_->patch<ConfigMap>(key("a"), client::PatchType::strategic_merge, *patch));
  EXPECT_EQ(patched.metadata.labels.at("a"), "b");
}

TEST_P(Client, AppliesOnTheServer) {
  const auto mine = client_->with_field_manager("mine");
  const auto theirs = client_->with_field_manager("theirs");
  auto applied = run(mine.apply(config_map("a", "one")));
  EXPECT_FALSE(applied.metadata.managed_fields.empty());
  const auto conflict = refusal(theirs.apply(config_map("a", "two"), {.force = false}));
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->http_status(), 409);
  ASSERT_TRUE(conflict->status().details);
  EXPECT_EQ(conflict->status().details->causes.at(0).reason, "FieldManagerConflict");
  applied = run(theirs.apply(config_map("a", "two")));
  EXPECT_EQ(applied.data.at("key"), "two");
  // what came back can go out again: managed fields are stripped
  applied.metadata.resource_version.clear();
  applied.metadata.uid.clear();
  EXPECT_EQ(run(theirs.apply(applied)).data.at("key"), "two");
}

TEST_P(Client, KeepsSpecAndStatusApart) {
  auto object = run(client_->create(deployment("web")));
  EXPECT_EQ(object.metadata.generation, 1);
  object.status.replicas = 3;
  object.spec.replicas = 7;
  const auto with_status = run(client_->update_status(object));
  EXPECT_EQ(with_status.status.replicas, 3);
  EXPECT_EQ(with_status.spec.replicas, 0);
  const auto patch = json::parse(R"({"status":{"replicas":4}})");
  const auto patched =
      run(client_->patch_status<Deployment>(key("web"), client::PatchType::merge, *patch));
  EXPECT_EQ(patched.status.replicas, 4);
}

TEST_P(Client, WritesLeasesWithMicroseconds) {
  Lease lease;
  lease.metadata.name = "lock";
  lease.metadata.namespace_ = namespace_;
  const auto now = meta::MicroTime::from(environment_->clock().wall_now());
  lease.spec.holder_identity = "me";
  lease.spec.lease_duration_seconds = 15;
  lease.spec.renew_time = now;
  run(client_->create(lease));
  EXPECT_EQ(run(client_->get<Lease>(key("lock"))).spec.renew_time, now);
}

TEST_P(Client, ListsPageByPage) {
  for (int i = 0; i < 7; ++i) run(client_->create(config_map("item-" + std::to_string(i), "x")));
  client::ListOptions options{.namespace_ = namespace_,
                              .field_selector = "metadata.name!=kube-root-ca.crt"};
  options.limit = 3;
  const auto all = run(client_->list<ConfigMap>(options));
  EXPECT_EQ(all.items.size(), 7u);
  EXPECT_FALSE(all.resource_version.empty());
  const auto page = run(client_->list_page(ConfigMap::resource, options));
  EXPECT_NE(page.body.find("\"continue\""), std::string::npos);
  options.label_selector = "none=such";
  EXPECT_TRUE(run(client_->list<ConfigMap>(options)).items.empty());
}

Task<std::vector<client::WatchEvent>> collect(client::Client client, client::WatchOptions options,
                                              std::size_t count) {
  auto opening = client.watch(ConfigMap::resource, std::move(options));
  const auto watch = co_await std::move(opening);
  std::vector<client::WatchEvent> events;
  while (events.size() < count) {
    auto next = watch->next();
    auto event = co_await std::move(next);
    if (!event) break;
    events.push_back(std::move(*event));
  }
  co_return events;
}

TEST_P(Client, WatchesFromAVersion) {
  const auto created = run(client_->create(config_map("a", "one")));
  auto changed = created;
  changed.data["key"] = "two";
  run(client_->update(changed));
  run(client_->remove<ConfigMap>(key("a")));
  client::WatchOptions options{.namespace_ = namespace_};
  options.field_selector = "metadata.name=a";
  options.resource_version = created.metadata.resource_version;
  options.timeout_seconds = 10;
  const auto events = run(collect(*client_, options, 2));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].type, client::EventType::modified);
  EXPECT_EQ(json::decode<ConfigMap>(events[0].object)->data.at("key"), "two");
  EXPECT_EQ(events[1].type, client::EventType::deleted);
}

TEST_P(Client, AWatchEndsQuietlyWhenItsTimeIsUp) {
  client::WatchOptions options{.namespace_ = namespace_};
  options.timeout_seconds = 1;
  options.allow_bookmarks = false;
  options.field_selector = "metadata.name=nothing";
  EXPECT_TRUE(run(collect(*client_, options, 1)).empty());
}

TEST_P(Client, DiscoversResources) {
  const auto resource = run(client_->resource_for({"apps", "v1", "Deployment"}));
  EXPECT_EQ(resource, Deployment::resource);
  EXPECT_EQ(run(client_->resource_for({"", "v1", "ConfigMap"})), ConfigMap::resource);
  const auto unknown = refusal(client_->resource_for({"example.com", "v1", "Nothing"}));
  ASSERT_TRUE(unknown);
  EXPECT_TRUE(unknown->is_not_found());
  EXPECT_NE(std::string(unknown->what()).find("CustomResourceDefinition"), std::string::npos);
  const auto wrong_kind = refusal(client_->resource_for({"apps", "v1", "Nothing"}));
  ASSERT_TRUE(wrong_kind);
  EXPECT_NE(run(client_->raw_get("/version")).find("gitVersion"), std::string::npos);
}

TEST_P(Client, AMissingTypeIsNoMissingObject) {
  constexpr meta::Resource missing{"example.com", "v1", "Thing", "things", true, false};
  const auto error = refusal(client_->find_text(missing, key("a")));
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is_not_found()) << error->what();
}

TEST_P(Client, RefusesAServerThatTheCaDoesNotVouchFor) {
  const auto other =
      http::make_certificate({.common_name = "other-ca",
                              .not_before = environment_->clock().wall_now(),
                              .not_after = environment_->clock().wall_now() + std::chrono::hours(1),
                              .is_ca = true});
  ASSERT_TRUE(other);
  auto config = config_;
  config.tls->ca_pem = other->certificate_pem;
  const auto error = trouble(client_for(config).raw_get("/version"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::tls) << error->message;
}

TEST_P(Client, NamesAServerThatIsNotThere) {
  auto config = config_;
  config.server = {"127.0.0.1", 1};
  const auto error = trouble(client_for(config).raw_get("/version"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::refused);
  EXPECT_NE(error->message.find("127.0.0.1:1"), std::string::npos) << error->message;
}

TEST_P(Client, AWrongTokenIsUnauthorized) {
  auto config = anonymous();
  config.bearer_token = "wrong";
  const auto error = refusal(client_for(config).get<ConfigMap>(key("a")));
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is_unauthorized());
  EXPECT_EQ(error->code(), Errc::permission);
}

TEST_P(Client, WithoutRightsItIsForbidden) {
  auto config = anonymous();
  config.bearer_token = token_of("nobody");
  const auto error = refusal(client_for(config).get<ConfigMap>(key("a")));
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is_forbidden()) << error->what();
  EXPECT_NE(error->status().message.find("nobody"), std::string::npos);
}

TEST_P(Client, ReadsTheTokenFileAgainAfter401) {
  const auto path = std::filesystem::temp_directory_path() / (namespace_ + ".token");
  std::ofstream(path) << "wrong\n";
  auto config = anonymous();
  config.bearer_token_file = path.string();
  const auto client = client_for(config);
  auto error = refusal(client.get<ConfigMap>(key("a")));
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is_unauthorized());
  std::ofstream(path) << token_of("somebody") << "\n";
  error = refusal(client.get<ConfigMap>(key("a")));
  std::filesystem::remove(path);
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is_forbidden()) << error->what();
}

class ClosedGate final : public client::WriteGate {
 public:
  [[nodiscard]] Result<BootTime> open_until() const override {
    return Error{Errc::permission, "not the leader: another is"};
  }
};

TEST_P(Client, AClosedGateLetsReadsThroughOnly) {
  const auto gated = client_->with_gate(std::make_shared<ClosedGate>());
  EXPECT_FALSE(run(gated.find<ConfigMap>(key("a"))));
  const auto error = trouble(gated.create(config_map("a", "x")));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::permission);
  EXPECT_FALSE(run(client_->find<ConfigMap>(key("a"))));
}

INSTANTIATE_TEST_SUITE_P(Servers, Client, servers(), server_name);

}  // namespace
}  // namespace windlass::integration
