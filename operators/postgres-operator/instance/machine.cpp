#include "instance/machine.hpp"

#include <algorithm>
#include <array>
#include <csignal>

namespace postgres {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kChecksUntilUnready = 3;
constexpr int kChecksUntilDead = 12;
constexpr std::uint64_t kDiskFloor = 48ull << 20;  // three segments of the write-ahead log

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string_view to_string(Job job) {
  constexpr std::array<std::string_view, 9> names = {"finding PostgreSQL's programs",
                                                     "locking the volume",
                                                     "reading the Database",
                                                     "inspecting the volume",
                                                     "initdb",
                                                     "setting up role and database",
                                                     "applying parameters",
                                                     "checking the server",
                                                     "the checkpoint"};
  return names.at(static_cast<std::size_t>(job));
}

std::vector<Action> InstanceMachine::handle(Event event, SteadyTime now) {
  now_ = now;
  actions_.clear();
  std::visit([this](auto& what) { on(what); }, event);
  wake_at_ = now + minutes(1);
  advance();
  publish();
  return std::move(actions_);
}

bool InstanceMachine::ready() const {
  return server_ == Server::up && !setup_done_.empty() && stop_ == Stop::none &&
         failed_checks_ < kChecksUntilUnready;
}

bool InstanceMachine::live() const { return failed_checks_ < kChecksUntilDead; }

void InstanceMachine::on(const FilesRead& event) {
  if (event.files) {
    if (!files_ || files_->settings_hash != event.files->settings_hash) reject({}, {});
    if (reason_ == kInvalidParameters) problem("", "");
    if (!files_ && server_ == Server::stopped) retry_at_ = now_;
    files_ = *event.files;
  } else if (!files_) {
    report_.state = InstanceState::waiting;
    problem(kSetupFailed, "waiting for the pod's configuration: " + event.files.error().message);
  } else {
    problem(kInvalidParameters, "the new configuration cannot be read, the previous one stays: " +
                                    event.files.error().message);
  }
}

void InstanceMachine::on(JobDone& event) {
  if (job_ == event.job) job_.reset();
  if (event.error) return job_failed(event);
  switch (event.job) {
    case Job::probe_programs:
      program_ = event.program;
      report_.version = event.program.full;
      return;
    case Job::lock_volume:
      locked_ = true;
      return;
    case Job::read_database:
      database_ = event.database;
      return;
    case Job::inspect_volume:
      volume_ = event.volume;
      report_.system_identifier = event.volume.system_identifier;
      return;
    case Job::initdb:
      // read the database again: it may have been deleted meanwhile
      database_.reset();
      volume_.reset();
      backoff_ = {};
      return;
    case Job::setup:
      setup_done_ = setup_key();
      report_.verifier_hash = files_ ? hash_of(files_->verifier) : "";
      report_.settings_hash =
          files_ && rejected_hash_.empty() && running_settings_ == files_->settings
              ? files_->settings_hash
              : report_.settings_hash;
      backoff_ = {};
      problem("", "");
      return;
    case Job::reload:
      if (!files_) return;
      report_.settings_hash = files_->settings_hash;
      if (!event.settings.invalid.empty()) {
        problem("", "");
        return reject(files_->settings_hash,
                      "the server refuses parameters, the previous ones stay: " +
                          list_of(event.settings.invalid) + "; correct spec.parameters");
      }
      running_tls_ = files_->tls_hash;
      problem("", "");
      if (event.settings.restart.empty()) {
        running_settings_ = files_->settings;
        keep_as_last_good();
      } else {
        restart_for_ = event.settings.restart;
      }
      return;
    case Job::check:
      failed_checks_ = 0;
      if (reason_ == kServerUnresponsive) problem("", "");
      return;
    case Job::checkpoint:
      return;
  }
}

void InstanceMachine::job_failed(const JobDone& event) {
  const auto& error = *event.error;
  const std::string why = event.log.empty() ? error.message : explain_failure(event.log);
  const bool full = disk_full_ || says_disk_full(event.log) || says_disk_full(error.message);
  const auto fail = [&](InstanceState state, std::string_view reason, const std::string& message) {
    report_.state = state;
    if (full) {
      problem(kDiskFull, "the volume is full (" + message + "): raise spec.storage.size");
    } else {
      problem(reason, message);
    }
    retry_after(next_backoff());
  };
  switch (event.job) {
    case Job::probe_programs:
      return fail(InstanceState::refused, kProgramsMissing, error.message);
    case Job::lock_volume:
      if (error.code == Errc::unavailable)
        return fail(InstanceState::waiting, kVolumeInUse, error.message);
      return fail(
          InstanceState::refused, kVolumeUnusable,
          error.code == Errc::permission
              ? error.message + "; the volume must let user 999 or its group write (fsGroup)"
              : error.message);
    case Job::read_database:
      return fail(InstanceState::waiting, kApiUnreachable, error.message);
    case Job::inspect_volume:
      return fail(InstanceState::refused, kVolumeUnusable, error.message);
    case Job::initdb:
      volume_.reset();
      return fail(InstanceState::failed, kInitdbFailed, "initdb failed: " + why);
    case Job::setup:
      return fail(report_.state, kSetupFailed, "setting up role and database failed: " + why);
    case Job::reload:
      return fail(report_.state, kSetupFailed, "applying parameters failed: " + why);
    case Job::check:
      if (++failed_checks_ >= kChecksUntilUnready && server_ == Server::up) {
        problem(kServerUnresponsive, "the server does not answer: " + why);
      }
      return;
    case Job::checkpoint:
      return;
  }
}

void InstanceMachine::on(const ServerReady&) {
  if (server_ != Server::starting) return;
  server_ = Server::up;
  up_since_ = now_;
  next_check_ = now_ + options_.check_period;
  failed_checks_ = 0;
  report_.state = InstanceState::running;
  problem("", "");
  keep_as_last_good();
}

void InstanceMachine::on(const ServerExited& event) {
  const bool was_starting = server_ == Server::starting;
  const bool was_stopping = server_ == Server::stopping;
  server_ = Server::stopped;
  volume_.reset();
  if (stop_ != Stop::none) return;
  if (was_stopping) {
    retry_at_ = now_;
    report_.state = InstanceState::restarting;
    report_.restarted_for = restart_for_;
    restart_for_.clear();
    return;
  }
  report_.state = InstanceState::failed;
  if (now_ - up_since_ > minutes(1) && !was_starting) backoff_ = {};
  retry_after(next_backoff());
  const auto why = explain_failure(event.log);
  if (disk_full_ || says_disk_full(event.log)) {
    return problem(kDiskFull, "the volume is full and the server has stopped (" + why +
                                  "): raise spec.storage.size");
  }
  if (event.signal == SIGKILL) {
    return problem(
        kOutOfMemory,
        "the server was killed, most likely for want of memory: raise spec.resources.limits.memory "
        "or lower shared_buffers, work_mem or max_connections; it is started again");
  }
  const bool new_settings = was_starting && files_ && last_good_ &&
                            running_settings_ == files_->settings &&
                            *last_good_ != files_->settings;
  if (new_settings) {
    report_.settings_hash = files_->settings_hash;
    retry_at_ = now_;
    return reject(files_->settings_hash,
                  "the server does not start with the new parameters, the previous ones stay: " +
                      why + "; correct spec.parameters");
  }
  problem(kServerCrashed,
          (was_starting ? "the server does not start: " : "the server has stopped by itself: ") +
              (why.empty() ? "exit code " + std::to_string(event.code) : why));
}

void InstanceMachine::on(const StopRequested& event) {
  if (stop_ == Stop::none) {
    stop_ = Stop::fast;
    stop_deadline_ = now_ + options_.fast_stop;
    report_.state = InstanceState::stopping;
    if (job_) actions_.emplace_back(CancelJob{});
  }
  if (event.immediate) stop_ = Stop::immediate;
}

void InstanceMachine::on(const DiskSpace& event) {
  const auto floor = std::min<std::uint64_t>(kDiskFloor, event.total_bytes / 20);
  disk_full_ = event.free_bytes < floor;
}

void InstanceMachine::on(const OutOfMemoryKills& event) {
  if (event.count > oom_kills_) oom_until_ = now_ + minutes(10);
  oom_kills_ = event.count;
}

void InstanceMachine::on(const LastGoodSettings& event) { last_good_ = event.settings; }

void InstanceMachine::advance() {
  if (exited_) return;
  if (oom_until_ && now_ >= *oom_until_) oom_until_.reset();
  if (stop_ != Stop::none) return advance_stopping();
  if (job_) return;
  if (server_ == Server::stopped) return advance_stopped();
  if (server_ == Server::up) return advance_up();
}

void InstanceMachine::advance_stopping() {
  if (server_ == Server::stopped) {
    exited_ = true;
    actions_.emplace_back(Exit{0});
    return;
  }
  const bool late = now_ >= stop_deadline_;
  if (!late) wake_at_ = std::min(wake_at_, stop_deadline_);
  if (stop_ == Stop::immediate || late) {
    if (!immediate_sent_) signal_server(SIGQUIT);
    immediate_sent_ = true;
    return;
  }
  if (job_ && *job_ != Job::checkpoint) return;  // cancelled: its end follows
  if (server_ == Server::up && !checkpointed_) {
    // most of the work is done while clients are still served; the fast stop's own checkpoint is
    // short then
    checkpointed_ = true;
    return run(Job::checkpoint);
  }
  if (job_) return;
  if (!fast_sent_) signal_server(SIGINT);
  fast_sent_ = true;
}

void InstanceMachine::advance_stopped() {
  if (now_ < retry_at_) {
    wake_at_ = std::min(wake_at_, retry_at_);
    return;
  }
  if (!program_) return run(Job::probe_programs);
  if (!locked_) return run(Job::lock_volume);
  if (!database_) return run(Job::read_database);
  if (!volume_) return run(Job::inspect_volume);
  const auto decision = decide(*volume_, *database_, options_.database_uid, program_->major);
  switch (decision.kind) {
    case Decision::Kind::refuse:
      report_.state = InstanceState::refused;
      problem(decision.reason, decision.message);
      database_.reset();
      volume_.reset();
      return retry_after(options_.refused_retry);
    case Decision::Kind::initdb:
      report_.state = InstanceState::initializing;
      problem("", "");
      return run(Job::initdb);
    case Decision::Kind::await_record:
      report_.state = InstanceState::waiting;
      problem("", "waiting for the operator to record the system identifier");
      database_.reset();
      return retry_after(options_.record_poll);
    case Decision::Kind::start:
      if (!files_) return retry_after(options_.record_poll);
      return start_server();
  }
}

void InstanceMachine::start_server() {
  const bool rejected = rejected_hash_ == files_->settings_hash && last_good_;
  running_settings_ = rejected ? *last_good_ : files_->settings;
  running_tls_ = files_->tls_hash;
  setup_done_.clear();
  server_ = Server::starting;
  if (reason_.empty()) message_.clear();
  if (report_.state != InstanceState::restarting) report_.state = InstanceState::starting;
  actions_.emplace_back(StartServer{running_settings_});
}

void InstanceMachine::advance_up() {
  if (!restart_for_.empty()) {
    report_.state = InstanceState::restarting;
    server_ = Server::stopping;
    return signal_server(SIGINT);
  }
  const bool may_retry = now_ >= retry_at_;
  if (files_ && may_retry) {
    if (setup_done_ != setup_key()) return run(Job::setup);
    const bool rejected = rejected_hash_ == files_->settings_hash;
    const bool changed = running_settings_ != files_->settings && !rejected;
    if (changed || running_tls_ != files_->tls_hash) return run(Job::reload);
    if (!rejected) report_.settings_hash = files_->settings_hash;
  }
  if (!may_retry) wake_at_ = std::min(wake_at_, retry_at_);
  if (now_ >= next_check_) {
    next_check_ = now_ + options_.check_period;
    return run(Job::check);
  }
  wake_at_ = std::min(wake_at_, next_check_);
}

void InstanceMachine::run(Job job) {
  job_ = job;
  const bool needs_files = job == Job::setup || job == Job::reload;
  actions_.emplace_back(RunJob{job, needs_files && files_ ? *files_ : MountedFiles{}});
}

void InstanceMachine::signal_server(int signal) { actions_.emplace_back(SignalServer{signal}); }

void InstanceMachine::keep_as_last_good() {
  if (last_good_ == running_settings_) return;
  last_good_ = running_settings_;
  actions_.emplace_back(KeepAsLastGood{running_settings_});
}

void InstanceMachine::problem(std::string_view reason, std::string message) {
  reason_ = reason;
  message_ = std::move(message);
}

void InstanceMachine::reject(std::string hash, std::string why) {
  rejected_hash_ = std::move(hash);
  rejected_why_ = std::move(why);
}

void InstanceMachine::retry_after(Duration delay) {
  retry_at_ = now_ + delay;
  wake_at_ = std::min(wake_at_, retry_at_);
}

Duration InstanceMachine::next_backoff() {
  backoff_ = backoff_ == Duration{} ? options_.first_backoff
                                    : std::min(backoff_ * 2, options_.longest_backoff);
  return backoff_;
}

void InstanceMachine::publish() {
  report_.reason = reason_;
  report_.message = message_;
  if (reason_.empty() && !rejected_why_.empty()) {
    report_.reason = kInvalidParameters;
    report_.message = rejected_why_;
  } else if (reason_.empty() && disk_full_) {
    report_.reason = kDiskFull;
    report_.message = "the volume is almost full: raise spec.storage.size or delete data";
  } else if (reason_.empty() && oom_until_) {
    report_.reason = kOutOfMemory;
    report_.message =
        "a process of the server was killed for want of memory within the last ten minutes: raise "
        "spec.resources.limits.memory or lower shared_buffers, work_mem or max_connections";
  }
  if (published_ == report_) return;
  published_ = report_;
  actions_.emplace_back(Publish{report_});
}

std::string InstanceMachine::setup_key() const {
  if (!files_) return {};
  return hash_of(files_->verifier + "\n" + files_->settings.database + "\n" +
                 files_->settings.owner);
}

}  // namespace postgres
