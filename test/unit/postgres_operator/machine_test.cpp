#include "instance/machine.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postgres {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const VolumeState kEmpty{VolumeState::Kind::empty, "", 0, ""};
const VolumeState kData{VolumeState::Kind::data, "", 15, "745"};
const Settings kSettings{"shop", "seller", {{"work_mem", "8MB"}}};
const Settings kOther{"shop", "seller", {{"max_connections", "50"}}};

MountedFiles files(const Settings& settings = kSettings, std::string verifier = "v1") {
  return {settings, hash_of(to_json(settings)), std::move(verifier), "tls"};
}

/// Plays the world for a machine: answers its jobs from what the test says the world is like.
class World {
 public:
  World() { send(FilesRead{files()}); }

  template <class T>
  void send(T event) {
    for (auto& action : machine.handle(std::move(event), now)) {
      if (auto* run = std::get_if<RunJob>(&action)) job = run->job;
      if (auto* start = std::get_if<StartServer>(&action)) started.push_back(start->settings);
      if (auto* signal = std::get_if<SignalServer>(&action)) signals.push_back(signal->signal);
      if (auto* kept = std::get_if<KeepAsLastGood>(&action)) last_good = kept->settings;
      if (auto* published = std::get_if<Publish>(&action)) report = published->report;
      if (auto* exit = std::get_if<Exit>(&action)) exit_code = exit->code;
      if (std::get_if<CancelJob>(&action) && job) cancelled = true;
    }
  }

  /// Ends the job that runs, as the world is. False when none runs.
  bool finish_job() {
    if (!job) return false;
    JobDone done{.job = *job};
    jobs.push_back(*job);
    job.reset();
    if (failing == done.job) done.error = failure;
    if (!done.error) {
      done.program = {15, "15.18"};
      done.database = {"uid", recorded, false};
      done.volume = volume;
      done.settings = examination;
      if (done.job == Job::initdb) volume = kData;
    }
    done.log = failing == done.job ? failure_log : "";
    send(std::move(done));
    return true;
  }
  void run_jobs() {
    for (int i = 0; i < 20 && finish_job(); ++i) {
    }
  }
  void pass(Duration time) {
    const auto end = now + time;
    while (machine.wake_at() < end) {
      now = machine.wake_at();
      send(Tick{});
      run_jobs();
    }
    now = end;
    send(Tick{});
    run_jobs();
  }
  /// To a running server of an initialized Database.
  void bring_up() {
    recorded = "745";
    volume = kData;
    run_jobs();
    send(ServerReady{});
    run_jobs();
  }
  [[nodiscard]] long times(Job which) const { return std::count(jobs.begin(), jobs.end(), which); }

  SteadyTime now{};
  InstanceMachine machine{{.database_uid = "uid"}};
  std::string recorded;
  VolumeState volume = kEmpty;
  std::optional<Job> failing;
  Error failure{Errc::io, "it failed"};
  std::string failure_log;
  SettingsExamination examination;

  std::optional<Job> job;
  std::vector<Job> jobs;
  std::vector<Settings> started;
  std::vector<int> signals;
  std::optional<Settings> last_good;
  Report report;
  std::optional<int> exit_code;
  bool cancelled = false;
};

TEST(InstanceMachine, initializes_an_empty_volume_and_waits_for_the_record_before_it_starts) {
  World world;
  world.run_jobs();
  EXPECT_EQ(world.times(Job::initdb), 1);
  EXPECT_EQ(world.report.state, InstanceState::waiting);
  EXPECT_EQ(world.report.system_identifier, "745");
  world.pass(minutes(10));
  EXPECT_TRUE(world.started.empty()) << "no server before its identity is recorded";
  EXPECT_EQ(world.times(Job::initdb), 1);

  world.recorded = "745";
  world.pass(seconds(1));
  ASSERT_EQ(world.started.size(), 1u);
  EXPECT_FALSE(world.machine.ready());
  world.send(ServerReady{});
  EXPECT_FALSE(world.machine.ready()) << "the role has no password yet";
  world.run_jobs();
  EXPECT_TRUE(world.machine.ready());
  EXPECT_EQ(world.report.state, InstanceState::running);
  EXPECT_EQ(world.report.reason, "");
  EXPECT_EQ(world.report.settings_hash, files().settings_hash);
  EXPECT_EQ(world.report.verifier_hash, hash_of("v1"));
  EXPECT_EQ(world.last_good, kSettings);
}

