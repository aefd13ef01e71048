#include "controllers/desired.hpp"

#include <algorithm>

#include <windlass/base/encoding.hpp>
#include <windlass/json/table.hpp>

#include "controllers/credentials.hpp"

namespace postgres {

namespace meta = windlass::meta;
using std::chrono::hours;

namespace {

constexpr std::int64_t kPostgresUid = 999;
// initdb refuses a user without a name, and an image may know 999 by none or by another
constexpr std::string_view kPasswdFile = "passwd";
constexpr std::string_view kGroupFile = "group";
constexpr std::string_view kVolumeCannotGrow = "VolumeCannotGrow";
/// How long a kill for want of memory is told of, as the instance manager does.
constexpr auto kMemoryTrouble = std::chrono::minutes(10);
constexpr std::size_t kLongestName = 48;

meta::ObjectMeta metadata_of(const Database& db, std::string name) {
  meta::ObjectMeta metadata;
  metadata.name = std::move(name);
  metadata.namespace_ = db.metadata.namespace_;
  metadata.labels["app.kubernetes.io/name"] = "postgres";
  metadata.labels["app.kubernetes.io/instance"] = db.metadata.name;
  metadata.labels["app.kubernetes.io/managed-by"] = "postgres-operator";
  metadata.labels[std::string(kDatabaseLabel)] = db.metadata.name;
  return metadata;
}

std::string decoded(const core::Secret& secret, std::string_view key) {
  const auto found = secret.data.find(std::string(key));
  if (found == secret.data.end()) return {};
  const auto text = windlass::decode_base64(found->second);
  return text ? *text : std::string{};
}

void put(core::Secret& secret, const char* key, std::string_view value) {
  secret.data[key] = windlass::encode_base64(value);
}

core::VolumeMount mount(const char* name, std::string_view path, bool read_only) {
  core::VolumeMount made;
  made.name = name;
  made.mount_path = path;
  if (read_only) made.read_only = true;
  return made;
}

/// One file of a volume, over the image's own. It stays as it is when the volume changes.
core::VolumeMount mount_file(const char* name, std::string_view file, std::string_view path) {
  auto made = mount(name, path, true);
  made.sub_path = file;
  return made;
}

core::Volume empty_directory(const char* name, const char* medium) {
  core::Volume volume;
  volume.name = name;
  volume.empty_dir.ensure().medium = medium;
  return volume;
}

core::Volume secret_volume(const char* name, std::string secret, std::vector<std::string> keys) {
  core::Volume volume;
  volume.name = name;
  volume.secret.ensure().secret_name = std::move(secret);
  for (auto& key : keys) {
    core::KeyToPath item;
    item.key = key;
    item.path = std::move(key);
    volume.secret->items.push_back(std::move(item));
  }
  return volume;
}

core::EnvVar variable(const char* name, std::string value) {
  core::EnvVar made;
  made.name = name;
  made.value = std::move(value);
  return made;
}

core::EnvVar field_variable(const char* name, const char* path) {
  core::EnvVar made;
  made.name = name;
  made.value_from.ensure().field_ref.ensure().field_path = path;
  return made;
}

core::Probe probe(const char* path, int period, int failures) {
  core::Probe made;
  made.http_get.ensure().path = path;
  made.http_get->port = "probes";
  made.period_seconds = period;
  made.timeout_seconds = 5;
  made.failure_threshold = failures;
  return made;
}

core::SecurityContext locked_down() {
  core::SecurityContext context;
  context.allow_privilege_escalation = false;
  context.read_only_root_filesystem = true;
  context.run_as_non_root = true;
  context.capabilities.ensure().drop = {"ALL"};
  return context;
}

core::PodSpec pod_spec(const Database& db, const std::string& operator_image) {
  core::PodSpec pod;
  pod.service_account_name = instance_name(db);
  pod.termination_grace_period_seconds = kTerminationGraceSeconds;
  pod.enable_service_links = false;
  auto& security = pod.security_context.ensure();
  security.run_as_non_root = true;
  security.run_as_user = kPostgresUid;
  security.run_as_group = kPostgresUid;
  security.fs_group = kPostgresUid;
  security.fs_group_change_policy = "OnRootMismatch";
  security.seccomp_profile.ensure().type = "RuntimeDefault";

  core::Container copy;
  copy.name = "instance-manager";
  copy.image = operator_image;
  copy.image_pull_policy = "IfNotPresent";
  copy.command = {"/instance-manager", "copy", std::string(kBinaryPath)};
  copy.volume_mounts = {mount("program", "/windlass", false)};
  copy.security_context = locked_down();
  pod.init_containers.push_back(std::move(copy));

  core::Container server;
  server.name = "postgres";
  server.image = db.spec.image;
  server.image_pull_policy = db.spec.image_pull_policy
                                 ? std::string(to_string(*db.spec.image_pull_policy))
                                 : "IfNotPresent";
  server.command = {std::string(kBinaryPath), "run"};
  server.env = {variable("DATABASE_NAME", db.metadata.name),
                variable("DATABASE_UID", db.metadata.uid),
                field_variable("POD_NAME", "metadata.name"),
                field_variable("POD_NAMESPACE", "metadata.namespace"),
                field_variable("POD_UID", "metadata.uid")};
  core::ContainerPort port;
  port.name = "postgres";
  port.container_port = kPostgresPort;
  core::ContainerPort probes;
  probes.name = "probes";
  probes.container_port = kProbePort;
  server.ports = {port, probes};
  server.startup_probe = probe("/startupz", 1, 60);
  server.readiness_probe = probe("/readyz", 2, 2);
  server.liveness_probe = probe("/livez", 10, 3);
  if (db.spec.resources) server.resources = *db.spec.resources;
  server.security_context = locked_down();
  server.volume_mounts = {mount("data", kVolumePath, false),
                          mount("program", "/windlass", true),
                          mount("run", kRunPath, false),
                          mount("shared-memory", "/dev/shm", false),
                          mount("temporary", "/tmp", false),
                          mount("settings", kSettingsPath, true),
                          mount_file("settings", kPasswdFile, "/etc/passwd"),
                          mount_file("settings", kGroupFile, "/etc/group"),
                          mount("credentials", kCredentialsPath, true),
                          mount("tls", kTlsPath, true)};
  pod.containers.push_back(std::move(server));

  core::Volume settings;
  settings.name = "settings";
  settings.config_map.ensure().name = config_name(db);
  pod.volumes = {empty_directory("program", ""),
                 empty_directory("run", "Memory"),
                 empty_directory("shared-memory", "Memory"),
                 empty_directory("temporary", ""),
                 settings,
                 secret_volume("credentials", credentials_name(db),
                               {std::string(kVerifierFile), std::string(kPasswordFile)}),
                 secret_volume("tls", tls_name(db), {"tls.crt", "tls.key"})};
  return pod;
}

core::PersistentVolumeClaim claim_template(const Database& db) {
  core::PersistentVolumeClaim claim;
  claim.metadata.name = "data";
  claim.metadata.labels = metadata_of(db, {}).labels;
  claim.spec.access_modes = {"ReadWriteOnce"};
  const auto size = meta::Quantity::parse(db.spec.storage.size);
  if (size) claim.spec.resources.requests["storage"] = *size;
  if (!db.spec.storage.storage_class_name.empty())
    claim.spec.storage_class_name = db.spec.storage.storage_class_name;
  return claim;
}

std::optional<meta::Quantity> requested(const core::PersistentVolumeClaim& claim) {
  const auto found = claim.spec.resources.requests.find("storage");
  if (found == claim.spec.resources.requests.end()) return std::nullopt;
  return found->second;
}

Error invalid(const std::string& field, const std::string& why) {
  return {Errc::invalid_argument, field + ": " + why};
}

const core::PodCondition* condition_of(const core::Pod& pod, std::string_view type) {
  for (const auto& condition : pod.status.conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

bool is_ready(const core::Pod* pod) {
  if (pod == nullptr || pod->metadata.is_deleting()) return false;
  const auto* condition = condition_of(*pod, "Ready");
  return condition != nullptr && condition->status == "True";
}

struct Trouble {
  std::string reason;
  std::string message;
};

/// What the kubelet or the scheduler say that people have to mend.
std::optional<Trouble> pod_trouble(const core::Pod& pod) {
  const auto look =
      [](const std::vector<core::ContainerStatus>& statuses) -> std::optional<Trouble> {
    for (const auto& status : statuses) {
      if (!status.state.waiting) continue;
      const auto& waiting = *status.state.waiting;
      // every other reason to wait is a failure: of the image, the configuration, the runtime
      if (waiting.reason.empty() || waiting.reason == "ContainerCreating" ||
          waiting.reason == "PodInitializing")
        continue;
      return Trouble{waiting.reason, "container " + status.name + ": " + waiting.message};
    }
    return std::nullopt;
  };
  if (auto trouble = look(pod.status.init_container_statuses)) return trouble;
  if (auto trouble = look(pod.status.container_statuses)) return trouble;
  if (pod.status.phase == "Failed" && !pod.status.reason.empty())
    return Trouble{pod.status.reason, "the pod has failed: " + pod.status.message};
  const auto* scheduled = condition_of(pod, "PodScheduled");
  if (scheduled != nullptr && scheduled->status == "False" &&
      scheduled->reason == "Unschedulable") {
    return Trouble{"Unschedulable", scheduled->message};
  }
  return std::nullopt;
}

/// The kernel ends a whole container that wants too much memory, our process 1 included, so the
/// kubelet alone can tell.
std::optional<Trouble> memory_trouble(const core::Pod& pod, windlass::WallTime now) {
  for (const auto& status : pod.status.container_statuses) {
    for (const auto* state : {&status.state, &status.last_state}) {
      if (!state->terminated || state->terminated->reason != "OOMKilled") continue;
      const auto& at = state->terminated->finished_at;
      if (at && now - at->wall() > kMemoryTrouble) continue;
      return Trouble{std::string(kOutOfMemory),
                     "the container was killed for want of memory: raise "
                     "spec.resources.limits.memory or lower shared_buffers, work_mem or "
                     "max_connections; it is started again"};
    }
  }
  return std::nullopt;
}

std::optional<Trouble> growth_trouble(const Database& db, const Observed& observed) {
  std::string why = observed.growth_refused;
  if (observed.claim != nullptr) {
    for (const auto& condition : observed.claim->status.conditions) {
      const bool failed =
          condition.type == "ControllerResizeError" || condition.type == "NodeResizeError";
      if (failed && condition.status == "True" && why.empty()) why = condition.message;
    }
  }
  if (why.empty()) return std::nullopt;
  return Trouble{std::string(kVolumeCannotGrow),
                 "spec.storage.size: the volume cannot grow to " + db.spec.storage.size + " (" +
                     why + "): let its storage class allow it (allowVolumeExpansion)"};
}

std::string known_identity(const core::PersistentVolumeClaim* claim) {
  if (claim == nullptr) return {};
  const auto found = claim->metadata.annotations.find(std::string(kIdentityAnnotation));
  return found == claim->metadata.annotations.end() ? std::string{} : found->second;
}

void set(DatabaseStatus& status, const Database& db, windlass::WallTime now, std::string type,
         bool value, std::string reason, std::string message) {
  meta::Condition condition;
  condition.type = std::move(type);
  condition.status = value ? "True" : "False";
  condition.observed_generation = db.metadata.generation;
  condition.reason = std::move(reason);
  condition.message = std::move(message);
  meta::set_condition(status.conditions, std::move(condition), now);
}

}  // namespace

std::string credentials_name(const Database& db) { return db.metadata.name + "-credentials"; }
std::string tls_name(const Database& db) { return db.metadata.name + "-server-tls"; }
std::string config_name(const Database& db) { return db.metadata.name + "-config"; }
std::string instance_name(const Database& db) { return db.metadata.name + "-instance"; }
std::string pods_service_name(const Database& db) { return db.metadata.name + "-pods"; }
std::string pod_name(const Database& db) { return db.metadata.name + "-0"; }
std::string claim_name(const Database& db) { return "data-" + db.metadata.name + "-0"; }
std::string host_of(const Database& db) {
  return db.metadata.name + "." + db.metadata.namespace_ + ".svc";
}

Settings settings_of(const Database& db) {
  Settings settings;
  settings.database = db.spec.database.empty() ? "app" : db.spec.database;
  settings.owner = db.spec.owner.empty() ? "app" : db.spec.owner;
  for (const auto& [key, value] : db.spec.parameters) settings.parameters[key] = value;
  // the server's default of 1 GB would fill a small volume with write-ahead log alone
  const auto size = meta::Quantity::parse(db.spec.storage.size);
  const std::int64_t megabytes = size ? size->value() >> 20 : 0;
  if (megabytes > 0 && megabytes < 8192 && !settings.parameters.contains("max_wal_size")) {
    settings.parameters["max_wal_size"] =
        std::to_string(std::max<std::int64_t>(megabytes / 8, 32)) + "MB";
    settings.parameters.try_emplace("min_wal_size", "32MB");
  }
  return settings;
}

core::Secret desired_credentials(const Database& db, std::string_view password,
                                 std::string_view verifier, std::string_view ca_pem) {
  const auto settings = settings_of(db);
  const std::string port = std::to_string(kPostgresPort);
  core::Secret secret;
  secret.metadata = metadata_of(db, credentials_name(db));
  secret.type = "Opaque";
  put(secret, "username", settings.owner);
  put(secret, "password", password);
  put(secret, "verifier", verifier);
  put(secret, "host", host_of(db));
  put(secret, "port", port);
  put(secret, "dbname", settings.database);
  put(secret, "uri",
      "postgresql://" + settings.owner + ":" + windlass::encode_percent(password) + "@" +
          host_of(db) + ":" + port + "/" + settings.database + "?sslmode=require");
  put(secret, "ca.crt", ca_pem);
  return secret;
}

std::optional<Credentials> credentials_in(const core::Secret& secret) {
  Credentials found{decoded(secret, "password"), salt_of(decoded(secret, kVerifierFile))};
  if (found.password.empty()) return std::nullopt;
  return found;
}

Result<ServerTls> current_tls(const Database& db, const std::optional<ServerTls>& have,
                              windlass::WallTime now) {
  namespace http = windlass::http;
  const auto good = [&](const http::KeyPair& pair) {
    const auto end = http::certificate_expiry(pair.certificate_pem);
    return end && *end > now + hours(24 * 30) && !pair.key_pem.empty();
  };
  if (have && good(have->authority) && good(have->server)) return *have;
  ServerTls tls;
  if (have && good(have->authority)) {
    tls.authority = have->authority;
  } else {
    http::CertificateRequest request;
    request.common_name = db.metadata.name + "." + db.metadata.namespace_ + " authority";
    request.not_before = now - hours(1);
    request.not_after = now + hours(24 * 3650);
    request.is_ca = true;
    const auto made = http::make_certificate(request);
    if (!made) return made.error();
    tls.authority = *made;
  }
  http::CertificateRequest request;
  request.common_name = host_of(db).size() <= 64 ? host_of(db) : db.metadata.name;
  for (const auto& name : {db.metadata.name, pod_name(db) + "." + pods_service_name(db)}) {
    const auto in_namespace = name + "." + db.metadata.namespace_;
    for (const auto& spelling :
         {name, in_namespace, in_namespace + ".svc", in_namespace + ".svc.cluster.local"}) {
      request.dns_names.push_back(spelling);
    }
  }
  request.not_before = now - hours(1);
  request.not_after = now + hours(24 * 365);
  const auto made = http::make_certificate(request, &tls.authority);
  if (!made) return made.error();
  tls.server = *made;
  return tls;
}

core::Secret desired_tls(const Database& db, const ServerTls& tls) {
  core::Secret secret;
  secret.metadata = metadata_of(db, tls_name(db));
  secret.type = "kubernetes.io/tls";
  put(secret, "tls.crt", tls.server.certificate_pem);
  put(secret, "tls.key", tls.server.key_pem);
  put(secret, "ca.crt", tls.authority.certificate_pem);
  put(secret, "ca.key", tls.authority.key_pem);
  return secret;
}

std::optional<ServerTls> tls_in(const core::Secret& secret) {
  ServerTls tls{{decoded(secret, "ca.crt"), decoded(secret, "ca.key")},
                {decoded(secret, "tls.crt"), decoded(secret, "tls.key")}};
  if (tls.authority.certificate_pem.empty() || tls.server.certificate_pem.empty())
    return std::nullopt;
  return tls;
}

core::ConfigMap desired_config(const Database& db) {
  core::ConfigMap config;
  config.metadata = metadata_of(db, config_name(db));
  config.data[std::string(kSettingsFile)] = to_json(settings_of(db));
  const auto id = std::to_string(kPostgresUid);
  config.data[std::string(kPasswdFile)] =
      "root:x:0:0:root:/root:/bin/sh\n"
      "postgres:x:" +
      id + ":" + id +
      ":PostgreSQL:/var/lib/postgresql:/bin/sh\n"
      "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n";
  config.data[std::string(kGroupFile)] = "root:x:0:\npostgres:x:" + id + ":\nnogroup:x:65534:\n";
  return config;
}

core::Service desired_service(const Database& db) {
  core::Service service;
  service.metadata = metadata_of(db, db.metadata.name);
  service.spec.selector[std::string(kDatabaseLabel)] = db.metadata.name;
  service.spec.type = "ClusterIP";
  core::ServicePort port;
  port.name = "postgres";
  port.port = kPostgresPort;
  port.protocol = "TCP";
  port.target_port = meta::IntOrString("postgres");
  service.spec.ports.push_back(std::move(port));
  return service;
}

core::Service desired_pods_service(const Database& db) {
  auto service = desired_service(db);
  service.metadata.name = pods_service_name(db);
  service.spec.cluster_ip = "None";
  service.spec.publish_not_ready_addresses = true;
  return service;
}

core::ServiceAccount desired_service_account(const Database& db) {
  core::ServiceAccount account;
  account.metadata = metadata_of(db, instance_name(db));
  return account;
}

rbac::Role desired_role(const Database& db) {
  rbac::Role role;
  role.metadata = metadata_of(db, instance_name(db));
  rbac::PolicyRule own_database;
  own_database.api_groups = {std::string(Database::resource.group)};
  own_database.resources = {"databases"};
  own_database.resource_names = {db.metadata.name};
  own_database.verbs = {"get"};
  rbac::PolicyRule own_pod;
  own_pod.api_groups = {""};
  own_pod.resources = {"pods"};
  own_pod.resource_names = {pod_name(db)};
  own_pod.verbs = {"get", "patch"};
  role.rules = {own_database, own_pod};
  return role;
}

rbac::RoleBinding desired_role_binding(const Database& db) {
  rbac::RoleBinding binding;
  binding.metadata = metadata_of(db, instance_name(db));
  binding.role_ref.api_group = "rbac.authorization.k8s.io";
  binding.role_ref.kind = "Role";
  binding.role_ref.name = instance_name(db);
  rbac::Subject account;
  account.kind = "ServiceAccount";
  account.name = instance_name(db);
  account.namespace_ = db.metadata.namespace_;
  binding.subjects.push_back(std::move(account));
  return binding;
}

apps::StatefulSet desired_stateful_set(const Database& db, const std::string& operator_image,
                                       const apps::StatefulSet* have) {
  apps::StatefulSet set;
  set.metadata = metadata_of(db, db.metadata.name);
  set.spec.replicas = 1;
  set.spec.service_name = pods_service_name(db);
  set.spec.selector.match_labels[std::string(kDatabaseLabel)] = db.metadata.name;
  set.spec.pod_management_policy = "OrderedReady";
  set.spec.update_strategy.type = "RollingUpdate";
  auto& retention = set.spec.persistent_volume_claim_retention_policy.ensure();
  retention.when_deleted = "Retain";
  retention.when_scaled = "Retain";
  set.spec.template_.metadata.labels = set.metadata.labels;
  set.spec.template_.spec = pod_spec(db, "");
  const auto hash = hash_of(windlass::json::encode(set.spec.template_));
  set.metadata.annotations[std::string(kTemplateAnnotation)] = hash;
  auto& image = set.spec.template_.spec.init_containers.front().image;
  image = operator_image;
  set.spec.volume_claim_templates = {claim_template(db)};
  if (have == nullptr) return set;

  const auto& before = have->metadata.annotations;
  const auto known = before.find(std::string(kTemplateAnnotation));
  const auto& init = have->spec.template_.spec.init_containers;
  if (known != before.end() && known->second == hash && !init.empty()) image = init.front().image;
  if (!have->spec.volume_claim_templates.empty()) {
    if (const auto size = requested(have->spec.volume_claim_templates.front())) {
      set.spec.volume_claim_templates.front().spec.resources.requests["storage"] = *size;
    }
  }
  return set;
}

Result<void> validate(const Database& db, const Observed& observed) {
  const auto settings = settings_of(db);
  if (db.metadata.name.size() > kLongestName) {
    return invalid("metadata.name", "must have at most " + std::to_string(kLongestName) +
                                        " characters, because other names are made of it");
  }
  if (db.spec.image.empty() || db.spec.image.find_first_of(" \t\r\n") != std::string::npos)
    return invalid("spec.image", "must name an image, without spaces");
  if (const auto good = check_database_name(settings.database); !good) {
    return invalid("spec.database", good.error().message);
  }
  if (const auto good = check_owner_name(settings.owner); !good)
    return invalid("spec.owner", good.error().message);
  for (const auto& [key, value] : db.spec.parameters) {
    if (const auto good = check_parameter(key, value); !good)
      return invalid("spec.parameters", good.error().message);
  }
  if (db.spec.resources) {
    for (const auto& [name, request] : db.spec.resources->requests) {
      const auto limit = db.spec.resources->limits.find(name);
      if (limit == db.spec.resources->limits.end() || !(limit->second < request)) continue;
      return invalid("spec.resources.requests." + name,
                     "must not be more than the limit of " + limit->second.to_string());
    }
  }
  const auto size = meta::Quantity::parse(db.spec.storage.size);
  if (!size || size->sign() <= 0)
    return invalid("spec.storage.size", "must be a positive quantity, such as 10Gi");
  if (observed.claim != nullptr) {
    const auto have = requested(*observed.claim);
    if (have && *size < *have) {
      return invalid("spec.storage.size", "storage cannot shrink from " + have->to_string() +
                                              " to " + size->to_string() + ": set it to " +
                                              have->to_string() + " or more");
    }
  }
  if (observed.stateful_set != nullptr &&
      !observed.stateful_set->spec.volume_claim_templates.empty()) {
    const auto& was =
        observed.stateful_set->spec.volume_claim_templates.front().spec.storage_class_name;
    if (was.value_or("") != db.spec.storage.storage_class_name) {
      return invalid("spec.storage.storageClassName",
                     "cannot change from \"" + was.value_or("") + "\" to \"" +
                         db.spec.storage.storage_class_name + "\": set it back");
    }
  }
  if (observed.config != nullptr) {
    const auto text = observed.config->data.find(std::string(kSettingsFile));
    const auto before = text == observed.config->data.end() ? Result<Settings>(Error{})
                                                            : settings_from_json(text->second);
    if (before && before->database != settings.database) {
      return invalid("spec.database",
                     "cannot change from \"" + before->database + "\": set it back");
    }
    if (before && before->owner != settings.owner) {
      return invalid("spec.owner", "cannot change from \"" + before->owner + "\": set it back");
    }
  }
  return {};
}

std::optional<Report> report_of(const core::Pod* pod) {
  if (pod == nullptr) return std::nullopt;
  const auto found = pod->metadata.annotations.find(std::string(kReportAnnotation));
  if (found == pod->metadata.annotations.end()) return std::nullopt;
  const auto report = report_from_json(found->second);
  if (!report) return std::nullopt;
  return *report;
}

std::optional<std::string> identity_to_record(const Database& db, const Observed& observed) {
  const auto report = report_of(observed.pod);
  if (!report || report->system_identifier.empty() || observed.claim == nullptr)
    return std::nullopt;
  if (!db.status.system_identifier.empty() || observed.pod->metadata.is_deleting())
    return std::nullopt;
  if (report->state == InstanceState::refused) return std::nullopt;
  const auto known = known_identity(observed.claim);
  if (!known.empty() && known != report->system_identifier) return std::nullopt;
  return report->system_identifier;
}

bool is_stuck(const Observed& observed) {
  if (observed.pod == nullptr || observed.stateful_set == nullptr) return false;
  const auto& set = *observed.stateful_set;
  const auto& pod = *observed.pod;
  if (pod.metadata.is_deleting() || is_ready(&pod) || set.status.update_revision.empty())
    return false;
  if (set.status.observed_generation.value_or(0) < set.metadata.generation.value_or(0))
    return false;
  const auto revision = pod.metadata.labels.find("controller-revision-hash");
  return revision != pod.metadata.labels.end() && revision->second != set.status.update_revision;
}

DatabaseStatus observe(const Database& db, const Observed& observed, windlass::WallTime now) {
  using Phase = ::api::v1::DatabaseStatusPhase;
  DatabaseStatus status = db.status;
  status.observed_generation = db.metadata.generation;
  status.endpoint = host_of(db) + ":" + std::to_string(kPostgresPort);
  status.credentials_secret = credentials_name(db);
  if (const auto identity = identity_to_record(db, observed)) status.system_identifier = *identity;
  bool growing = false;
  if (observed.claim != nullptr) {
    const auto& capacity = observed.claim->status.capacity;
    const auto found = capacity.find("storage");
    if (found != capacity.end()) {
      status.storage_size = found->second.to_string();
      const auto asked = requested(*observed.claim);
      growing = asked && found->second < *asked;
    }
  }
  const auto report = report_of(observed.pod);
  if (report && !report->version.empty()) status.version = report->version;

  std::optional<Trouble> trouble;
  const auto known = known_identity(observed.claim);
  if (report && !report->reason.empty()) trouble = Trouble{report->reason, report->message};
  if (!trouble && observed.pod != nullptr) trouble = memory_trouble(*observed.pod, now);
  if (!trouble && observed.pod != nullptr) trouble = pod_trouble(*observed.pod);
  if (!trouble && report && db.status.system_identifier.empty() && !known.empty() &&
      !report->system_identifier.empty() && known != report->system_identifier) {
    trouble = Trouble{std::string(kForeignData),
                      "the claim " + claim_name(db) + " is of system identifier " + known +
                          ", but the volume holds " + report->system_identifier +
                          ": attach the right volume, or remove the annotation " +
                          std::string(kIdentityAnnotation) + " of the claim to adopt this one"};
  }
  const auto growth = growth_trouble(db, observed);
  if (growth) growing = true;
  if (!trouble) trouble = growth;
  if (observed.claim != nullptr && observed.claim->status.phase == "Lost") {
    trouble =
        Trouble{"VolumeLost", "the volume of claim " + claim_name(db) + " is gone: restore it"};
  }

  const bool ready = is_ready(observed.pod) && report && report->state == InstanceState::running;
  const bool settled = report && report->settings_hash == hash_of(to_json(settings_of(db)));
  bool rolling = observed.stateful_set == nullptr;
  if (!rolling && observed.pod != nullptr) {
    const auto revision = observed.pod->metadata.labels.find("controller-revision-hash");
    const auto& wanted = observed.stateful_set->status.update_revision;
    rolling =
        observed.pod->metadata.is_deleting() || (revision != observed.pod->metadata.labels.end() &&
                                                 !wanted.empty() && revision->second != wanted);
  }
  const bool progressing = rolling || growing || (!ready && !trouble) || (ready && !settled);

  std::string doing = "Settled";
  std::string detail = "everything is as the spec says";
  if (report && !report->restarted_for.empty()) {
    detail += "; last restarted for";
    for (const auto& name : report->restarted_for) detail += " " + name;
  }
  if (progressing) {
    doing = db.status.system_identifier.empty() ? "Creating" : "Updating";
    detail = observed.pod == nullptr ? "waiting for the pod" : "waiting for the server";
    if (report && !report->message.empty()) detail = report->message;
    if (rolling) detail = "waiting for the pod to be replaced";
    if (ready && !settled) detail = "waiting for the server to take the parameters";
    if (growing) detail = "waiting for the volume to grow";
  }
  if (trouble) {
    set(status, db, now, "Degraded", true, trouble->reason, trouble->message);
  } else {
    set(status, db, now, "Degraded", false, "AsExpected", "");
  }
  set(status, db, now, "Progressing", progressing, doing, detail);
  if (ready) {
    set(status, db, now, "Ready", true, "AcceptingConnections",
        "clients can connect to " + status.endpoint);
  } else {
    set(status, db, now, "Ready", false, trouble ? trouble->reason : doing,
        trouble ? trouble->message : detail);
  }

  if (ready) {
    status.phase = progressing ? Phase::updating : Phase::ready;
  } else if (trouble) {
    status.phase = Phase::degraded;
  } else if (observed.pod == nullptr) {
    status.phase = Phase::pending;
  } else {
    status.phase = status.system_identifier.empty() ? Phase::creating : Phase::starting;
  }
  return status;
}

DatabaseStatus refused(const Database& db, const std::string& reason, const std::string& why,
                       windlass::WallTime now) {
  DatabaseStatus status = db.status;
  status.observed_generation = db.metadata.generation;
  status.phase = ::api::v1::DatabaseStatusPhase::invalid;
  set(status, db, now, "Degraded", true, reason, why);
  set(status, db, now, "Progressing", false, reason, "nothing changes before that is mended");
  if (meta::find_condition(status.conditions, "Ready") == nullptr) {
    set(status, db, now, "Ready", false, reason, why);
  }
  return status;
}

bool is_foreign(const Database& db, const meta::ObjectMeta& object) {
  const auto* owner = object.controller_owner();
  if (owner != nullptr && owner->uid == db.metadata.uid) return false;
  const auto label = object.labels.find(std::string(kDatabaseLabel));
  return label == object.labels.end() || label->second != db.metadata.name;
}

bool is_of_predecessor(const Database& db, const meta::ObjectMeta& object) {
  const auto* owner = object.controller_owner();
  return owner != nullptr && owner->kind == Database::resource.kind &&
         owner->name == db.metadata.name && owner->uid != db.metadata.uid;
}

}  // namespace postgres
