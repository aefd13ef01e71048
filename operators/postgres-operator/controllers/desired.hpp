#pragma once
// What a Database asks for, as pure functions: the objects that are to exist, and what its status
// is to say of those that do.

#include <optional>
#include <string>

#include <windlass/api/apps_v1.hpp>
#include <windlass/api/core_v1.hpp>
#include <windlass/api/rbac_v1.hpp>
#include <windlass/base/clock.hpp>
#include <windlass/http/tls.hpp>

#include "api/contract.hpp"
#include "api/v1/database.hpp"

namespace postgres {

namespace core = windlass::api::core::v1;
namespace apps = windlass::api::apps::v1;
namespace rbac = windlass::api::rbac::v1;
using ::api::v1::Database;
using ::api::v1::DatabaseStatus;

inline constexpr std::string_view kFinalizer = "postgres.windlass.dev/finalizer";
inline constexpr std::string_view kDatabaseLabel = "postgres.windlass.dev/database";
/// Annotation of the StatefulSet: the pod template without the operator's own image.
inline constexpr std::string_view kTemplateAnnotation = "postgres.windlass.dev/template-hash";

// Names ------------------------------------------------------------------------------------------
std::string credentials_name(const Database& db);
std::string tls_name(const Database& db);
std::string config_name(const Database& db);
std::string instance_name(const Database& db);  ///< ServiceAccount, Role, RoleBinding
std::string pods_service_name(const Database& db);
std::string pod_name(const Database& db);
std::string claim_name(const Database& db);
std::string host_of(const Database& db);

// Objects ----------------------------------------------------------------------------------------
/// Defaults of the CRD applied, whoever wrote the object.
Settings settings_of(const Database& db);

/// `password` is that of the Secret that exists, or a new one; `verifier` is made of it.
core::Secret desired_credentials(const Database& db, std::string_view password,
                                 std::string_view verifier, std::string_view ca_pem);
/// What the Secret that exists holds; empty when a part is missing.
struct Credentials {
  std::string password;
  std::string salt;
};
std::optional<Credentials> credentials_in(const core::Secret& secret);

/// A certificate authority of the Database's own, and the server's certificate.
struct ServerTls {
  windlass::http::KeyPair authority;
  windlass::http::KeyPair server;
};
/// What is to be in use at `now`: `have` as long as it is good for 30 days more, otherwise a new
/// server certificate (and authority, if that ends, too). Errc::tls when OpenSSL fails.
Result<ServerTls> current_tls(const Database& db, const std::optional<ServerTls>& have,
                              windlass::WallTime now);
core::Secret desired_tls(const Database& db, const ServerTls& tls);
std::optional<ServerTls> tls_in(const core::Secret& secret);

core::ConfigMap desired_config(const Database& db);
core::Service desired_service(const Database& db);
core::Service desired_pods_service(const Database& db);
core::ServiceAccount desired_service_account(const Database& db);
rbac::Role desired_role(const Database& db);
rbac::RoleBinding desired_role_binding(const Database& db);
/// `have`: the one that exists. Its claim template stays as it is (it is immutable), and its init
/// image stays when nothing else of the pod changes, so that a new operator restarts no database.
apps::StatefulSet desired_stateful_set(const Database& db, const std::string& operator_image,
                                       const apps::StatefulSet* have);

// Checks and observation -------------------------------------------------------------------------
/// What there is already. Null: none.
struct Observed {
  const apps::StatefulSet* stateful_set = nullptr;
  const core::ConfigMap* config = nullptr;
  const core::PersistentVolumeClaim* claim = nullptr;
  const core::Pod* pod = nullptr;
  std::string growth_refused = {};  ///< the API server's words, when the claim may not grow
};

/// The same rules as the CRD's, for servers that do not evaluate them and for objects from before.
/// Errc::invalid_argument names the field and the remedy.
Result<void> validate(const Database& db, const Observed& observed);

/// The instance's report, if the pod has one that can be read.
std::optional<Report> report_of(const core::Pod* pod);

/// The system identifier to record now, or nothing: the pod reports one, none is recorded, and the
/// claim knows no other.
std::optional<std::string> identity_to_record(const Database& db, const Observed& observed);

/// True for a pod of an older revision that is not ready: the StatefulSet controller would wait for
/// it forever.
bool is_stuck(const Observed& observed);

/// The status, from what is observed alone.
DatabaseStatus observe(const Database& db, const Observed& observed, windlass::WallTime now);
/// The status of a Database that cannot be carried out (reason InvalidSpec or NameTaken): nothing
/// else of it changes.
DatabaseStatus refused(const Database& db, const std::string& reason, const std::string& why,
                       windlass::WallTime now);
/// True for an object that was not made for this Database, or one of the same name before it.
bool is_foreign(const Database& db, const windlass::meta::ObjectMeta& object);
/// True for an object whose controller is a deleted Database of the same name: it is about to go.
bool is_of_predecessor(const Database& db, const windlass::meta::ObjectMeta& object);

}  // namespace postgres
