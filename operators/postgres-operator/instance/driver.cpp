#include "instance/driver.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>

#include <windlass/http/server.hpp>

#include "controllers/credentials.hpp"

namespace postgres {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace http = windlass::http;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using windlass::Environment;
using windlass::Exception;
using windlass::Executor;
using windlass::Logger;
using windlass::Task;
using windlass::TaskGroup;
using windlass::Timer;

namespace {

[[noreturn]] void fail(const std::string& what) {
  const Errc kind = errno == EACCES || errno == EPERM ? Errc::permission : Errc::io;
  throw Exception(kind, what + ": " + std::strerror(errno));
}

void sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("cannot open " + directory.string());
  const int failed = ::fsync(fd);
  ::close(fd);
  if (failed != 0) fail("cannot sync " + directory.string());
}

/// Replaces the file in one step, readable by us alone.
void write_file(const fs::path& path, std::string_view text) {
  const auto temporary = path.string() + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) fail("cannot write " + temporary);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto wrote = ::write(fd, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const int code = errno;
      ::close(fd);
      errno = code;
      fail("cannot write " + temporary);
    }
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  const int synced = ::fsync(fd);
  ::close(fd);
  if (synced != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
    fail("cannot write " + path.string());
}

/// The line of postmaster.pid in which the server says how far it is.
bool server_says_ready(const std::string& pid_file) {
  std::size_t at = 0;
  for (int line = 0; line < 7; ++line) {
    at = pid_file.find('\n', at);
    if (at == std::string::npos) return false;
    ++at;
  }
  return pid_file.compare(at, 5, "ready") == 0;
}

http::Response plain(int status, std::string text) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

}  // namespace

std::vector<fs::path> program_directories(std::string_view path) {
  std::vector<fs::path> found;
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    if (end > 0) found.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::vector<std::pair<int, fs::path>> versions;
  for (const auto& [root, prefix] : {std::pair<fs::path, std::string>("/usr/lib/postgresql", ""),
                                     std::pair<fs::path, std::string>("/usr/libexec", "postgresql"),
                                     std::pair<fs::path, std::string>("/usr", "pgsql-")}) {
    std::error_code code;
    for (fs::directory_iterator it(root, code), end; !code && it != end; it.increment(code)) {
      const auto name = it->path().filename().string();
      if (!name.starts_with(prefix)) continue;
      const int version = std::atoi(name.c_str() + prefix.size());
      if (version >= 10)
        versions.emplace_back(version, prefix == "postgresql" ? it->path() : it->path() / "bin");
    }
  }
  std::sort(versions.rbegin(), versions.rend());
  for (auto& [version, directory] : versions) found.push_back(std::move(directory));
  for (const char* usual : {"/usr/local/bin", "/usr/bin", "/opt/postgresql/bin"})
    found.emplace_back(usual);
  return found;
}

struct Driver::Impl : std::enable_shared_from_this<Driver::Impl> {
  Impl(Environment& e, Executor x, DriverOptions o)
      : environment(e),
        executor(x),
        options(std::move(o)),
        log(e.log()),
        machine(MachineOptions{.database_uid = options.database_uid}),
        processes(e, x),
        api(e, x, options.api),
        alarm(e.clock(), x),
        tasks(x, report_failure(e)),
        job_tasks(std::make_unique<TaskGroup>(x, report_failure(e))),
        unpublished(x) {}

  static TaskGroup::FailureHandler report_failure(Environment& environment) {
    return [&environment](std::string_view name, std::exception_ptr failure) {
      environment.log().error("A task of the instance manager failed",
                              {{"task", name}, {"error", windlass::describe(failure).message}});
      environment.terminate(1);  // the server stops with us; a new container recovers
    };
  }

  Environment& environment;
  Executor executor;
  DriverOptions options;
  Logger log;
  InstanceMachine machine;
  Processes processes;
  ApiAccess api;
  Timer alarm;
  TaskGroup tasks;
  std::unique_ptr<TaskGroup> job_tasks;
  windlass::Event unpublished;
  std::deque<Event> events;
  std::optional<Report> to_publish;
  std::optional<Report> last_report;
  fs::path programs;
  std::string tls_certificate;
  std::string tls_key;
  std::optional<Settings> applied;
  struct {
    std::string password;
    std::string stored;
    std::string effective;
  } last_verifier;
  pid_t server = -1;
  int lock = -1;
  std::optional<int> exit_code;

  void post(Event event) {
    events.push_back(std::move(event));
    alarm.cancel();
  }

