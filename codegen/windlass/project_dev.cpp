#include "project_dev.hpp"

#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include <signal.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

#include <windlass/api_server/server.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/client/client.hpp>
#include <windlass/codegen/yaml.hpp>
#include <windlass/json/stream.hpp>
#include <windlass/manager/logging.hpp>

#include "dev_view.hpp"
#include "local/process.hpp"
#include "scaffold/common.hpp"
#include "scaffold/rights.hpp"

namespace windlass::inline v0::command {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using testing::Process;

namespace {

/// Tells when files of a project change, but for what is built.
class FileWatch {
 public:
  FileWatch(Executor executor, fs::path root)
      : root_(std::move(root)), descriptor_(std::move(executor)) {
    const int file = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (file < 0)
      throw Exception(Errc::io, "inotify is not to be had: see fs.inotify.max_user_instances");
    descriptor_.assign(file);
    add(root_);
  }

  /// Waits for a change and returns the paths that changed, relative to the root.
  Task<std::set<std::string>> next() {
    std::set<std::string> changed;
    while (changed.empty()) {
      boost::system::error_code code;
      auto waiting =
          descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                 boost::asio::redirect_error(boost::asio::use_awaitable, code));
      co_await std::move(waiting);
      if (code) throw Exception(Errc::cancelled, "cancelled while waiting for a change");
      drain(changed);
    }
    co_return changed;
  }
  /// What changed since, without waiting.
  void drain(std::set<std::string>& changed) {
    alignas(inotify_event) char buffer[16384];
    for (;;) {
      const auto size = ::read(descriptor_.native_handle(), buffer, sizeof(buffer));
      if (size <= 0) return;
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        take(*event, changed);
      }
    }
  }

 private:
  static bool is_watched(const fs::path& name) {
    const auto text = name.filename().string();
    return text != "build" && text != "dist" && text != "bundle" && !text.starts_with(".");
  }
  static bool matters(const std::string& name) {
    for (const auto* end : {".cpp", ".hpp", ".yaml", ".cmake", "CMakeLists.txt", "Makefile"}) {
      if (name.ends_with(end)) return true;
    }
    return false;
  }
  void add(const fs::path& folder) {
    const int id = inotify_add_watch(
        descriptor_.native_handle(), folder.c_str(),
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR);
    if (id < 0) return;  // it went away again
    folders_[id] = folder;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(folder, code)) {
      if (entry.is_directory(code) && is_watched(entry.path())) add(entry.path());
    }
  }
  void take(const inotify_event& event, std::set<std::string>& changed) {
    const auto folder = folders_.find(event.wd);
    if (folder == folders_.end() || event.len == 0) return;
    const auto path = folder->second / event.name;
    if ((event.mask & IN_ISDIR) != 0) {
      if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0 && is_watched(path)) add(path);
      return;
    }
    if ((event.mask & IN_CREATE) == 0 && matters(event.name))
      changed.insert(fs::relative(path, root_).generic_string());
  }

  fs::path root_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::map<int, fs::path> folders_;
};

/// Lines that were appended to a file since the last look.
class Tail {
 public:
  explicit Tail(fs::path path) : path_(std::move(path)) {}
  std::vector<std::string> lines() {
    std::vector<std::string> found;
    std::ifstream in(path_, std::ios::binary);
    in.seekg(offset_);
    for (std::string line; std::getline(in, line) && !in.eof();) {
      offset_ += static_cast<std::streamoff>(line.size() + 1);
      found.push_back(std::move(line));
    }
    return found;
  }

 private:
  fs::path path_;
  std::streamoff offset_ = 0;
};

fs::path own_program() {
  std::error_code code;
  return fs::read_symlink("/proc/self/exe", code);
}

/// Does the build write it?
bool is_generated(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  for (int number = 0; number < 2 && std::getline(in, line); ++number) {
    if (line.starts_with("// Made by windlass-gen ")) return true;
  }
  return false;
}

constexpr std::size_t kKept = 500;  // lines of events and logs

/// Everything that runs. Lives on one executor.
class Session {
 public:
  Session(SystemEnvironment& environment, ProjectDevOptions options, scaffold::Project project)
      : environment_(environment), options_(std::move(options)), project_(std::move(project)) {
    full_screen_ = options_.view && isatty(STDOUT_FILENO) != 0;
    logs_ = options_.state_directory / "logs";
    operators_kubeconfig_ = options_.state_directory / "operator.kubeconfig";
    fs::create_directories(logs_);
  }

