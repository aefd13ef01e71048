#include "controllers/desired.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/base/encoding.hpp>
#include <windlass/json/table.hpp>

#include "controllers/credentials.hpp"

namespace postgres {
namespace {

namespace meta = windlass::meta;
using std::chrono::hours;
using testing::HasSubstr;
using testing::Not;

const windlass::WallTime kNow{std::chrono::seconds(1'767'225'600)};

Database database() {
  Database db;
  db.metadata.name = "shop";
  db.metadata.namespace_ = "default";
  db.metadata.uid = "uid-1";
  db.metadata.generation = 1;
  db.spec.image = "postgres:15";
  db.spec.storage.size = "10Gi";
  db.spec.database = "shop";
  db.spec.owner = "seller";
  return db;
}

core::Pod pod_with(const Report& report, bool ready) {
  core::Pod pod;
  pod.metadata.name = "shop-0";
  pod.metadata.annotations[std::string(kReportAnnotation)] = to_json(report);
  core::PodCondition condition;
  condition.type = "Ready";
  condition.status = ready ? "True" : "False";
  pod.status.conditions.push_back(condition);
  return pod;
}

core::PersistentVolumeClaim claim_with(const std::string& identity, const char* size = "10Gi") {
  core::PersistentVolumeClaim claim;
  claim.metadata.name = "data-shop-0";
  if (!identity.empty()) claim.metadata.annotations[std::string(kIdentityAnnotation)] = identity;
  claim.spec.resources.requests["storage"] = meta::Quantity::parse(size).value();
  return claim;
}

TEST(Scram, verifier_is_the_one_of_rfc_7677) {
  // the exchange in RFC 7677: user "user", password "pencil"
  const auto salt = windlass::decode_base64("W22ZaJ0SNY7soEsUEjb6gQ==").value();
  const auto verifier = scram_verifier("pencil", salt);
  EXPECT_EQ(
      verifier,
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
      "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  EXPECT_TRUE(is_scram_verifier(verifier));
}

TEST(Scram, a_changed_password_gets_the_same_verifier_from_everyone) {
  const auto before = scram_verifier("old", "0123456789abcdef");
  EXPECT_EQ(salt_of(before), "0123456789abcdef");
  EXPECT_EQ(effective_verifier("old", before), before);
  EXPECT_EQ(effective_verifier("new", before), scram_verifier("new", "0123456789abcdef"));
  EXPECT_EQ(effective_verifier("new", scram_verifier("old", "0123456789abcdef", 64)),
            scram_verifier("new", "0123456789abcdef", 64));
  EXPECT_EQ(effective_verifier("", before), before);
  for (const auto* broken :
       {"", "SCRAM-SHA-256$", "md5abc", "SCRAM-SHA-256$4096:!!$a=:b=", "SCRAM-SHA-256$0:YWJj$a=:b=",
        "SCRAM-SHA-256$99999999:YWJj$a=:b=", "SCRAM-SHA-256$:YWJj$a=:b="}) {
    EXPECT_EQ(salt_of(broken), "") << broken;
    EXPECT_EQ(effective_verifier("new", broken), broken);
  }
}

TEST(Password, is_long_and_plain) {
  const auto password = make_password(std::string(16, '\0') + std::string(16, '\xff'));
  EXPECT_EQ(password.size(), 32u);
  EXPECT_EQ(
      password.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
      std::string::npos);
}

TEST(Credentials, come_back_from_their_secret) {
  const auto secret = desired_credentials(
      database(), "open sesame", scram_verifier("open sesame", "0123456789abcdef"), "a ca");
  const auto found = credentials_in(secret);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->password, "open sesame");
  EXPECT_EQ(found->salt, "0123456789abcdef");
  EXPECT_EQ(desired_credentials(database(), found->password,
                                scram_verifier(found->password, found->salt), "a ca"),
            secret)
      << "stable";
  const auto uri = windlass::decode_base64(secret.data.find("uri")->second).value();
  EXPECT_EQ(uri, "postgresql://seller:open%20sesame@shop.default.svc:5432/shop?sslmode=require");
  EXPECT_FALSE(credentials_in(core::Secret{}));
}

TEST(Tls, is_renewed_before_it_ends_and_keeps_its_authority) {
  const auto first = current_tls(database(), std::nullopt, kNow).value();
  const auto back = tls_in(desired_tls(database(), first));
  ASSERT_TRUE(back);
  const auto same = current_tls(database(), back, kNow + hours(24 * 300)).value();
  EXPECT_EQ(same.server.certificate_pem, first.server.certificate_pem);
  const auto renewed = current_tls(database(), back, kNow + hours(24 * 340)).value();
  EXPECT_NE(renewed.server.certificate_pem, first.server.certificate_pem);
  EXPECT_EQ(renewed.authority.certificate_pem, first.authority.certificate_pem);
}

TEST(Settings, leave_a_small_volume_room_beside_the_log) {
  auto db = database();
  db.spec.storage.size = "1Gi";
  EXPECT_EQ(settings_of(db).parameters.at("max_wal_size"), "128MB");
  db.spec.parameters["max_wal_size"] = "200MB";
  EXPECT_EQ(settings_of(db).parameters.at("max_wal_size"), "200MB");
  db = database();
  EXPECT_FALSE(settings_of(db).parameters.contains("max_wal_size"));
}

TEST(StatefulSet, keeps_to_the_restricted_pod_security_standard) {
  const auto set = desired_stateful_set(database(), "operator:1", nullptr);
  const auto& pod = set.spec.template_.spec;
  EXPECT_EQ(pod.security_context->run_as_non_root, true);
  EXPECT_EQ(pod.security_context->seccomp_profile->type, "RuntimeDefault");
  EXPECT_GT(pod.termination_grace_period_seconds.value(), kFastStopSeconds);
  std::vector<core::Container> containers = pod.containers;
  containers.insert(containers.end(), pod.init_containers.begin(), pod.init_containers.end());
  ASSERT_EQ(containers.size(), 2u);
  for (const auto& container : containers) {
    EXPECT_EQ(container.security_context->allow_privilege_escalation, false);
    EXPECT_EQ(container.security_context->read_only_root_filesystem, true);
    EXPECT_EQ(container.security_context->capabilities->drop, std::vector<std::string>{"ALL"});
  }
  const auto& volumes = pod.volumes;
  EXPECT_TRUE(std::any_of(volumes.begin(), volumes.end(), [](const auto& volume) {
    return volume.name == "shared-memory" && volume.empty_dir &&
           volume.empty_dir->medium == "Memory";
  })) << "/dev/shm";
  // the password reaches the instance manager as a file, never a variable
  for (const auto& container : containers) {
    EXPECT_TRUE(container.env_from.empty());
    for (const auto& variable : container.env)
      EXPECT_FALSE(variable.value_from && variable.value_from->secret_key_ref) << variable.name;
  }
}

TEST(StatefulSet, leaves_the_volume_to_its_claim_template) {
  const auto set = desired_stateful_set(database(), "operator:1", nullptr);
  ASSERT_EQ(set.spec.volume_claim_templates.size(), 1u);
  const auto& name = set.spec.volume_claim_templates.front().metadata.name;
  for (const auto& volume : set.spec.template_.spec.volumes) EXPECT_NE(volume.name, name);
  const auto& mounts = set.spec.template_.spec.containers.front().volume_mounts;
  const auto mounted = std::find_if(mounts.begin(), mounts.end(),
                                    [&](const auto& mount) { return mount.name == name; });
  ASSERT_NE(mounted, mounts.end());
  EXPECT_EQ(mounted->mount_path, kVolumePath);
}

TEST(StatefulSet, gives_the_server_s_user_a_name_whatever_the_image) {
  const auto config = desired_config(database());
  const auto pod = desired_stateful_set(database(), "operator:1", nullptr).spec.template_.spec;
  const auto user = std::to_string(*pod.security_context->run_as_user);
  for (const std::string file : {"passwd", "group"}) {
    const auto text = config.data.find(file);
    ASSERT_NE(text, config.data.end());
    EXPECT_THAT(text->second, HasSubstr("postgres:x:" + user + ":"));
    const auto& mounts = pod.containers.front().volume_mounts;
    const auto mounted = std::find_if(mounts.begin(), mounts.end(), [&](const auto& mount) {
      return mount.mount_path == "/etc/" + file;
    });
    ASSERT_NE(mounted, mounts.end());
    EXPECT_EQ(mounted->name, "settings");
    EXPECT_EQ(mounted->sub_path, file);
    EXPECT_EQ(mounted->read_only, true);
  }
}

TEST(StatefulSet, is_not_changed_by_a_new_operator_alone) {
  const auto before = desired_stateful_set(database(), "operator:1", nullptr);
  EXPECT_EQ(desired_stateful_set(database(), "operator:2", &before), before) << "no restart";
  auto changed = database();
  changed.spec.image = "postgres:15.2";
  const auto after = desired_stateful_set(changed, "operator:2", &before);
  EXPECT_EQ(after.spec.template_.spec.init_containers.front().image, "operator:2");
}

TEST(StatefulSet, keeps_its_claim_template_when_the_storage_grows) {
  const auto before = desired_stateful_set(database(), "operator:1", nullptr);
  auto grown = database();
  grown.spec.storage.size = "20Gi";
  EXPECT_EQ(desired_stateful_set(grown, "operator:1", &before).spec.volume_claim_templates,
            before.spec.volume_claim_templates);
}

struct RuleCase {
  std::string field;
  std::function<void(Database&)> change;
};

TEST(Validate, names_the_field) {
  const auto set = desired_stateful_set(database(), "operator:1", nullptr);
  const auto config = desired_config(database());
  const auto claim = claim_with("");
  const Observed observed{&set, &config, &claim, nullptr};
  EXPECT_TRUE(validate(database(), observed));
  const std::vector<RuleCase> cases = {
      {"spec.storage.size", [](Database& db) { db.spec.storage.size = "5Gi"; }},
      {"spec.storage.size", [](Database& db) { db.spec.storage.size = "much"; }},
      {"spec.storage.size", [](Database& db) { db.spec.storage.size = "0"; }},
      {"spec.storage.storageClassName",
       [](Database& db) { db.spec.storage.storage_class_name = "fast"; }},
      {"spec.owner", [](Database& db) { db.spec.owner = "another"; }},
      {"spec.owner", [](Database& db) { db.spec.owner = "pg_signal_backend"; }},
      {"spec.database", [](Database& db) { db.spec.database = "another"; }},
      {"spec.database", [](Database& db) { db.spec.database = "template1"; }},
      {"spec.parameters", [](Database& db) { db.spec.parameters["archive_command"] = "rm"; }},
      {"spec.image", [](Database& db) { db.spec.image = ""; }},
      {"spec.image", [](Database& db) { db.spec.image = "postgres: 15"; }},
      {"metadata.name", [](Database& db) { db.metadata.name = std::string(49, 'a'); }},
      {"spec.resources.requests.memory",
       [](Database& db) {
         auto& resources = db.spec.resources.ensure();
         resources.requests["memory"] = meta::Quantity::parse("2Gi").value();
         resources.limits["memory"] = meta::Quantity::parse("1Gi").value();
       }},
  };
  for (const auto& c : cases) {
    auto db = database();
    c.change(db);
    const auto good = validate(db, observed);
    ASSERT_FALSE(good) << c.field;
    EXPECT_TRUE(good.error().message.starts_with(c.field + ":")) << good.error().message;
  }
}

TEST(Identity, is_recorded_once_and_only_when_the_claim_agrees) {
  const auto pod = pod_with({.state = InstanceState::waiting, .system_identifier = "745"}, false);
  const auto unknown = claim_with("");
  const auto same = claim_with("745");
  const auto other = claim_with("746");
  auto db = database();
  EXPECT_EQ(identity_to_record(db, {nullptr, nullptr, &unknown, &pod}), "745");
  EXPECT_EQ(identity_to_record(db, {nullptr, nullptr, &same, &pod}), "745");
  EXPECT_EQ(identity_to_record(db, {nullptr, nullptr, &other, &pod}), std::nullopt);
  EXPECT_EQ(identity_to_record(db, {nullptr, nullptr, nullptr, &pod}), std::nullopt);
  const auto status = observe(db, {nullptr, nullptr, &other, &pod}, kNow);
  const auto* degraded = meta::find_condition(status.conditions, "Degraded");
  EXPECT_EQ(degraded->reason, kForeignData);
  EXPECT_EQ(status.system_identifier, "");
  const auto also_stuck = observe(db, {nullptr, nullptr, &other, &pod, "no growth"}, kNow);
  EXPECT_EQ(meta::find_condition(also_stuck.conditions, "Degraded")->reason, kForeignData)
      << "data of somebody else comes before a volume that cannot grow";
  db.status.system_identifier = "700";
  EXPECT_EQ(identity_to_record(db, {nullptr, nullptr, &unknown, &pod}), std::nullopt);
  EXPECT_EQ(observe(db, {nullptr, nullptr, &unknown, &pod}, kNow).system_identifier, "700");
}

TEST(Observe, says_what_the_instance_reports) {
  const auto set = desired_stateful_set(database(), "operator:1", nullptr);
  const auto claim = claim_with("745");
  auto db = database();
  db.status.system_identifier = "745";
  Report report{.state = InstanceState::running, .system_identifier = "745", .version = "15.18"};
  report.settings_hash = hash_of(to_json(settings_of(db)));
  auto pod = pod_with(report, true);
  auto status = observe(db, {&set, nullptr, &claim, &pod}, kNow);
  EXPECT_EQ(to_string(*status.phase), "Ready");
  EXPECT_TRUE(meta::is_condition_true(status.conditions, "Ready"));
  EXPECT_TRUE(meta::is_condition_false(status.conditions, "Progressing"));

  report.reason = kDiskFull;
  report.message = "the volume is almost full";
  pod = pod_with(report, true);
  status = observe(db, {&set, nullptr, &claim, &pod}, kNow);
  EXPECT_TRUE(meta::is_condition_true(status.conditions, "Ready")) << "still serving";
  EXPECT_EQ(meta::find_condition(status.conditions, "Degraded")->reason, kDiskFull);

  report.state = InstanceState::failed;
  pod = pod_with(report, false);
  status = observe(db, {&set, nullptr, &claim, &pod}, kNow);
  EXPECT_EQ(to_string(*status.phase), "Degraded");
  EXPECT_EQ(meta::find_condition(status.conditions, "Ready")->reason, kDiskFull);

  core::Pod waiting;
  core::ContainerStatus container;
  container.name = "postgres";
  container.state.waiting.ensure().reason = "ErrImagePull";
  waiting.status.container_statuses.push_back(container);
  status = observe(db, {&set, nullptr, &claim, &waiting}, kNow);
  EXPECT_EQ(meta::find_condition(status.conditions, "Degraded")->reason, "ErrImagePull");
}

struct PodCase {
  const char* what;
  std::function<void(core::Pod&)> change;
  std::string_view reason;
};

TEST(Observe, says_what_the_kubelet_tells_of_the_pod) {
  const auto set = desired_stateful_set(database(), "operator:1", nullptr);
  const auto claim = claim_with("745");
  const auto waiting = [](const char* reason) {
    return [reason](core::Pod& pod) {
      pod.status.container_statuses.front().state.waiting.ensure().reason = reason;
    };
  };
  const auto killed = [](std::chrono::seconds ago) {
    return [ago](core::Pod& pod) {
      auto& last = pod.status.container_statuses.front().last_state.terminated.ensure();
      last.reason = "OOMKilled";
      last.finished_at = meta::Time::from(kNow - ago);
      pod.status.container_statuses.front().state.waiting.ensure().reason = "CrashLoopBackOff";
    };
  };
  const std::vector<PodCase> cases = {
      {"it is being made", waiting("ContainerCreating"), "AsExpected"},
      {"it waits for its init container", waiting("PodInitializing"), "AsExpected"},
      {"an image that is not there and never pulled", waiting("ErrImageNeverPull"),
       "ErrImageNeverPull"},
      {"a runtime that fails", waiting("CreateContainerError"), "CreateContainerError"},
      {"the kernel ended the container", killed(std::chrono::seconds(60)), kOutOfMemory},
      {"that was long ago", killed(std::chrono::seconds(601)), "CrashLoopBackOff"},
      {"evicted",
       [](core::Pod& pod) {
         pod.status.phase = "Failed";
         pod.status.reason = "Evicted";
       },
       "Evicted"},
  };
  for (const auto& c : cases) {
    core::Pod pod;
    pod.status.container_statuses.emplace_back().name = "postgres";
    c.change(pod);
    const auto status = observe(database(), {&set, nullptr, &claim, &pod}, kNow);
    EXPECT_EQ(meta::find_condition(status.conditions, "Degraded")->reason, c.reason) << c.what;
  }
}

TEST(Ownership, tells_a_predecessor_from_a_stranger_and_from_oneself) {
  const auto db = database();
  meta::ObjectMeta object;
  object.labels["postgres.windlass.dev/database"] = db.metadata.name;
  EXPECT_FALSE(is_of_predecessor(db, object));
  auto& owner = object.owner_references.emplace_back();
  owner.kind = "Database";
  owner.name = db.metadata.name;
  owner.uid = db.metadata.uid;
  owner.controller = true;
  EXPECT_FALSE(is_of_predecessor(db, object));
  owner.uid = "of-the-one-before";
  EXPECT_TRUE(is_of_predecessor(db, object));
  owner.kind = "Shop";
  EXPECT_FALSE(is_of_predecessor(db, object));
}

TEST(Observe, says_that_a_volume_cannot_grow_and_what_would_help) {
  auto claim = claim_with("745");
  const auto of = [&](const std::string& refused) {
    const auto status = observe(database(), {nullptr, nullptr, &claim, nullptr, refused}, kNow);
    EXPECT_TRUE(meta::is_condition_true(status.conditions, "Progressing"));
    return *meta::find_condition(status.conditions, "Degraded");
  };
  EXPECT_EQ(of("").reason, "AsExpected");
  const auto refused = of("only dynamically provisioned pvc can be resized");
  EXPECT_EQ(refused.reason, "VolumeCannotGrow");
  EXPECT_THAT(refused.message, HasSubstr("spec.storage.size"));
  EXPECT_THAT(refused.message, HasSubstr("allowVolumeExpansion"));
  auto& condition = claim.status.conditions.emplace_back();
  condition.type = "ControllerResizeError";
  condition.status = "True";
  condition.message = "quota of the storage is used up";
  EXPECT_THAT(of("").message, HasSubstr("used up"));
}

TEST(Observe, is_stable) {
  const auto db = database();
  auto again = db;
  again.status = observe(db, {}, kNow);
  EXPECT_EQ(observe(again, {}, kNow + hours(1)), again.status);
}

}  // namespace
}  // namespace postgres
