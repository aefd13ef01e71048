#pragma once
// The two things that an instance manager wants of the API server: its Database, and a note on its
// own Pod. In-cluster credentials only; no resolver is needed, the server's address is a number.

#include <filesystem>
#include <memory>
#include <string>

#include <windlass/base/environment.hpp>
#include <windlass/http/client.hpp>

#include "instance/volume.hpp"

namespace postgres {

struct ApiPlace {
  windlass::Endpoint server;
  std::filesystem::path service_account;  ///< holds token and ca.crt
  std::string namespace_;
  std::string database;
  std::string pod;
  std::string pod_uid;
};

// Requests and answers as values.
std::string database_target(const ApiPlace& place);
windlass::http::Request report_request(const ApiPlace& place, const Report& report);
Result<DatabaseView> read_database_answer(const ApiPlace& place,
                                          const windlass::http::Response& answer);
/// Nothing on success; otherwise what is wrong and the remedy.
Result<void> read_report_answer(const ApiPlace& place, const windlass::http::Response& answer);

/// Lives on one executor. Reads the token for every request, and trust when it changes.
class ApiAccess {
 public:
  ApiAccess(windlass::Environment& environment, windlass::Executor executor, ApiPlace place);

  /// A read from the quorum. Throws Exception.
  windlass::Task<DatabaseView> read_database();
  /// Writes the annotation. Throws Exception.
  windlass::Task<void> report(Report report);

 private:
  windlass::Task<windlass::http::Response> send(windlass::http::Request request);

  windlass::Environment& environment_;
  windlass::Executor executor_;
  ApiPlace place_;
  std::string ca_;
  std::shared_ptr<windlass::http::Client> client_;
};

}  // namespace postgres