  Task<int> run() {
    TaskGroup group(environment_.io(),
                    [this](std::string_view name, const std::exception_ptr& failure) {
                      say(std::string(name) + ": " + describe(failure).message);
                    });
    int code = 0;
    std::exception_ptr failure;
    try {
      auto starting = start_server();
      co_await std::move(starting);
      group.spawn("view", show(this));
      group.spawn("work", work(this));
      group.spawn("signals", wait_for_signal(this));
      group.spawn("API server", wait_for_server(this));
      auto waiting = over_.wait();
      co_await std::move(waiting);
      if (server_->ended()) {
        throw Exception(Errc::io, "the API server ended with exit code " +
                                      std::to_string(server_->exit_code().value_or(0)) + "; see " +
                                      (logs_ / "server.log").string());
      }
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      std::fprintf(stderr, "error: %s\n", describe(failure).message.c_str());
      code = 1;
    }
    auto stopping = group.stop();
    co_await std::move(stopping);
    auto ending = stop_everything();
    co_await std::move(ending);
    if (full_screen_) std::printf("\n");
    co_return code;
  }

 private:
  struct Replica {
    std::string name;
    std::unique_ptr<Process> process;
    Tail tail;
    bool reported = false;
  };

  Result<std::unique_ptr<Process>> start(std::vector<std::string> arguments,
                                         const std::string& log) {
    fs::remove(logs_ / log);
    return Process::start(
        environment_.io(),
        {.arguments = std::move(arguments), .output = logs_ / log, .parent_death_signal = SIGTERM});
  }

  Task<void> start_server() {
    fs::remove(options_.kubeconfig);
    std::vector<std::string> arguments{own_program().string(),
                                       "dev",
                                       "--server-only",
                                       "--state-dir",
                                       options_.state_directory.string(),
                                       "--kubeconfig",
                                       options_.kubeconfig.string()};
    arguments.insert(arguments.end(), options_.server_arguments.begin(),
                     options_.server_arguments.end());
    server_ = start(arguments, "server.log").value();
    Tail tail(logs_ / "server.log");
    std::string said;
    for (;;) {
      for (const auto& line : tail.lines()) {
        said += line + "\n";
        const auto at = line.find("https://");
        if (at != std::string::npos) state_.server = line.substr(at);
      }
      if (!state_.server.empty() && fs::exists(options_.kubeconfig)) break;
      if (server_->ended()) throw Exception(Errc::io, "the API server did not start:\n" + said);
      co_await sleep_for(environment_.clock(), 20ms);
    }
    write_operators_kubeconfig();
    const auto config = client::load_config(environment_, options_.kubeconfig.string()).value();
    client_.emplace(environment_, environment_.io(), config, client::ClientOptions{});
    say("API server: " + state_.server + "   export KUBECONFIG=" + options_.kubeconfig.string());
  }

  static Task<void> wait_for_signal(Session* self) {
    auto signal = self->environment_.next_signal();
    co_await std::move(signal);
    self->over_.set();
  }

  static Task<void> wait_for_server(Session* self) {
    auto ending = self->server_->wait();
    co_await std::move(ending);
    self->over_.set();
  }

  /// The operator is who it is in a cluster, so that a record tells its requests apart; it may do
  /// everything, whatever its Role says.
  void write_operators_kubeconfig() {
    const auto path = options_.kubeconfig.string();
    const auto text = environment_.read_file(options_.kubeconfig).value();
    auto kubeconfig = codegen::parse_yaml(path, text).value().front();
    for (auto& user : kubeconfig["users"].as_array()) {
      user["user"]["as"] = scaffold::operator_user(project_);
      user["user"]["as-groups"] = json::Array{"system:masters", "system:authenticated"};
    }
    api_server::write_private_file(operators_kubeconfig_, scaffold::to_yaml(kubeconfig)).value();
  }

  /// Builds and starts, and again whenever something changed.
  static Task<void> work(Session* self) {
    FileWatch watch(self->environment_.io(), self->options_.root);
    for (;;) {
      auto building = self->build();
      const bool built = co_await std::move(building);
      std::set<std::string> changed;
      watch.drain(changed);
      std::erase_if(changed, [self](const std::string& path) {
        return is_generated(self->options_.root / path);
      });
      if (changed.empty()) {
        if (built) {
          auto restarting = self->restart();
          co_await std::move(restarting);
        }
        auto waiting = watch.next();
        changed = co_await std::move(waiting);
      }
      co_await sleep_for(self->environment_.clock(), 200ms);
      watch.drain(changed);
      self->say("changed: " + *changed.begin() +
                (changed.size() > 1 ? " and " + std::to_string(changed.size() - 1) + " more" : ""));
    }
  }