TEST(InstanceMachine,
     refuses_an_empty_volume_under_an_initialized_database_until_the_data_is_back) {
  World world;
  world.recorded = "745";
  world.run_jobs();
  EXPECT_EQ(world.report.state, InstanceState::refused);
  EXPECT_EQ(world.report.reason, kDataMissing);
  world.pass(minutes(10));
  EXPECT_EQ(world.times(Job::initdb), 0);
  EXPECT_TRUE(world.started.empty());
  world.volume = kData;
  world.pass(seconds(15));
  EXPECT_EQ(world.started.size(), 1u);
}

TEST(InstanceMachine, starts_nothing_while_the_api_server_is_unreachable) {
  World world;
  world.recorded = "745";
  world.volume = kData;
  world.failing = Job::read_database;
  world.run_jobs();
  EXPECT_EQ(world.report.reason, kApiUnreachable);
  world.pass(minutes(5));
  EXPECT_TRUE(world.started.empty());
  EXPECT_LT(world.times(Job::read_database), 20) << "it backs off";
  world.failing.reset();
  world.pass(seconds(30));
  EXPECT_EQ(world.started.size(), 1u);
}

TEST(InstanceMachine, starts_a_crashed_server_again_without_the_api_server) {
  World world;
  world.bring_up();
  world.failing = Job::read_database;
  world.send(ServerExited{.signal = SIGSEGV, .log = "LOG:  oops"});
  EXPECT_FALSE(world.machine.ready());
  EXPECT_EQ(world.report.reason, kServerCrashed);
  world.pass(seconds(2));
  EXPECT_EQ(world.started.size(), 2u);
  world.send(ServerReady{});
  world.run_jobs();
  EXPECT_TRUE(world.machine.ready());
  EXPECT_EQ(world.report.reason, "");
}

TEST(InstanceMachine, backs_off_when_the_server_does_not_start) {
  World world;
  world.recorded = "745";
  world.volume = kData;
  world.run_jobs();
  for (int i = 0; i < 300; ++i) {
    if (world.started.size() > static_cast<std::size_t>(i)) {
      world.send(ServerExited{.code = 1, .log = "FATAL:  could not bind"});
    }
    world.pass(seconds(1));
  }
  EXPECT_LT(world.started.size(), 20u);
  EXPECT_THAT(world.report.message, HasSubstr("could not bind"));
}

TEST(InstanceMachine, names_the_reason_of_a_death_that_memory_or_disk_explains) {
  World world;
  world.bring_up();
  world.send(ServerExited{.signal = SIGKILL});
  EXPECT_EQ(world.report.reason, kOutOfMemory);
  world.pass(seconds(1));
  world.send(ServerReady{});
  world.run_jobs();
  EXPECT_EQ(world.report.reason, "");
  world.send(
      ServerExited{.code = 1, .log = "PANIC:  could not write to file: No space left on device"});
  EXPECT_EQ(world.report.reason, kDiskFull);
}

TEST(InstanceMachine, tells_of_a_full_disk_and_of_memory_kills_while_it_runs) {
  World world;
  world.bring_up();
  world.send(DiskSpace{1 << 20, 1ull << 30});
  EXPECT_EQ(world.report.reason, kDiskFull);
  EXPECT_TRUE(world.machine.ready());
  world.send(DiskSpace{500u << 20, 1ull << 30});
  EXPECT_EQ(world.report.reason, "");
  world.send(OutOfMemoryKills{2});
  EXPECT_EQ(world.report.reason, kOutOfMemory);
  world.pass(minutes(11));
  EXPECT_EQ(world.report.reason, "");
}