  // Children -----------------------------------------------------------------------------------
  Command command(std::string_view program, std::vector<std::string> arguments,
                  windlass::Duration timeout) {
    Command made;
    made.program = (programs / program).string();
    made.arguments = std::move(arguments);
    made.environment = child_environment(programs.string() + ":/usr/bin:/bin");
    made.timeout = timeout;
    return made;
  }

  Command psql(std::string script, windlass::Duration timeout) {
    auto made = command("psql", psql_arguments(options.place), timeout);
    made.input = std::move(script);
    return made;
  }

  /// Nothing when the child did well; otherwise why not.
  static std::optional<Error> failure_of(const ChildResult& result, std::string_view program) {
    if (result.timed_out) return Error{Errc::timeout, std::string(program) + " took too long"};
    if (result.status.signal != 0) {
      return Error{Errc::io, std::string(program) + " was killed by signal " +
                                 std::to_string(result.status.signal)};
    }
    if (result.status.code == 0) return std::nullopt;
    return Error{Errc::io,
                 std::string(program) + " ended with code " + std::to_string(result.status.code)};
  }

  // Jobs ---------------------------------------------------------------------------------------
  static Task<JobDone> probe(std::shared_ptr<Impl> self) {
    JobDone done{.job = Job::probe_programs};
    for (const auto& directory : program_directories(self->options.path)) {
      const auto has = [&](const char* name) {
        return ::access((directory / name).c_str(), X_OK) == 0;
      };
      if (!has("postgres") || !has("initdb") || !has("psql")) continue;
      self->programs = directory;
      auto running = self->processes.run(self->command("postgres", {"--version"}, seconds(30)));
      const auto result = co_await std::move(running);
      const auto version = parse_version(result.output);
      if (!version) {
        done.error = version.error();
      } else {
        done.program = *version;
      }
      co_return done;
    }
    done.error = Error{
        Errc::not_found,
        "the image has no directory with postgres, initdb and psql in PATH or the usual places: "
        "set spec.image to an image of PostgreSQL"};
    co_return done;
  }

