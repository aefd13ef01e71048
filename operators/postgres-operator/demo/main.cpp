// The demo: a highly available operator runs a PostgreSQL on this machine, loses its leader twice,
// and loses no row. Needs no cluster, no container runtime and no kubectl.

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <windlass/base/encoding.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/client/client.hpp>

namespace {

namespace fs = std::filesystem;
using namespace windlass;
using namespace std::chrono_literals;

constexpr const char* kNamespace = "postgres-operator-system";
constexpr const char* kDeployment = "postgres-operator-controller-manager";
constexpr const char* kLease = "postgres-operator-leader";
constexpr meta::Resource kPods{"", "v1", "Pod", "pods"};
constexpr meta::Resource kSecrets{"", "v1", "Secret", "secrets"};
constexpr meta::Resource kServices{"", "v1", "Service", "services"};
constexpr meta::Resource kDeployments{"apps", "v1", "Deployment", "deployments"};
constexpr meta::Resource kLeases{"coordination.k8s.io", "v1", "Lease", "leases"};
constexpr meta::Resource kDatabases{"postgres.windlass.dev", "v1", "Database", "databases"};

void say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
  std::fflush(stdout);
}

void headline(int number, const char* text) { say("\n%d. %s", number, text); }

/// The words of `line` as one shell argument.
std::string shell_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct Paths {
  fs::path bin;      ///< where the programs are
  fs::path project;  ///< where the manifests are
  fs::path state;    ///< what the demo makes
};

/// `windlass dev` as a child process.
class Cluster {
 public:
  Cluster(const Paths& paths, bool outlives_demo) {
    const auto log = (paths.state / "dev.log").string();
    const std::vector<std::string> words{
        (paths.bin / "windlass").string(),
        "dev",
        "--pods",
        "--verbose",
        "--state-dir",
        paths.state.string(),
        "--images",
        (paths.project / "operators/postgres-operator/local-images.yaml").string()};
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setsid();
      if (!outlives_demo) ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // also when the demo is interrupted
      const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      ::dup2(out, 1);
      ::dup2(out, 2);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      std::vector<char*> argv;
      for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  ~Cluster() { stop(); }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] bool alive() {
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return pid_ > 0;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The cluster goes on without the demo.
  void release() { pid_ = -1; }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

class Demo {
 public:
  Demo(SystemEnvironment& environment, Paths paths, bool keep)
      : environment_(environment), paths_(std::move(paths)), keep_(keep) {}

  Task<int> run() {
    int code = 1;
    std::exception_ptr failure;
    try {
      co_await play();
      code = 0;
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      say("\nThe demo failed: %s", describe(failure).message.c_str());
      say("What the cluster logged last (%s):", (paths_.state / "dev.log").c_str());
      (void)std::system(("tail -n 15 " + shell_word((paths_.state / "dev.log").string())).c_str());
    }
    finish(code);
    co_return code;
  }

 private:
  Task<void> play() {
    headline(1,
             "Start an in-memory Kubernetes API server and a cluster whose pods are processes of "
             "this machine.");
    co_await start_cluster();
    headline(2,
             "Apply dist/install.yaml: three replicas of postgres-operator, with leader election.");
    apply_file(paths_.project / "dist/install.yaml");
    co_await wait_for_operator();
    headline(3, "Apply config/samples/database.yaml and wait until the Database is Ready.");
    apply_file(paths_.project / "config/samples/database.yaml");
    co_await wait_for_database();
    headline(
        4, "Ask the database who it is, through its Service, over verified TLS, and write a row.");
    co_await connect();
    say("   %s", sql("select version()").c_str());
    sql("create table greetings (id int primary key, text text)");
    sql("insert into greetings values (1, 'written before the operator was killed')");
    say("   wrote a row into the table greetings");
    headline(5,
             "Kill the leading operator with SIGKILL, and change the Database while nobody leads.");
    co_await kill_leader();
    headline(6, "Stop the new leader with SIGTERM: it hands its lease over at once.");
    co_await stop_leader();
    headline(7, "Read the row again.");
    const auto row = sql("select text from greetings where id = 1");
    say("   %s", row.c_str());
    expect(row == "written before the operator was killed", "the row is not what was written");
  }

  static void expect(bool holds, const std::string& problem) {
    if (!holds) throw Exception(Errc::internal, problem);
  }

  Task<void> pause(Duration duration) { co_await sleep_for(environment_.clock(), duration); }
  [[nodiscard]] SteadyTime now() const { return environment_.clock().steady_now(); }
  static double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
  }

  Task<void> start_cluster() {
    cluster_.emplace(paths_, keep_);
    const auto kubeconfig = paths_.state / "kubeconfig";
    const auto limit = now() + 20s;
    while (!fs::exists(kubeconfig)) {
      expect(cluster_->alive(), "windlass dev ended at once; its log says why");
      expect(now() < limit, "windlass dev was not ready within 20 s");
      co_await pause(20ms);
    }
    const auto text = environment_.read_file(kubeconfig).value();
    const auto config = client::parse_kubeconfig(environment_, text, "/").value();
    client_.emplace(environment_, environment_.io(), config,
                    client::ClientOptions{.field_manager = "demo"});
    const auto version = co_await client_->raw_get("/version");
    say("   ready: Kubernetes %s at %s",
        std::string(json::parse(version).value()["gitVersion"].string_or("?")).c_str(),
        to_string(config.server).c_str());
  }

  void apply_file(const fs::path& file) {
    const auto command = shell_word((paths_.bin / "windlass").string()) + " apply --kubeconfig " +
                         shell_word((paths_.state / "kubeconfig").string()) + " -f " +
                         shell_word(file.string());
    for (const auto& line : run_command("windlass apply", command)) say("   %s", line.c_str());
  }

  /// What a command prints, line by line; an exception with its words when it fails.
  static std::vector<std::string> run_command(const std::string& name, const std::string& command) {
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    expect(pipe != nullptr, "cannot run " + name);
    std::vector<std::string> lines(1);
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
      if (c == '\n') {
        lines.emplace_back();
      } else {
        lines.back() += static_cast<char>(c);
      }
    }
    if (lines.back().empty()) lines.pop_back();
    expect(::pclose(pipe) == 0, lines.empty() ? name + " failed" : lines.back());
    return lines;
  }

