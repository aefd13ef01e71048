#pragma once
// Trials that follow from a CRD's schema: every field is changed, given a wrong value, and rolled
// back; the operator has to converge or to refuse with a reason, and a roll-back has to restore
// what was before.

#include <functional>
#include <string>
#include <vector>

#include <windlass/client/api_error.hpp>
#include <windlass/testing/cluster.hpp>

namespace windlass::inline v0::testing {

struct Trial {
  std::string what;      ///< "spec.replicas: 3 to 4"
  json::Value patch;     ///< a merge patch that makes the change
  json::Value rollback;  ///< and one that takes it back
  bool valid = true;     ///< as far as the schema says
};

/// The trials of the version of `crd` that is stored, from `object` on: fields of `spec`, also
/// those that the object does not set. Fields whose values only a pattern or a format describes get
/// wrong values alone.
std::vector<Trial> trials_of(const json::Value& crd, const json::Value& object);

/// `end_state` without how often objects were made and deleted.
std::string state_of(const SimulatedCluster& sim);

/// Makes each trial on the object of that name, which is at rest. `settled` returns what is wrong
/// with an object that was changed and came to rest: nothing when it is as asked, or says why not.
/// Throws Violation with the rule "trials". Returns how many the server refused.
template <client::ApiObject T>
int run_trials(SimulatedCluster& sim, const std::string& name, const std::vector<Trial>& trials,
               const std::function<std::string(const T&)>& settled) {
  int refused = 0;
  const auto before = state_of(sim);
  for (const auto& trial : trials) {
    try {
      sim.patch<T>(name, trial.patch);
    } catch (const client::ApiError& error) {
      if (error.status().message.empty())
        throw Violation("trials", trial.what + ": refused without a reason");
      ++refused;
      continue;
    }
    if (!trial.valid)
      throw Violation("trials", trial.what + ": the server took it, though the schema forbids it");
    sim.run_until_quiet(std::chrono::minutes(10), std::chrono::seconds(1));
    const auto wrong = settled(*sim.find<T>(name));
    if (!wrong.empty()) throw Violation("trials", trial.what + ": " + wrong);
    sim.patch<T>(name, trial.rollback);
    sim.run_until_quiet(std::chrono::minutes(10), std::chrono::seconds(1));
    const auto after = state_of(sim);
    if (after == before) continue;
    std::size_t at = 0;
    while (at < after.size() && at < before.size() && after[at] == before[at]) ++at;
    const auto from = at < 80 ? 0 : at - 80;
    throw Violation("trials", trial.what + ": rolled back, it is not as before: ..." +
                                  after.substr(from, 160) + "... and not ..." +
                                  before.substr(from, 160) + "...");
  }
  return refused;
}

}  // namespace windlass::inline v0::testing
