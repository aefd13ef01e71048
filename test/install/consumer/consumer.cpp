// Types written by the installed generator, and Kubernetes' own, decoded and encoded by the
// installed libraries.
#include <iostream>

#include <api/v1/database.hpp>

#include <windlass/api/apps_v1.hpp>
#include <windlass/json/table.hpp>

int main() {
  auto database = windlass::json::decode<api::v1::Database>(
      R"({"metadata":{"name":"a"},"spec":{"image":"postgres:15","storage":{"size":"1Gi"}}})");
  auto set =
      windlass::json::decode<windlass::api::apps::v1::StatefulSet>(R"({"metadata":{"name":"b"}})");
  if (!database || !set || database->spec.image != "postgres:15") {
    std::cerr << "decoding failed\n";
    return 1;
  }
  std::cout << windlass::json::encode(*database) << "\n" << windlass::json::encode(*set) << "\n";
}