  static Task<JobDone> lock_volume(std::shared_ptr<Impl> self) {
    JobDone done{.job = Job::lock_volume};
    const auto path = self->options.place.volume / "windlass.lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) fail("cannot write to the volume " + self->options.place.volume.string());
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int why = errno;
      ::close(fd);
      errno = why;
      if (why != EWOULDBLOCK) fail("cannot lock " + path.string());
      done.error = Error{Errc::unavailable,
                         "another instance manager uses the volume: it must end first (is an old "
                         "pod still running?)"};
      co_return done;
    }
    self->lock = fd;
    const auto text =
        self->environment.read_file(self->options.place.volume / "settings.last-good.json");
    if (text) {
      if (auto settings = settings_from_json(*text)) self->post(LastGoodSettings{*settings});
    }
    co_return done;
  }

  static Task<JobDone> read_database(std::shared_ptr<Impl> self) {
    JobDone done{.job = Job::read_database};
    auto reading = self->api.read_database();
    done.database = co_await std::move(reading);
    co_return done;
  }

  static Task<JobDone> inspect(std::shared_ptr<Impl> self) {
    JobDone done{.job = Job::inspect_volume};
    const auto state = inspect_volume(self->options.place.volume);
    if (state) {
      done.volume = *state;
    } else {
      done.error = state.error();
    }
    co_return done;
  }

  static Task<JobDone> initdb(std::shared_ptr<Impl> self) {
    JobDone done{.job = Job::initdb};
    const auto& volume = self->options.place.volume;
    const auto unfinished = unfinished_directory(volume);
    std::error_code code;
    fs::remove_all(unfinished, code);
    if (code)
      throw Exception(Errc::io, "cannot remove " + unfinished.string() + ": " + code.message());
    auto running = self->processes.run(
        self->command("initdb", initdb_arguments(self->options.place), minutes(10)));
    const auto result = co_await std::move(running);
    if (const auto failure = failure_of(result, "initdb")) {
      done.error = failure;
      done.log = result.log;
      co_return done;
    }
    // renaming onto a directory that is not empty fails: data is never replaced
    if (::rename(unfinished.c_str(), data_directory(volume).c_str()) != 0)
      fail("cannot rename " + unfinished.string());
    sync_directory(volume);
    co_return done;
  }

  Task<ChildResult> run_script(std::string script, windlass::Duration timeout) {
    return processes.run(psql(std::move(script), timeout));
  }

  static Task<JobDone> script(std::shared_ptr<Impl> self, Job job, std::string text,
                              windlass::Duration timeout) {
    JobDone done{.job = job};
    auto running = self->run_script(std::move(text), timeout);
    const auto result = co_await std::move(running);
    done.error = failure_of(result, "psql");
    if (done.error) done.log = result.log;
    co_return done;
  }

  static Task<JobDone> setup(std::shared_ptr<Impl> self, MountedFiles files) {
    const auto text = setup_script(files.settings, files.verifier);
    auto running = script(self, Job::setup, text.value(), minutes(2));
    auto done = co_await std::move(running);
    co_return done;
  }

  static Task<JobDone> reload(std::shared_ptr<Impl> self, MountedFiles files) {
    JobDone done{.job = Job::reload};
    const auto before = self->applied;
    self->write_server_files(files.settings);
    auto examining = self->run_script(examine_settings_script(), minutes(1));
    const auto result = co_await std::move(examining);
    done.error = failure_of(result, "psql");
    if (done.error) done.log = result.log;
    if (!done.error) done.settings = parse_examination(result.output);
    if (done.error || !done.settings.invalid.empty()) {
      if (before) self->write_server_files(*before);
      co_return done;
    }
    auto reloading = self->run_script(reload_script(), minutes(1));
    const auto reloaded = co_await std::move(reloading);
    done.error = failure_of(reloaded, "psql");
    if (done.error) done.log = reloaded.log;
    co_return done;
  }

  Task<JobDone> make_job(const RunJob& run) {
    const auto self = shared_from_this();
    switch (run.job) {
      case Job::probe_programs:
        return probe(self);
      case Job::lock_volume:
        return lock_volume(self);
      case Job::read_database:
        return read_database(self);
      case Job::inspect_volume:
        return inspect(self);
      case Job::initdb:
        return initdb(self);
      case Job::setup:
        return setup(self, run.files);
      case Job::reload:
        return reload(self, run.files);
      case Job::check:
        return script(self, Job::check, check_script(), seconds(10));
      case Job::checkpoint:
        break;
    }
    return script(self, Job::checkpoint, checkpoint_script(), seconds(kFastStopSeconds / 2));
  }

  /// A job's end is always told, even when it fails or is cancelled.
  static Task<void> perform(std::shared_ptr<Impl> self, Job job, Task<JobDone> work) {
    std::optional<JobDone> done;
    std::exception_ptr failure;
    try {
      done = co_await std::move(work);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!done) done = JobDone{.job = job, .error = windlass::describe(failure)};
    if (done->error) {
      const std::string why = done->log.empty() ? done->error->message : explain_failure(done->log);
      self->log.warn("A step failed", {{"step", to_string(job)}, {"error", why}});
    }
    self->post(std::move(*done));
  }

  // The server ---------------------------------------------------------------------------------
  void write_server_files(const Settings& settings) {
    const auto& place = options.place;
    write_file(place.run / "tls.crt", tls_certificate);
    write_file(place.run / "tls.key", tls_key);
    write_file(place.run / "pg_hba.conf", render_pg_hba_conf());
    write_file(place.run / "pg_ident.conf", render_pg_ident_conf());
    write_file(config_file(place), render_postgresql_conf(place, settings));
    applied = settings;
  }

  /// A pid file that a dead container left may name a process of ours; the volume's lock says that
  /// no other server can be alive, unless it has outlived its instance manager.
  void remove_stale_pid_file() {
    const auto path = data_directory(options.place.volume) / "postmaster.pid";
    const auto text = environment.read_file(path);
    if (!text) return;
    const int pid = std::atoi(text->c_str());
    const auto name = environment.read_file("/proc/" + std::to_string(pid) + "/comm");
    if (name && name->starts_with("postgres")) {
      throw Exception(Errc::unavailable,
                      "a server that another instance manager left is still running (process " +
                          std::to_string(pid) + "); waiting for its end");
    }
    ::unlink(path.c_str());
  }

  void start_server(const Settings& settings) {
    try {
      remove_stale_pid_file();
      // a volume's fsGroup may have opened the directory to the group, which the server refuses
      ::chmod(data_directory(options.place.volume).c_str(), 0700);
      write_server_files(settings);
      const auto self = weak_from_this();
      auto made = command("postgres", server_arguments(options.place), {});
      server = processes.start(std::move(made), [self](ExitStatus status, std::string text) {
        const auto impl = self.lock();
        if (!impl) return;
        impl->server = -1;
        impl->post(ServerExited{status.signal, status.code, std::move(text)});
      });
      log.info("PostgreSQL started", {{"pid", server}});
    } catch (const Exception& error) {
      post(ServerExited{.code = -1, .log = std::string("FATAL: ") + error.what()});
    }
  }

  static Task<void> watch_start(std::shared_ptr<Impl> self) {
    const auto pid = self->server;
    const auto path = data_directory(self->options.place.volume) / "postmaster.pid";
    while (pid != -1 && self->server == pid) {
      const auto text = self->environment.read_file(path);
      if (text && std::atoi(text->c_str()) == pid && server_says_ready(*text)) {
        self->post(ServerReady{});
        co_return;
      }
      auto nap = windlass::sleep_for(self->environment.clock(), milliseconds(50));
      co_await std::move(nap);
    }
  }

  // Actions ------------------------------------------------------------------------------------
  void act(const RunJob& action) {
    job_tasks->spawn(std::string(to_string(action.job)),
                     perform(shared_from_this(), action.job, make_job(action)));
  }
  void act(const CancelJob&) {
    job_tasks->cancel();
    retired.push_back(std::move(job_tasks));
    job_tasks = std::make_unique<TaskGroup>(executor, report_failure(environment));
  }
  void act(const StartServer& action) {
    start_server(action.settings);
    if (server != -1)
      tasks.spawn("waiting for the server's start", watch_start(shared_from_this()));
  }
  void act(const SignalServer& action) {
    log.info("Stopping PostgreSQL", {{"mode", action.signal == SIGQUIT ? "immediate" : "fast"}});
    if (server != -1) processes.signal(server, action.signal);
  }
  void act(const KeepAsLastGood& action) {
    try {
      write_file(options.place.volume / "settings.last-good.json", to_json(action.settings));
    } catch (const Exception& error) {
      log.warn("Cannot keep the settings that work", {{"error", error.what()}});
    }
  }
  void act(const Publish& action) {
    const auto& report = action.report;
    log.info("Instance state", {{"state", to_string(report.state)},
                                {"reason", report.reason},
                                {"message", report.message}});
    to_publish = report;
    unpublished.set();
  }
  void act(const Exit& action) { exit_code = action.code; }

  std::vector<std::unique_ptr<TaskGroup>> retired;

  // Loops --------------------------------------------------------------------------------------
  static Task<void> publish_reports(std::shared_ptr<Impl> self) {
    windlass::Duration backoff = seconds(1);
    for (;;) {
      co_await self->unpublished.wait();
      self->unpublished.reset();
      if (!self->to_publish) continue;
      const Report report = *self->to_publish;
      std::exception_ptr failure;
      try {
        auto reporting = self->api.report(report);
        co_await std::move(reporting);
      } catch (...) {
        failure = std::current_exception();
      }
      if (!failure) {
        backoff = seconds(1);
        continue;
      }
      if (windlass::is_cancellation(failure)) co_return;
      self->log.warn("Cannot report to the API server; trying again",
                     {{"error", windlass::describe(failure).message}});
      auto nap = windlass::sleep_for(self->environment.clock(), backoff);
      co_await std::move(nap);
      backoff = std::min<windlass::Duration>(backoff * 2, seconds(15));
      self->unpublished.set();
    }
  }

  /// Computed when the Secret changes, not at every look.
  const std::string& verifier_for(const std::string& password, const std::string& stored) {
    auto& last = last_verifier;
    if (last.password != password || last.stored != stored)
      last = {password, stored, effective_verifier(password, stored)};
    return last.effective;
  }

  Result<MountedFiles> read_files() {
    const auto settings_text = environment.read_file(options.settings / kSettingsFile);
    if (!settings_text) return settings_text.error();
    const auto verifier = environment.read_file(options.credentials / kVerifierFile);
    if (!verifier) return verifier.error();
    const auto password = environment.read_file(options.credentials / kPasswordFile);
    if (!password) return password.error();
    const auto certificate = environment.read_file(options.tls / "tls.crt");
    if (!certificate) return certificate.error();
    const auto key = environment.read_file(options.tls / "tls.key");
    if (!key) return key.error();
    const auto settings = settings_from_json(*settings_text);
    if (!settings) return settings.error();
    if (!is_scram_verifier(*verifier)) {
      return Error{Errc::parse, "the credentials Secret has no SCRAM-SHA-256 verifier"};
    }
    tls_certificate = *certificate;
    tls_key = *key;
    return MountedFiles{*settings, hash_of(*settings_text), verifier_for(*password, *verifier),
                        hash_of(*certificate + *key)};
  }

  std::uint64_t oom_kills() const {
    for (const char* path :
         {"/sys/fs/cgroup/memory.events.local", "/sys/fs/cgroup/memory.events"}) {
      const auto text = environment.read_file(path);
      if (!text) continue;
      const auto at = text->find("oom_kill ");
      if (at != std::string::npos) return std::strtoull(text->c_str() + at + 9, nullptr, 10);
    }
    return 0;
  }

  static Task<void> poll(std::shared_ptr<Impl> self) {
    std::optional<MountedFiles> last;
    std::string last_error;
    const auto kills_before = self->oom_kills();
    for (;;) {
      auto files = self->read_files();
      if (files && (!last || *last != *files)) {
        last = *files;
        last_error.clear();
        self->post(FilesRead{std::move(files)});
      } else if (!files && files.error().message != last_error) {
        last_error = files.error().message;
        last.reset();
        self->post(FilesRead{std::move(files)});
      }
      struct statvfs space{};
      if (::statvfs(self->options.place.volume.c_str(), &space) == 0) {
        self->post(DiskSpace{std::uint64_t{space.f_bavail} * space.f_frsize,
                             std::uint64_t{space.f_blocks} * space.f_frsize});
      }
      self->post(OutOfMemoryKills{self->oom_kills() - kills_before});
      auto nap = windlass::sleep_for(self->environment.clock(), self->options.poll);
      co_await std::move(nap);
    }
  }

  static Task<void> signals(std::shared_ptr<Impl> self) {
    asio::signal_set wanted(self->executor, SIGTERM, SIGINT, SIGQUIT);
    for (;;) {
      boost::system::error_code code;
      const int number =
          co_await wanted.async_wait(asio::redirect_error(asio::use_awaitable, code));
      if (code) co_return;
      self->log.info("Told to stop", {{"signal", number}});
      self->post(StopRequested{number == SIGQUIT});
    }
  }

  static Task<void> answer(std::shared_ptr<Impl> self, http::Request request,
                           http::Responder& responder) {
    const auto& report = self->machine.report();
    const std::string text = std::string(to_string(report.state)) +
                             (report.reason.empty() ? "" : " " + report.reason) +
                             (report.message.empty() ? "" : ": " + report.message) + "\n";
    const auto path = request.target.substr(0, request.target.find('?'));
    int status = 404;
    if (path == "/startupz") status = 200;
    if (path == "/livez") status = self->machine.live() ? 200 : 503;
    if (path == "/readyz") status = self->machine.ready() ? 200 : 503;
    auto sending = responder.send(plain(status, text));
    co_await std::move(sending);
  }

  static Task<void> serve(std::shared_ptr<http::Server> server) {
    auto running = server->run();
    co_await std::move(running);
  }

  void start_probes() {
    auto listener = environment.network(executor).listen(executor, options.probes);
    const std::weak_ptr<Impl> weak = weak_from_this();
    auto handler = [weak](http::Request request, http::Peer,
                          http::Responder& responder) -> Task<void> {
      return answer(weak.lock(), std::move(request), responder);
    };
    http::ServerOptions limits{.max_body_bytes = 1024, .max_connections = 64};
    probes = std::make_shared<http::Server>(environment, executor, std::move(listener).value(),
                                            std::move(handler), limits);
    tasks.spawn("probes", serve(probes));
  }
  std::shared_ptr<http::Server> probes;

  static Task<int> run(std::shared_ptr<Impl> self) {
    self->start_probes();
    self->tasks.spawn("reaping", self->processes.reap());
    self->tasks.spawn("signals", signals(self));
    self->tasks.spawn("reports", publish_reports(self));
    self->tasks.spawn("files", poll(self));
    self->events.push_back(Tick{});
    while (!self->exit_code) {
      while (!self->events.empty()) {
        auto event = std::move(self->events.front());
        self->events.pop_front();
        self->step(std::move(event));
      }
      if (self->exit_code) break;
      auto waiting = self->alarm.wait_until(self->machine.wake_at());
      const bool expired = co_await std::move(waiting);
      if (expired) self->events.push_back(Tick{});
    }
    self->processes.kill_all();
    self->log.info("The instance manager has stopped");
    co_return *self->exit_code;
  }

  void step(Event event) {
    for (const auto& action : machine.handle(std::move(event), environment.clock().steady_now())) {
      std::visit([this](const auto& what) { act(what); }, action);
    }
  }
};

Driver::Driver(Environment& environment, Executor executor, DriverOptions options)
    : impl_(std::make_shared<Impl>(environment, std::move(executor), std::move(options))) {}
Driver::~Driver() = default;

Task<int> Driver::run() { return Impl::run(impl_); }

}  // namespace postgres
