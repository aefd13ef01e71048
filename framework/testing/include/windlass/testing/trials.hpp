#pragma once
// Trials that follow from a CRD's schema: every field is changed, given a wrong value, and rolled
// back; the operator has to converge or to refuse with a reason, and a roll-back has to restore
// what was before.

#include <algorithm>
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

/// Throws Violation when `after` is not `before`.
void expect_restored(const std::string& what, const std::string& before, const std::string& after);

/// The trials of one object.
struct ObjectTrials {
  std::string name;
  std::vector<Trial> trials;
};

/// Makes each trial on its object, which is at rest; where there are several objects, one trial of
/// each at the same time, each object at another place of its list. `settled` returns what is wrong
/// with an object that was changed and came to rest: nothing when it is as asked, or says why not.
/// Throws Violation with the rule "trials". Returns how many the server refused.
template <client::ApiObject T>
int run_trials(SimulatedCluster& sim, const std::vector<ObjectTrials>& objects,
               const std::function<std::string(const T&)>& settled) {
  int refused = 0;
  std::size_t rounds = 0;
  for (const auto& object : objects) rounds = std::max(rounds, object.trials.size());
  const auto before = state_of(sim);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::pair<std::string, const Trial*>> made;
    std::string what;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const auto& [name, trials] = objects[i];
      if (round >= trials.size()) continue;
      const auto& trial = trials[(round + i * trials.size() / objects.size()) % trials.size()];
      const auto named = name + ": " + trial.what;
      try {
        sim.patch<T>(name, trial.patch);
      } catch (const client::ApiError& error) {
        if (error.status().message.empty())
          throw Violation("trials", named + ": refused without a reason");
        ++refused;
        continue;
      }
      if (!trial.valid)
        throw Violation("trials", named + ": the server took it, though the schema forbids it");
      made.emplace_back(name, &trial);
      what += (what.empty() ? "" : ", and ") + named;
    }
    if (made.empty()) continue;
    sim.run_until_quiet(std::chrono::minutes(10), std::chrono::seconds(1));
    for (const auto& [name, trial] : made) {
      const auto wrong = settled(*sim.find<T>(name));
      if (!wrong.empty()) throw Violation("trials", what + ": " + name + ": " + wrong);
    }
    for (const auto& [name, trial] : made) sim.patch<T>(name, trial->rollback);
    sim.run_until_quiet(std::chrono::minutes(10), std::chrono::seconds(1));
    expect_restored(what, before, state_of(sim));
  }
  return refused;
}

/// The same for one object.
template <client::ApiObject T>
int run_trials(SimulatedCluster& sim, const std::string& name, const std::vector<Trial>& trials,
               const std::function<std::string(const T&)>& settled) {
  return run_trials<T>(sim, std::vector<ObjectTrials>{{name, trials}}, settled);
}

}  // namespace windlass::inline v0::testing
