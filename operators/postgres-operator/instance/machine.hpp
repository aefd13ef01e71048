#pragma once
// The instance manager's mind: what happened goes in, what to do comes out. It reads no clock and
// touches nothing; the driver does.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <windlass/base/clock.hpp>

#include "instance/server_files.hpp"
#include "instance/volume.hpp"

namespace postgres {

using windlass::Duration;
using windlass::SteadyTime;

/// The files mounted into the pod.
struct MountedFiles {
  Settings settings;
  std::string settings_hash;
  std::string verifier;
  std::string tls_hash;
  friend bool operator==(const MountedFiles&, const MountedFiles&) = default;
};

/// Work that takes time. At most one at once, beside the server itself.
enum class Job {
  probe_programs,  ///< find the programs and their version
  lock_volume,     ///< so that two instance managers never use one volume
  read_database,   ///< from the API server, not from a cache
  inspect_volume,
  initdb,
  setup,   ///< role, password, database
  reload,  ///< write the files; take them back when the server finds them wrong
  check,   ///< select 1
  checkpoint,
};
std::string_view to_string(Job job);

// What happened ---------------------------------------------------------------------------------
struct FilesRead {
  Result<MountedFiles> files;
};
struct JobDone {
  Job job;
  std::optional<Error> error = {};
  std::string log = {};               ///< of a child that failed
  ProgramVersion program = {};        ///< probe_programs
  DatabaseView database = {};         ///< read_database
  VolumeState volume = {};            ///< inspect_volume
  SettingsExamination settings = {};  ///< reload
};
struct ServerReady {};
struct ServerExited {
  int signal = 0;  ///< that killed it, or 0
  int code = 0;
  std::string log = {};  ///< its last lines
};
struct StopRequested {
  bool immediate = false;  ///< without a checkpoint; crash recovery follows at the next start
};
struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};
/// How often the kernel has killed a process of this container for want of memory.
struct OutOfMemoryKills {
  std::uint64_t count = 0;
};
/// Settings that the server on this volume last ran well with.
struct LastGoodSettings {
  Settings settings;
};
struct Tick {};
using Event = std::variant<FilesRead, JobDone, ServerReady, ServerExited, StopRequested, DiskSpace,
                           OutOfMemoryKills, LastGoodSettings, Tick>;

// What to do ------------------------------------------------------------------------------------
struct RunJob {
  Job job;
  MountedFiles files = {};  ///< for setup and reload
  friend bool operator==(const RunJob&, const RunJob&) = default;
};
struct CancelJob {
  friend bool operator==(const CancelJob&, const CancelJob&) = default;
};
struct StartServer {
  Settings settings;
  friend bool operator==(const StartServer&, const StartServer&) = default;
};
struct SignalServer {
  int signal;
  friend bool operator==(const SignalServer&, const SignalServer&) = default;
};
struct KeepAsLastGood {
  Settings settings;
  friend bool operator==(const KeepAsLastGood&, const KeepAsLastGood&) = default;
};
struct Publish {
  Report report;
  friend bool operator==(const Publish&, const Publish&) = default;
};
struct Exit {
  int code;
  friend bool operator==(const Exit&, const Exit&) = default;
};
using Action =
    std::variant<RunJob, CancelJob, StartServer, SignalServer, KeepAsLastGood, Publish, Exit>;

struct MachineOptions {
  std::string database_uid;  ///< of the Database that this pod was made for
  Duration record_poll = std::chrono::seconds(1);
  Duration refused_retry = std::chrono::seconds(15);
  Duration first_backoff = std::chrono::seconds(1);
  Duration longest_backoff = std::chrono::seconds(30);
  Duration check_period = std::chrono::seconds(10);
  Duration fast_stop = std::chrono::seconds(kFastStopSeconds);  ///< then an immediate stop
};

class InstanceMachine {
 public:
  explicit InstanceMachine(MachineOptions options) : options_(std::move(options)) {}

  std::vector<Action> handle(Event event, SteadyTime now);
  /// When to send a Tick, if nothing else happens before.
  [[nodiscard]] SteadyTime wake_at() const { return wake_at_; }

  /// Clients can connect with the password.
  [[nodiscard]] bool ready() const;
  /// False when the server has not answered for two minutes.
  [[nodiscard]] bool live() const;
  [[nodiscard]] const Report& report() const { return report_; }

 private:
  enum class Server { stopped, starting, up, stopping };
  enum class Stop { none, fast, immediate };

  void on(const FilesRead& event);
  void on(JobDone& event);
  void on(const ServerReady&);
  void on(const ServerExited& event);
  void on(const StopRequested& event);
  void on(const DiskSpace& event);
  void on(const OutOfMemoryKills& event);
  void on(const LastGoodSettings& event);
  void on(const Tick&) {}

  void advance();
  void advance_stopping();
  void advance_stopped();
  void advance_up();
  void run(Job job);
  void start_server();
  void signal_server(int signal);
  void job_failed(const JobDone& event);
  void keep_as_last_good();
  void problem(std::string_view reason, std::string message);
  void reject(std::string hash, std::string why);
  void retry_after(Duration delay);
  Duration next_backoff();
  void publish();
  [[nodiscard]] std::string setup_key() const;

  MachineOptions options_;
  SteadyTime now_{};
  SteadyTime wake_at_{};
  std::vector<Action> actions_;

  std::optional<MountedFiles> files_;
  std::optional<ProgramVersion> program_;
  bool locked_ = false;
  std::optional<DatabaseView> database_;
  std::optional<VolumeState> volume_;
  std::optional<Settings> last_good_;

  Server server_ = Server::stopped;
  std::optional<Job> job_;
  Stop stop_ = Stop::none;
  bool checkpointed_ = false;
  bool fast_sent_ = false;
  bool immediate_sent_ = false;
  bool exited_ = false;
  SteadyTime stop_deadline_{};

  SteadyTime retry_at_{};
  Duration backoff_{};
  SteadyTime up_since_{};
  SteadyTime next_check_{};
  int failed_checks_ = 0;

  Settings running_settings_;  ///< what the server was started or reloaded with
  std::string running_tls_;
  std::string rejected_hash_;  ///< settings that the server refused
  std::string rejected_why_;
  std::string setup_done_;
  std::vector<std::string> restart_for_;

  bool disk_full_ = false;
  std::uint64_t oom_kills_ = 0;
  std::optional<SteadyTime> oom_until_;

  std::string reason_;   ///< of the current problem; empty: none
  std::string message_;  ///< of the problem, or what is being waited for
  Report report_;
  std::optional<Report> published_;
};

}  // namespace postgres