TEST(InstanceMachine, tells_of_a_full_disk_when_initdb_fails) {
  World world;
  world.failing = Job::initdb;
  world.failure_log = "initdb: error: could not write: No space left on device";
  world.run_jobs();
  EXPECT_EQ(world.report.reason, kDiskFull);
  EXPECT_EQ(world.report.state, InstanceState::failed);
  world.failing.reset();
  world.pass(seconds(2));
  EXPECT_EQ(world.report.system_identifier, "745");
}

TEST(InstanceMachine, tells_an_unwritable_volume_from_one_that_another_uses) {
  World world;
  world.failing = Job::lock_volume;
  world.failure = {Errc::unavailable, "another instance manager uses the volume"};
  world.run_jobs();
  EXPECT_EQ(world.report.reason, kVolumeInUse);
  world.failure = {Errc::permission, "cannot write to the volume /v: Permission denied"};
  world.pass(seconds(5));
  EXPECT_EQ(world.report.reason, kVolumeUnusable);
  EXPECT_THAT(world.report.message, HasSubstr("fsGroup"));
  world.failure = {Errc::io, "cannot write to the volume /v: Read-only file system"};
  world.pass(seconds(10));
  EXPECT_EQ(world.report.reason, kVolumeUnusable);
  EXPECT_THAT(world.report.message, ::testing::Not(HasSubstr("fsGroup")));
  world.failure = {Errc::io, "cannot write to the volume /v: No space left on device"};
  world.pass(seconds(20));
  EXPECT_EQ(world.report.reason, kDiskFull);
}

TEST(InstanceMachine, sets_a_changed_password) {
  World world;
  world.bring_up();
  const auto before = world.times(Job::setup);
  world.send(FilesRead{files(kSettings, "v2")});
  world.run_jobs();
  EXPECT_EQ(world.times(Job::setup), before + 1);
  EXPECT_EQ(world.report.verifier_hash, hash_of("v2"));
  EXPECT_TRUE(world.signals.empty());
}

TEST(InstanceMachine, reloads_changed_parameters) {
  World world;
  world.bring_up();
  world.send(FilesRead{files(kOther)});
  world.run_jobs();
  EXPECT_EQ(world.times(Job::reload), 1);
  EXPECT_TRUE(world.signals.empty());
  EXPECT_EQ(world.report.settings_hash, files(kOther).settings_hash);
  EXPECT_EQ(world.last_good, kOther);
  world.pass(minutes(2));
  EXPECT_EQ(world.times(Job::reload), 1);
}

TEST(InstanceMachine, restarts_for_parameters_that_need_it_and_says_so) {
  World world;
  world.bring_up();
  world.examination.restart = {"max_connections"};
  world.send(FilesRead{files(kOther)});
  world.run_jobs();
  EXPECT_EQ(world.signals, std::vector<int>{SIGINT});
  EXPECT_EQ(world.report.state, InstanceState::restarting);
  world.examination = {};
  world.send(ServerExited{});
  world.run_jobs();
  ASSERT_EQ(world.started.size(), 2u);
  EXPECT_EQ(world.started.back(), kOther);
  world.send(ServerReady{});
  world.run_jobs();
  EXPECT_EQ(world.report.state, InstanceState::running);
  EXPECT_EQ(world.report.restarted_for, std::vector<std::string>{"max_connections"});
  EXPECT_EQ(world.report.settings_hash, files(kOther).settings_hash);
}

