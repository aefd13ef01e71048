#pragma once
// What a database pod does, as far as the operator can see it. It decides with the real `decide`;
// volumes outlive pods.

#include <map>
#include <string>

#include <windlass/testing/cluster.hpp>

#include "api/contract.hpp"
#include "controllers/desired.hpp"
#include "instance/volume.hpp"

namespace postgres {

class PostgresModel {
 public:
  struct Volume {
    VolumeState state;
    int initdbs = 0;
    std::string verifier;  ///< of the owner's password
  };

  windlass::testing::PodState operator()(const windlass::testing::PodView& view) {
    const auto& pod = view.pod();
    const auto label = pod.metadata.labels.find(std::string(kDatabaseLabel));
    if (label == pod.metadata.labels.end() || view.volume().empty()) return {.ready = false};
    const auto database = view.find<Database>(label->second);
    const auto config = view.find<core::ConfigMap>(label->second + "-config");
    const auto secret = view.find<core::Secret>(label->second + "-credentials");
    if (!database || !config || !secret) return {.ready = false};
    auto& volume = volumes[view.volume()];
    const auto& container = pod.spec.containers.front();
    const int version = std::atoi(container.image.substr(container.image.find(':') + 1).c_str());
    std::string uid;
    for (const auto& variable : container.env) {
      if (variable.name == "DATABASE_UID") uid = variable.value;
    }
    const DatabaseView seen{database->metadata.uid, database->status.system_identifier,
                            database->metadata.is_deleting()};
    auto decision = decide(volume.state, seen, uid, version);
    if (decision.kind == Decision::Kind::initdb) {
      if (++volume.initdbs > 1)
        wrong = "the volume of " + pod.metadata.name + " was initialized again";
      volume.state = {VolumeState::Kind::data, "", version, std::to_string(7000 + volumes.size())};
      decision = decide(volume.state, seen, uid, version);
    }
    Report report;
    report.version = std::to_string(version) + ".1";
    report.system_identifier = volume.state.system_identifier;
    report.reason = decision.reason;
    report.message = decision.message;
    const bool runs = decision.kind == Decision::Kind::start;
    if (decision.kind == Decision::Kind::refuse) report.state = InstanceState::refused;
    if (runs) {
      if (database->status.system_identifier != volume.state.system_identifier) {
        wrong = "the server of " + pod.metadata.name + " started before its identity was recorded";
      }
      report.state = InstanceState::running;
      report.settings_hash = hash_of(config->data.find("settings.json")->second);
      volume.verifier = secret->data.find("verifier")->second;
    }
    return {.ready = runs, .annotations = {{std::string(kReportAnnotation), to_json(report)}}};
  }

  std::map<std::string, Volume> volumes;  ///< by the claim's UID
  std::string wrong;                      ///< what must never happen, and did
};

}  // namespace postgres