  Task<json::Value> get(meta::Resource resource, std::string namespace_, std::string name) {
    auto getting = client_->get_text(resource, {std::move(namespace_), std::move(name)});
    const auto text = co_await std::move(getting);
    co_return json::parse(text).value();
  }

  Task<std::string> holder() {
    auto finding = client_->find_text(kLeases, {kNamespace, kLease});
    const auto lease = co_await std::move(finding);
    if (!lease) co_return std::string();
    const auto parsed = json::parse(*lease).value();
    const std::string identity(parsed.at_path({"spec", "holderIdentity"}).string_or(""));
    co_return identity.substr(0, identity.find('_'));
  }

  Task<void> wait_for_operator() {
    const auto limit = now() + 90s;
    std::int64_t shown = -1;
    for (;;) {
      const auto deployment = co_await get(kDeployments, kNamespace, kDeployment);
      const auto available = deployment.at_path({"status", "availableReplicas"}).integer_or(0);
      if (available != shown) say("   %d of 3 replicas are ready", static_cast<int>(available));
      shown = available;
      const auto leader = co_await holder();
      if (available == 3 && !leader.empty()) {
        say("   the leader is %s; the other two stand by with warm caches", leader.c_str());
        co_return;
      }
      expect(now() < limit, "the operator was not ready within 90 s");
      co_await pause(200ms);
    }
  }

  Task<void> wait_for_database() {
    const auto limit = now() + 120s;
    std::string shown;
    for (;;) {
      const auto database = co_await get(kDatabases, "default", "sample");
      const auto& status = database["status"];
      const std::string phase(status["phase"].string_or("not seen yet"));
      if (phase != shown) say("   %s", phase.c_str());
      shown = phase;
      if (phase == "Ready") {
        say("   published endpoint: %s", std::string(status["endpoint"].string_or("")).c_str());
        co_return;
      }
      expect(now() < limit, "the Database was not Ready within 120 s");
      co_await pause(200ms);
    }
  }

  Task<void> connect() {
    const auto database = co_await get(kDatabases, "default", "sample");
    const auto& status = database["status"];
    const auto endpoint = parse_endpoint(status["endpoint"].as_string()).value();
    const auto service_name = endpoint.host.substr(0, endpoint.host.find('.'));
    const auto service = co_await get(kServices, "default", service_name);
    const std::string secret_name(status["credentialsSecret"].string_or("sample-credentials"));
    const auto secret = co_await get(kSecrets, "default", secret_name);
    const auto field = [&](const char* name) {
      return decode_base64(secret["data"][name].string_or("")).value();
    };
    const auto ca = paths_.state / "database-ca.crt";
    std::ofstream(ca) << field("ca.crt");
    // in a file: a command line can be read by everybody on the machine
    const auto password = paths_.state / "pgpass";
    write_secret(password, "*:*:*:*:" + pgpass_word(field("password")) + "\n");
    // this machine has no cluster DNS, so the Service's address is given beside its name
    connection_ = "host=" + endpoint.host +
                  " hostaddr=" + service.at_path({"spec", "clusterIP"}).as_string() +
                  " port=" + std::to_string(endpoint.port) + " user=" + field("username") +
                  " dbname=" + field("dbname") + " sslmode=verify-full sslrootcert=" + ca.string() +
                  " passfile=" + password.string();
  }