TEST(InstanceMachine, keeps_the_parameters_that_work_when_the_server_refuses_new_ones) {
  World world;
  world.bring_up();
  world.examination.invalid = {"max_connections: many"};
  world.send(FilesRead{files(kOther)});
  world.run_jobs();
  EXPECT_EQ(world.report.reason, kInvalidParameters);
  EXPECT_THAT(world.report.message, HasSubstr("max_connections"));
  world.pass(minutes(5));
  EXPECT_EQ(world.times(Job::reload), 1) << "asked once";
  EXPECT_EQ(world.report.reason, kInvalidParameters) << "a passing check does not hide it";
  EXPECT_TRUE(world.machine.ready());
  world.examination = {};
  world.send(FilesRead{files(kSettings)});
  world.run_jobs();
  EXPECT_EQ(world.report.reason, "");
}

TEST(InstanceMachine, goes_back_to_the_last_good_parameters_when_the_server_does_not_start) {
  World world;
  world.bring_up();
  world.examination.restart = {"max_connections"};
  world.send(FilesRead{files(kOther)});
  world.run_jobs();
  world.examination = {};
  world.send(ServerExited{});
  world.run_jobs();
  world.send(ServerExited{.code = 1, .log = "FATAL:  could not map anonymous shared memory"});
  world.run_jobs();
  ASSERT_EQ(world.started.size(), 3u);
  EXPECT_EQ(world.started.back(), kSettings);
  world.send(ServerReady{});
  world.run_jobs();
  EXPECT_TRUE(world.machine.ready());
  EXPECT_EQ(world.report.reason, kInvalidParameters);
  EXPECT_THAT(world.report.message, HasSubstr("shared memory"));
}

TEST(InstanceMachine, checkpoints_then_stops_fast_then_exits) {
  World world;
  world.bring_up();
  world.send(StopRequested{});
  EXPECT_FALSE(world.machine.ready());
  EXPECT_EQ(world.job, Job::checkpoint);
  EXPECT_TRUE(world.signals.empty());
  world.run_jobs();
  EXPECT_EQ(world.signals, std::vector<int>{SIGINT});
  world.send(ServerExited{});
  EXPECT_EQ(world.exit_code, 0);
}

TEST(InstanceMachine, stops_at_once_when_the_grace_ends_or_it_is_told_to) {
  World world;
  world.bring_up();
  world.send(StopRequested{});
  world.run_jobs();
  world.pass(seconds(kFastStopSeconds));
  EXPECT_EQ(world.signals, (std::vector<int>{SIGINT, SIGQUIT}));
  world.send(ServerExited{});
  EXPECT_EQ(world.exit_code, 0);

  World other;
  other.bring_up();
  other.send(StopRequested{true});
  EXPECT_EQ(other.signals, std::vector<int>{SIGQUIT});
}

TEST(InstanceMachine, exits_at_once_when_there_is_no_server) {
  World world;
  world.recorded = "745";
  world.run_jobs();
  world.send(StopRequested{});
  EXPECT_EQ(world.exit_code, 0);
}

TEST(InstanceMachine, a_stop_during_a_job_cancels_the_job) {
  World world;
  world.bring_up();
  world.send(FilesRead{files(kSettings, "v2")});
  ASSERT_EQ(world.job, Job::setup);
  world.send(StopRequested{});
  EXPECT_TRUE(world.cancelled);
  world.failing = Job::setup;
  world.run_jobs();
  EXPECT_EQ(world.signals, std::vector<int>{SIGINT});
}

TEST(InstanceMachine, is_unready_and_then_dead_when_the_server_does_not_answer) {
  World world;
  world.bring_up();
  world.failing = Job::check;
  world.pass(seconds(35));
  EXPECT_FALSE(world.machine.ready());
  EXPECT_EQ(world.report.reason, kServerUnresponsive);
  EXPECT_TRUE(world.machine.live());
  world.pass(minutes(2));
  EXPECT_FALSE(world.machine.live());
  world.failing.reset();
  world.pass(seconds(20));
  EXPECT_TRUE(world.machine.ready());
  EXPECT_EQ(world.report.reason, "");
}

}  // namespace
}  // namespace postgres