  Task<bool> build() {
    state_.activity = "building";
    say("building (make build)");
    const auto began = environment_.clock().steady_now();
    auto build =
        start({"/usr/bin/env", "make", "-C", options_.root.string(), "build"}, "build.log").value();
    Tail tail(logs_ / "build.log");
    while (!build->ended()) {
      for (const auto& line : tail.lines()) say("[build] " + line);
      co_await sleep_for(environment_.clock(), 100ms);
    }
    for (const auto& line : tail.lines()) say("[build] " + line);
    const bool good = build->exit_code() == 0;
    const auto took =
        std::chrono::duration_cast<std::chrono::seconds>(environment_.clock().steady_now() - began);
    state_.activity = good ? "running" : "the build failed";
    say(good ? "built in " + std::to_string(took.count()) + " s"
             : "the build failed; waiting for a change");
    co_return good;
  }

  /// False: not all of them.
  Task<bool> apply(std::vector<fs::path> files) {
    if (files.empty()) co_return true;
    std::vector<std::string> arguments{own_program().string(), "apply", "--kubeconfig",
                                       options_.kubeconfig.string()};
    for (const auto& file : files) arguments.insert(arguments.end(), {"-f", file.string()});
    auto applying = start(std::move(arguments), "apply.log").value();
    auto waiting = applying->wait();
    const int code = co_await std::move(waiting);
    Tail tail(logs_ / "apply.log");
    for (const auto& line : tail.lines()) say("[apply] " + line);
    if (code != 0) say("[apply] failed; it is tried again after the next change");
    co_return code == 0;
  }

  Task<void> restart() {
    auto schemas = scaffold::yaml_files(options_.root / "config/crd/bases");
    const auto external = scaffold::yaml_files(options_.root / "config/external");
    schemas.insert(schemas.end(), external.begin(), external.end());
    auto applying = apply(std::move(schemas));
    const bool applied = co_await std::move(applying);
    auto stopping = stop_replicas();
    co_await std::move(stopping);
    const auto program = options_.root / "build/bin/manager";
    for (int number = 0; number < options_.replicas; ++number) {
      const auto name = "replica-" + std::to_string(number);
      auto process =
          start({program.string(), "--kubeconfig", operators_kubeconfig_.string(),
                 "--health-probe-bind-address", "0",
                 "--leader-elect=" + std::string(options_.replicas > 1 ? "true" : "false"),
                 "--leader-election-namespace", "default", "--leader-election-identity", name},
                name + ".log");
      replicas_.push_back({name, std::move(process.value()), Tail(logs_ / (name + ".log"))});
    }
    state_.replicas = options_.replicas;
    if (!applied || samples_are_there_ || !options_.samples) co_return;
    auto samples = apply(scaffold::yaml_files(options_.root / "config/samples"));
    samples_are_there_ = co_await std::move(samples);
  }

  Task<void> stop_replicas() {
    for (const auto& replica : replicas_) replica.process->signal(SIGTERM);
    for (int tenths = 0; tenths < 100; ++tenths) {
      bool all = true;
      for (const auto& replica : replicas_) all = all && replica.process->ended();
      if (all) break;
      co_await sleep_for(environment_.clock(), 100ms);
    }
    take_logs();
    replicas_.clear();  // kills what has not ended
    state_.leader.clear();
    state_.replicas = 0;
  }

  Task<void> stop_everything() {
    auto stopping = stop_replicas();
    co_await std::move(stopping);
    if (!server_) co_return;
    server_->signal(SIGTERM);
    for (int tenths = 0; tenths < 100 && !server_->ended(); ++tenths) {
      co_await sleep_for(environment_.clock(), 100ms);
    }
  }

  // View
  // -------------------------------------------------------------------------------------------

  static Task<void> show(Session* self) {
    for (int tick = 0;; ++tick) {
      self->take_logs();
      if (tick % 5 == 0) {
        std::exception_ptr failure;
        try {
          auto looking = self->look();
          co_await std::move(looking);
        } catch (...) {
          failure = std::current_exception();
        }
        self->note("events", failure);
      }
      if (self->full_screen_) self->draw();
      co_await sleep_for(self->environment_.clock(), 200ms);
    }
  }

  void take_logs() {
    for (auto& replica : replicas_) {
      for (const auto& line : replica.tail.lines()) say("[" + replica.name + "] " + line);
      if (!replica.reported && replica.process->ended()) {
        replica.reported = true;
        say("[" + replica.name + "] ended with exit code " +
            std::to_string(*replica.process->exit_code()));
      }
    }
  }

  Task<std::vector<json::Value>> objects(meta::Resource resource) {
    auto listing = client_->list_page(resource, {});
    const auto page = co_await std::move(listing);
    const auto document = json::parse(page.body).value();
    std::vector<json::Value> items;
    if (document["items"].is_array()) items = document["items"].as_array();
    co_return items;
  }

