// How simulations that fail are reported: runs runner_subject.cpp's, which do.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <windlass/testing/simulation_test.hpp>
#include <windlass/windlass.hpp>

namespace windlass::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

struct Finished {
  int code = -1;
  std::string said;
};

Finished run(const std::string& command) {
  FILE* pipe = ::popen(("( " + command + " ) 2>&1").c_str(), "r");
  if (pipe == nullptr) return {};
  Finished done;
  char chunk[4096];
  for (std::size_t size = 0; (size = std::fread(chunk, 1, sizeof chunk, pipe)) > 0;)
    done.said.append(chunk, size);
  const int status = ::pclose(pipe);
  done.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return done;
}

class Runner : public ::testing::Test {
 protected:
  Runner() : reports(fs::temp_directory_path() / ("windlass_runner_" + std::to_string(getpid()))) {
    fs::create_directories(reports);
  }
  ~Runner() override { fs::remove_all(reports); }
  [[nodiscard]] Finished subject(const std::string& name, const std::string& flags,
                                 const std::string& before = "") const {
    return run(before + RUNNER_SUBJECT " --gtest_filter='*." + name + "' --report-dir='" +
               reports.string() + "' " + flags);
  }
  fs::path reports;
};

/// What follows `label` in its line.
std::string after(const std::string& text, const std::string& label) {
  const auto at = text.find(label);
  if (at == std::string::npos) return {};
  const auto begin = at + label.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_F(Runner, AnExpectationThatFailsKeepsTheFaultsThatItNeeds) {
  const auto failed = subject("ExpectsNoCrash", "--seeds=5 --jobs=2");
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.said, HasSubstr("Rule: an expectation of the test failed"));
  EXPECT_EQ(count(failed.said, "\n  #"), 1) << failed.said;
  EXPECT_THAT(failed.said, HasSubstr(": kill replica-0"));

  const auto command = after(failed.said, "Again: ");
  EXPECT_THAT(command, HasSubstr("--faults="));
  const auto again = run(command + " --report-dir='" + reports.string() + "'");
  EXPECT_EQ(again.code, 1) << command << "\n" << again.said;
  EXPECT_THAT(again.said, HasSubstr("it began anew"));

  const auto page = after(failed.said, "Page: ");
  std::ifstream in(page);
  const std::string html{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(html, HasSubstr("<!doctype html>"));
  EXPECT_THAT(html, HasSubstr("ExpectsNoCrash, seed"));
}

TEST_F(Runner, AProcessThatEndsMidwayHasFailed) {
  for (const auto* name : {"ExitsWithZero", "ExitsWithOne"}) {
    const auto failed = subject(name, "--seeds=6 --jobs=2");
    EXPECT_EQ(failed.code, 1) << name;
    EXPECT_THAT(failed.said, HasSubstr("with seed 3: the process died")) << name;
  }
}

TEST_F(Runner, FewerProcessesThanAskedForRunAllSeeds) {
  EXPECT_EQ(subject("Passes", "--seeds=40 --jobs=40").code, 0);
  const auto fewer = subject("Passes", "--seeds=40 --jobs=40",
                             "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 24; ");
  EXPECT_EQ(fewer.code, 0) << fewer.said;
  EXPECT_THAT(fewer.said, HasSubstr("Passes: 40 seeds"));
}

TEST_F(Runner, SeedsThatWereNotRunHaveNotPassed) {
  // room for one file, whatever this test has inherited: enough to load libraries, not for a pipe
  const auto none = subject("Passes", "--seeds=40 --jobs=2",
                            "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 4; ");
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.said, HasSubstr("only 0 of 40 seeds were run"));
}

TEST_F(Runner, ASystematicRunMakesAsManyPointsAsItIsTold) {
  const auto usual = subject("SaysEachRun", "");
  EXPECT_EQ(usual.code, 0) << usual.said;
  EXPECT_EQ(count(usual.said, "one run\n"), 1 + 2);
  const auto one = subject("SaysEachRun", "--points=1");
  EXPECT_EQ(count(one.said, "one run\n"), 1 + 1);
  const auto all = subject("SaysEachRun", "--points=100000");
  const auto points = std::atoi(after(all.said, "SaysEachRun: ").c_str());
  EXPECT_GT(points, 2) << all.said;
  EXPECT_EQ(count(all.said, "one run\n"), 1 + points);
  EXPECT_THAT(subject("SaysEachRun", "--points=0").said, HasSubstr("--points=0: a number is"));
}

TEST_F(Runner, AnEvictionIsADeletion) {
  const auto unfenced = subject("EvictsWhateverIsThere", "--seeds=1");
  EXPECT_EQ(unfenced.code, 1);
  EXPECT_THAT(unfenced.said, ContainsRegex("pods/web-0/eviction[^ ]* without the resourceVersion"));
  const auto fenced = subject("EvictsWhatItHasSeen", "--seeds=1");
  EXPECT_EQ(fenced.code, 0) << fenced.said;
}

class Idle final : public ObjectReconciler<ConfigMap> {
  Task<Action> reconcile(Context, Ref<ConfigMap>) override { co_return await_change(); }
};

SIMULATION(WhatHasNotStruckBeforeHealDoesNotStrike) {
  int starts = 0;
  sim.start_replicas(2, [&starts](Manager& manager) {
    ++starts;
    controller_managed_by(manager).reconciles<ConfigMap>().complete<Idle>();
  });
  sim.run_for(1min);
  for (int i = 0; i < sim.replicas(); ++i) {
    sim.replica(i).pause_before_sending(1min);
    sim.replica(i).crash_after(1000);
  }
  sim.heal();
  for (int second = 0; second < 120; ++second) {
    sim.run_for(1s);
    for (int i = 0; i < sim.replicas(); ++i) EXPECT_FALSE(sim.replica(i).paused()) << second;
  }
  EXPECT_EQ(starts, 2) << "none is killed";
}

}  // namespace
}  // namespace windlass::testing