  static std::string pgpass_word(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == ':' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }

  /// For the owner's eyes only from the moment it exists; psql ignores it otherwise.
  static void write_secret(const fs::path& file, const std::string& text) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written = descriptor >= 0 && ::write(descriptor, text.data(), text.size()) ==
                                                static_cast<ssize_t>(text.size());
    if (descriptor >= 0) ::close(descriptor);
    expect(written, "cannot write " + file.string());
  }

  /// The first line of what psql prints.
  std::string sql(const std::string& statement) {
    const auto command = "/usr/lib/postgresql/15/bin/psql -X -q -A -t -v ON_ERROR_STOP=1 " +
                         shell_word(connection_) + " -c " + shell_word(statement);
    const auto lines = run_command("psql", command);
    return lines.empty() ? std::string() : lines.front();
  }

  /// The process of a pod's manager, on this machine.
  Task<pid_t> process_of(std::string pod) {
    const auto object = co_await get(kPods, kNamespace, pod);
    const auto& statuses = object.at_path({"status", "containerStatuses"});
    const std::string id(statuses.as_array().at(0)["containerID"].string_or(""));
    expect(id.starts_with("local://"), "pod " + pod + " does not run");
    co_return static_cast<pid_t>(std::stol(id.substr(8)));
  }

  Task<std::string> wait_for_other_leader(std::string old, Duration limit) {
    const auto until = now() + limit;
    for (;;) {
      const auto current = co_await holder();
      if (!current.empty() && current != old) co_return current;
      expect(now() < until, "no other replica took over within " + format_duration(limit));
      co_await pause(20ms);
    }
  }

  Task<void> kill_leader() {
    const auto old = co_await holder();
    const auto process = co_await process_of(old);
    ::kill(process, SIGKILL);
    const auto killed = now();
    say("   killed %s", old.c_str());
    auto patching =
        client_->patch_text(kDatabases, {"default", "sample"}, {}, client::PatchType::merge,
                            R"({"spec":{"parameters":{"work_mem":"16MB"}}})");
    co_await std::move(patching);
    say("   changed spec.parameters.work_mem to 16MB; nobody is there to see it yet");
    const auto next = co_await wait_for_other_leader(old, 25s);
    say("   %s took over after %.1f s (the lease of a process that was killed has to run out: 15 "
        "s)",
        next.c_str(), seconds(now() - killed));
    while (sql("show work_mem") != "16MB") {
      expect(now() - killed < 60s, "the change was not carried out within 60 s");
      co_await pause(100ms);
    }
    say("   and carried out the change: work_mem is 16MB, %.1f s after the kill",
        seconds(now() - killed));
  }

  Task<void> stop_leader() {
    const auto old = co_await holder();
    const auto process = co_await process_of(old);
    ::kill(process, SIGTERM);
    const auto stopped = now();
    const auto next = co_await wait_for_other_leader(old, 5s);
    say("   %s leads %.2f s after %s was told to stop", next.c_str(), seconds(now() - stopped),
        old.c_str());
  }

  void finish(int code) {
    if (keep_ && code == 0) {
      say("\nEverything keeps running. Try:");
      say("  export KUBECONFIG=%s", (paths_.state / "kubeconfig").c_str());
      say("  kubectl get databases,pods -A");
      say("  /usr/lib/postgresql/15/bin/psql \"%s\"", connection_.c_str());
      say("Stop it with: kill %d; then remove %s", cluster_->pid(), paths_.state.c_str());
      cluster_->release();
      return;
    }
    if (cluster_) cluster_->stop();
    if (code == 0) {
      std::error_code ignored;
      fs::remove_all(paths_.state, ignored);
      say("\nStopped and cleaned up. No row was lost.");
    } else {
      say("Logs and volumes are kept in %s", paths_.state.c_str());
    }
  }

  SystemEnvironment& environment_;
  Paths paths_;
  bool keep_;
  std::optional<Cluster> cluster_;
  std::optional<client::Client> client_;
  std::string connection_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s <project directory>   (KEEP=1 leaves everything running)\n",
                 argv[0]);
    return 2;
  }
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  const auto temporary = environment->variable("TMPDIR").value_or("/tmp");
  std::string state = temporary + "/windlass-demo-XXXXXX";
  if (::mkdtemp(state.data()) == nullptr) {
    std::fprintf(stderr, "cannot make a directory in %s: %s\n", temporary.c_str(),
                 std::strerror(errno));
    return 1;
  }
  const Paths paths{fs::read_symlink("/proc/self/exe").parent_path(), fs::absolute(argv[1]), state};
  Demo demo(*environment, paths, environment->variable("KEEP") == "1");
  return environment->run([&demo] { return demo.run(); });
}