  Task<void> look() {
    std::vector<ObjectRow> rows;
    const auto now = std::chrono::floor<std::chrono::seconds>(environment_.clock().wall_now())
                         .time_since_epoch()
                         .count();
    for (const auto& resource : project_.resources) {
      if (!resource.own) continue;
      const auto group = resource.full_group();
      const meta::Resource kind{group,           resource.version,    resource.kind,
                                resource.plural, resource.namespaced, true};
      std::exception_ptr failure;
      try {
        auto listing = objects(kind);
        const auto items = co_await std::move(listing);
        for (auto item : items) {
          item["kind"] = resource.kind;
          rows.push_back(object_row(item, now));
        }
      } catch (const client::ApiError& error) {
        if (!error.is_not_found()) failure = std::current_exception();  // else: not defined yet
      } catch (...) {
        failure = std::current_exception();
      }
      note(resource.plural, failure);
    }
    report(rows);
    constexpr meta::Resource events{"events.k8s.io", "v1", "Event", "events", true, false};
    auto listing = objects(events);
    const auto items = co_await std::move(listing);
    for (const auto& item : items) {
      const auto key = std::string(item["metadata"]["uid"].string_or("")) +
                       std::string(item["metadata"]["resourceVersion"].string_or(""));
      if (!seen_events_.insert(key).second) continue;
      const auto line = event_line(item);
      keep(state_.events, line);
      if (!full_screen_) print("[event] " + line);
      if (const auto leader = new_leader(item); !leader.empty()) state_.leader = leader;
    }
  }

  /// Says once why something cannot be shown.
  void note(const std::string& what, const std::exception_ptr& failure) {
    if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
    const auto why = failure ? describe(failure).message : std::string();
    auto& known = unreadable_[what];
    if (why != known && !why.empty()) say("cannot read " + what + ": " + why);
    known = why;
  }

  /// Says what is new about objects, for those who see lines.
  void report(const std::vector<ObjectRow>& rows) {
    if (!full_screen_) {
      for (const auto& row : rows) {
        const auto what = row.ready + row.reason;
        auto& known = known_[row.kind + "/" + row.name];
        if (known == what && !what.empty()) continue;
        if (!what.empty())
          print("[" + row.kind + " " + row.name + "] Ready=" + row.ready + " " + row.reason);
        known = what;
      }
    }
    state_.objects = rows;
  }

  static void keep(std::deque<std::string>& lines, std::string line) {
    lines.push_back(std::move(line));
    if (lines.size() > kKept) lines.pop_front();
  }
  void print(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }
  void say(std::string line) {
    if (!full_screen_) print(line);
    keep(state_.logs, std::move(line));
  }
  void draw() {
    winsize size{};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const auto lines =
        screen(state_, size.ws_col > 0 ? size.ws_col : 80, size.ws_row > 1 ? size.ws_row - 1u : 24);
    std::string out = "\x1b[H";
    for (const auto& line : lines) out += line + "\x1b[K\n";
    out += "\x1b[J";
    std::fputs(out.c_str(), stdout);
    std::fflush(stdout);
  }

  SystemEnvironment& environment_;
  ProjectDevOptions options_;
  scaffold::Project project_;
  fs::path logs_;
  fs::path operators_kubeconfig_;
  bool full_screen_ = false;
  std::optional<client::Client> client_;
  std::unique_ptr<Process> server_;
  Event over_{environment_.io()};
  std::vector<Replica> replicas_;
  DevState state_;
  std::map<std::string, std::string> known_;
  std::map<std::string, std::string> unreadable_;
  std::set<std::string> seen_events_;
  bool samples_are_there_ = false;
};

Task<int> run_session(SystemEnvironment& environment, ProjectDevOptions options,
                      scaffold::Project project) {
  Session session(environment, std::move(options), std::move(project));
  auto running = session.run();
  co_return co_await std::move(running);
}

}  // namespace

int project_dev(const ProjectDevOptions& given) {
  auto options = given;
  const auto environment = SystemEnvironment::make({.worker_threads = 0, .lease_thread = false});
  environment->set_log(Logger(make_log_sink(false), LogLevel::warn));
  try {
    const auto text = environment->read_file(options.root / "PROJECT").value();
    const auto project = scaffold::parse_project(text).value();
    options.state_directory = options.root / options.state_directory;
    if (options.kubeconfig.empty()) options.kubeconfig = options.state_directory / "kubeconfig";
    return environment->run([&] { return run_session(*environment, options, project); });
  } catch (...) {
    std::fprintf(stderr, "error: %s\n", describe(std::current_exception()).message.c_str());
    return 1;
  }
}

}  // namespace windlass::inline v0::command
