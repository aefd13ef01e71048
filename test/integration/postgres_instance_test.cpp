// The instance manager with a real PostgreSQL: its own process, real time, a scripted API server.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <windlass/base/system_environment.hpp>
#include <windlass/http/client.hpp>
#include <windlass/http/server.hpp>
#include <windlass/json/value.hpp>

#include "controllers/credentials.hpp"
#include "controllers/desired.hpp"
#include "instance/driver.hpp"

extern char** environ;

namespace postgres {
namespace {

namespace fs = std::filesystem;
namespace http = windlass::http;
namespace json = windlass::json;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using windlass::SystemEnvironment;
using windlass::Task;

constexpr uid_t kNobody = 65534;

std::unique_ptr<SystemEnvironment> plain_environment() {
  return SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
}

/// Asks every 20 ms, in real time: the world under test is made of processes.
bool eventually(const std::function<bool()>& condition, seconds limit = seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool accepts_connections(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(static_cast<std::uint16_t>(port));
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

http::KeyPair certificate() {
  http::CertificateRequest request;
  request.common_name = "test";
  request.ip_addresses = {"127.0.0.1"};
  request.not_before = std::chrono::system_clock::now() - std::chrono::hours(1);
  request.not_after = request.not_before + std::chrono::hours(24);
  request.is_ca = true;
  return http::make_certificate(request).value();
}

/// The API server as far as an instance manager sees it, on a thread of its own.
class ApiServer {
 public:
  ApiServer() : keys_(certificate()), environment_(plain_environment()) {
    std::promise<void> listening;
    auto ready = listening.get_future();
    thread_ = std::thread([this, &listening] {
      environment_->run([this, &listening] { return serve(this, &listening); });
    });
    ready.get();
  }
  ~ApiServer() {
    auto* server = server_.get();
    auto* environment = environment_.get();
    boost::asio::co_spawn(environment->io(), stop(server), [](std::exception_ptr) {});
    thread_.join();
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::string& ca() const { return keys_.certificate_pem; }

  // guarded by mutex
  mutable std::mutex mutex;
  std::string uid = "uid-1";
  std::string recorded;
  bool record_by_itself = true;
  bool broken = false;
  Report report;
  int reports = 0;

 private:
  static Task<void> stop(http::Server* server) {
    auto stopping = server->stop(std::chrono::milliseconds(100));
    co_await std::move(stopping);
  }
  static Task<int> serve(ApiServer* self, std::promise<void>* listening) {
    auto& environment = *self->environment_;
    auto listener =
        environment.network(environment.io()).listen(environment.io(), {"127.0.0.1", 0});
    http::ServerOptions options;
    options.tls =
        http::TlsServerContext::make({self->keys_.certificate_pem, self->keys_.key_pem}).value();
    auto handler = [self](http::Request request, http::Peer,
                          http::Responder& responder) -> Task<void> {
      return respond(self->answer(request), responder);
    };
    self->server_ = std::make_unique<http::Server>(
        environment, environment.io(), std::move(listener).value(), std::move(handler), options);
    self->port_ = self->server_->local_endpoint().port;
    listening->set_value();
    auto running = self->server_->run();
    co_await std::move(running);
    co_return 0;
  }
  static Task<void> respond(http::Response response, http::Responder& responder) {
    auto sending = responder.send(std::move(response));
    co_await std::move(sending);
  }
  http::Response answer(const http::Request& request) {
    const std::lock_guard lock(mutex);
    http::Response response;
    response.headers.set("Content-Type", "application/json");
    if (broken || request.headers.get("Authorization") != "Bearer a-token") {
      response.status = broken ? 503 : 401;
      response.body = R"({"kind":"Status","message":"not now"})";
    } else if (request.method == "GET" &&
               request.target ==
                   "/apis/postgres.windlass.dev/v1/namespaces/default/databases/shop") {
      json::Value database;
      database["metadata"]["uid"] = uid;
      if (!recorded.empty()) database["status"]["systemIdentifier"] = recorded;
      response.body = json::dump(database);
    } else if (request.method == "PATCH" &&
               request.target.starts_with("/api/v1/namespaces/default/pods/shop-0")) {
      const auto body = json::parse(request.body).value();
      report =
          report_from_json(body.at_path({"metadata", "annotations", kReportAnnotation}).as_string())
              .value();
      ++reports;
      if (record_by_itself && recorded.empty()) recorded = report.system_identifier;
      response.body = "{}";
    } else {
      response.status = 404;
      response.body = R"({"kind":"Status","message":"no such thing"})";
    }
    return response;
  }

  http::KeyPair keys_;
  std::unique_ptr<SystemEnvironment> environment_;
  std::unique_ptr<http::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

struct Output {
  int code = -1;
  std::string text;
};

/// Runs a command to its end.
Output shell(const std::string& command) {
  Output output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.text.append(buffer.data(), got);
  const int status = ::pclose(pipe);
  output.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

class Life : public testing::Test {
 protected:
  void SetUp() override {
    bool found = false;
    for (const auto& directory : program_directories(std::getenv("PATH")))
      found = found || fs::exists(directory / "initdb");
    if (!found) GTEST_SKIP() << "PostgreSQL is not installed (Debian: postgresql-15)";
    auto name = (fs::temp_directory_path() / "windlass-life-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::permissions(root_, fs::perms(0755));
    port_ = free_port();
    probe_port_ = free_port();
    for (const char* directory : {"volume", "run", "settings", "credentials", "tls", "account"}) {
      fs::create_directory(root_ / directory);
      if (::geteuid() == 0) ASSERT_EQ(::chown((root_ / directory).c_str(), kNobody, kNobody), 0);
    }
    const auto program = root_ / "instance-manager";
    ASSERT_EQ(shell(INSTANCE_MANAGER " copy " + program.string()).code, 0);
    keys_ = certificate();
    put("tls/tls.crt", keys_.certificate_pem);
    put("tls/tls.key", keys_.key_pem);
    put("account/token", "a-token\n");
    put("account/ca.crt", api_.ca());
    set_password("first-password");
    set_parameters({{"shared_buffers", "16MB"}});
  }
  void TearDown() override {
    if (child_ > 0) {
      ::kill(child_, SIGQUIT);
      wait_for_exit(seconds(10));
    }
    if (HasFailure() && !root_.empty())
      std::cerr << shell("tail -60 " + (root_ / "log").string()).text;
    std::error_code ignored;
    if (!root_.empty()) fs::remove_all(root_, ignored);
  }

  void put(const std::string& path, const std::string& text) const {
    std::ofstream(root_ / (path + ".new"), std::ios::binary) << text;
    if (::geteuid() == 0)
      ASSERT_EQ(::chown((root_ / (path + ".new")).c_str(), kNobody, kNobody), 0);
    fs::rename(root_ / (path + ".new"), root_ / path);
  }
  void set_password(const std::string& password) {
    password_ = password;
    put("credentials/password", password);
    put("credentials/verifier", scram_verifier(password, "0123456789abcdef"));
  }
  void set_parameters(std::map<std::string, std::string> parameters) {
    settings_text_ = to_json(Settings{"shop", "seller", std::move(parameters)});
    put("settings/settings.json", settings_text_);
  }

  void start() {
    std::vector<std::string> arguments;
    if (::geteuid() == 0)
      arguments = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    arguments.push_back((root_ / "instance-manager").string());
    arguments.emplace_back("run");
    const auto path = [&](const char* directory) { return (root_ / directory).string(); };
    std::vector<std::string> variables = {"PATH=" + std::string(std::getenv("PATH")),
                                          "POD_NAMESPACE=default",
                                          "POD_NAME=shop-0",
                                          "POD_UID=pod-uid",
                                          "DATABASE_NAME=shop",
                                          "DATABASE_UID=uid-1",
                                          "KUBERNETES_SERVICE_HOST=127.0.0.1",
                                          "KUBERNETES_SERVICE_PORT=" + std::to_string(api_.port()),
                                          "WINDLASS_SERVICE_ACCOUNT=" + path("account"),
                                          "WINDLASS_VOLUME=" + path("volume"),
                                          "WINDLASS_RUN=" + path("run"),
                                          "WINDLASS_SETTINGS=" + path("settings"),
                                          "WINDLASS_CREDENTIALS=" + path("credentials"),
                                          "WINDLASS_TLS=" + path("tls"),
                                          "WINDLASS_POD_ADDRESS=127.0.0.1",
                                          "WINDLASS_POSTGRES_PORT=" + std::to_string(port_),
                                          "WINDLASS_PROBE_PORT=" + std::to_string(probe_port_)};
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (auto& variable : variables) envp.push_back(variable.data());
    envp.push_back(nullptr);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 1, path("log").c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::posix_spawn_file_actions_adddup2(&files, 1, 2);
    ASSERT_EQ(::posix_spawn(&child_, argv[0], &files, nullptr, argv.data(), envp.data()), 0);
    ::posix_spawn_file_actions_destroy(&files);
  }
  int wait_for_exit(seconds limit = seconds(60)) {
    int status = 0;
    const bool ended =
        eventually([&] { return ::waitpid(child_, &status, WNOHANG) == child_; }, limit);
    if (!ended) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, &status, 0);
    }
    child_ = -1;
    return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int stop() {
    ::kill(child_, SIGTERM);
    return wait_for_exit();
  }

  [[nodiscard]] Report report() const {
    const std::lock_guard lock(api_.mutex);
    return api_.report;
  }
  [[nodiscard]] int probe(const std::string& path) const {
    const auto environment = plain_environment();
    return environment->run([&] { return probe_task(environment.get(), probe_port_, path); });
  }
  static Task<int> probe_task(SystemEnvironment* environment, int port, std::string path) {
    http::ClientOptions options{.server = {"127.0.0.1", static_cast<std::uint16_t>(port)}};
    http::Client client(*environment, environment->io(), options);
    http::Request request;
    request.target = path;
    try {
      auto sending = client.send(std::move(request));
      const auto response = co_await std::move(sending);
      co_return response.status;
    } catch (const windlass::Exception&) {
      co_return 0;
    }
  }
  bool wait_ready() {
    return eventually([&] { return probe("/readyz") == 200; });
  }
  bool wait_report(const std::function<bool(const Report&)>& condition) {
    return eventually([&] { return condition(report()); });
  }

  /// As a client far away would.
  Output sql(const std::string& statement,
             const std::string& options = "sslmode=verify-full") const {
    return shell("PGPASSWORD='" + password_ +
                 "' psql -XAtq 'host=127.0.0.1 port=" + std::to_string(port_) +
                 " user=seller dbname=shop sslrootcert=" + (root_ / "tls/tls.crt").string() +
                 " connect_timeout=5 " + options + "' -c \"" + statement + "\"");
  }
  [[nodiscard]] std::string server_pid() const {
    std::ifstream in(root_ / "volume/pgdata/postmaster.pid");
    std::string pid;
    std::getline(in, pid);
    return pid;
  }

  ApiServer api_;
  fs::path root_;
  http::KeyPair keys_;
  std::string password_;
  std::string settings_text_;
  int port_ = 0;
  int probe_port_ = 0;
  pid_t child_ = -1;
};

TEST_F(Life, from_initdb_to_rows_that_outlive_the_pod) {
  {
    const std::lock_guard lock(api_.mutex);
    api_.record_by_itself = false;
  }
  start();
  ASSERT_TRUE(wait_report([](const Report& r) { return !r.system_identifier.empty(); }));
  const auto identifier = report().system_identifier;
  EXPECT_EQ(report().state, InstanceState::waiting);
  EXPECT_FALSE(accepts_connections(port_)) << "no client before the identity is recorded";
  EXPECT_EQ(probe("/startupz"), 200);
  EXPECT_EQ(probe("/readyz"), 503);
  {
    const std::lock_guard lock(api_.mutex);
    api_.recorded = identifier;
  }
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(probe("/livez"), 200);
  EXPECT_EQ(sql("create table t(i int); insert into t values (42)").code, 0);
  EXPECT_EQ(sql("select i from t").text, "42\n");
  EXPECT_EQ(
      sql("select datcollate||pg_encoding_to_char(encoding) from pg_database where datname='shop'")
          .text,
      "C.UTF-8UTF8\n");
  EXPECT_EQ(sql("show data_checksums").text, "on\n");
  EXPECT_NE(sql("select 1", "sslmode=disable").code, 0) << "TLS only";
  EXPECT_THAT(sql("select 1", "user=postgres sslmode=require").text, HasSubstr("reject"));
  EXPECT_EQ(stop(), 0);

  start();
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(sql("select i from t").text, "42\n");
  EXPECT_EQ(report().system_identifier, identifier);
  std::ifstream log(root_ / "log");
  const std::string text((std::istreambuf_iterator<char>(log)), {});
  EXPECT_THAT(text, Not(HasSubstr("was not properly shut down"))) << "the stop was clean";
  EXPECT_THAT(text, Not(HasSubstr("SCRAM-SHA-256$"))) << "the verifier is not logged";
}

TEST_F(Life, starts_nothing_on_a_volume_that_is_empty_foreign_or_of_another_version) {
  {
    const std::lock_guard lock(api_.mutex);
    api_.recorded = "745";
  }
  start();
  ASSERT_TRUE(wait_report([](const Report& r) { return r.reason == kDataMissing; }));
  EXPECT_FALSE(fs::exists(root_ / "volume/pgdata"));
  EXPECT_EQ(stop(), 0);

  {
    const std::lock_guard lock(api_.mutex);
    api_.recorded.clear();
  }
  start();
  ASSERT_TRUE(wait_ready());
  ASSERT_EQ(stop(), 0);
  std::string identifier;
  {
    const std::lock_guard lock(api_.mutex);
    identifier = api_.recorded;
    api_.recorded = "745";
  }
  start();
  ASSERT_TRUE(wait_report([](const Report& r) { return r.reason == kForeignData; }));
  EXPECT_FALSE(accepts_connections(port_));
  EXPECT_EQ(stop(), 0);

  {
    const std::lock_guard lock(api_.mutex);
    api_.recorded = identifier;
  }
  put("volume/pgdata/PG_VERSION", "14\n");
  start();
  ASSERT_TRUE(wait_report([](const Report& r) { return r.reason == kWrongMajorVersion; }));
  EXPECT_FALSE(accepts_connections(port_));
  EXPECT_EQ(stop(), 0);
}

TEST_F(Life, finishes_what_an_interrupted_initdb_began) {
  fs::create_directories(root_ / "volume/pgdata.initdb/base");
  put("volume/pgdata.initdb/PG_VERSION", "15\n");
  if (::geteuid() == 0)
    ASSERT_EQ(shell("chown -R 65534:65534 " + (root_ / "volume").string()).code, 0);
  start();
  ASSERT_TRUE(wait_ready());
  EXPECT_FALSE(fs::exists(root_ / "volume/pgdata.initdb"));
  EXPECT_EQ(sql("select 1").text, "1\n");
}

TEST_F(Life, adopts_the_volume_of_a_deleted_database_with_a_new_password) {
  start();
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(sql("create table t(i int); insert into t values (7)").code, 0);
  ASSERT_EQ(stop(), 0);
  {
    const std::lock_guard lock(api_.mutex);
    api_.recorded.clear();
  }
  const auto old = password_;
  set_password("second-password");
  start();
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(sql("select i from t").text, "7\n");
  password_ = old;
  EXPECT_THAT(sql("select 1").text, HasSubstr("password authentication failed"));
}

TEST_F(Life, follows_changes_of_password_and_parameters) {
  start();
  ASSERT_TRUE(wait_ready());
  const auto pid = server_pid();

  const auto before = report().verifier_hash;
  set_password("another-password");
  ASSERT_TRUE(wait_report([&](const Report& r) { return r.verifier_hash != before; }));
  EXPECT_EQ(sql("select 1").text, "1\n");

  set_parameters({{"shared_buffers", "16MB"}, {"work_mem", "7MB"}});
  ASSERT_TRUE(
      wait_report([&](const Report& r) { return r.settings_hash == hash_of(settings_text_); }));
  ASSERT_TRUE(eventually([&] { return sql("show work_mem").text == "7MB\n"; }));
  EXPECT_EQ(server_pid(), pid) << "a reload is enough";

  set_parameters({{"shared_buffers", "16MB"}, {"work_mem", "a lot"}});
  ASSERT_TRUE(wait_report([](const Report& r) { return r.reason == kInvalidParameters; }));
  EXPECT_THAT(report().message, HasSubstr("work_mem"));
  EXPECT_EQ(sql("show work_mem").text, "7MB\n");

  set_parameters({{"shared_buffers", "16MB"}, {"max_connections", "33"}});
  ASSERT_TRUE(wait_report([](const Report& r) {
    return r.state == InstanceState::running &&
           r.restarted_for == std::vector<std::string>{"max_connections"};
  }));
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(sql("show max_connections").text, "33\n");
  EXPECT_EQ(report().reason, "");
  EXPECT_NE(server_pid(), pid);

  // each value is good by itself, but the server does not start with both
  set_parameters({{"max_connections", "20"}, {"superuser_reserved_connections", "50"}});
  ASSERT_TRUE(wait_report([](const Report& r) { return r.reason == kInvalidParameters; }));
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(sql("show max_connections").text, "33\n") << "the previous parameters stay";
}

TEST_F(Life, takes_a_changed_password_from_the_secret_and_logs_nothing_of_it) {
  // as talkative as a server can be made, and as obstructive
  set_parameters({{"shared_buffers", "16MB"},
                  {"log_statement", "all"},
                  {"log_min_duration_statement", "0"},
                  {"log_duration", "on"},
                  {"debug_print_parse", "on"},
                  {"debug_print_rewritten", "on"},
                  {"debug_print_plan", "on"},
                  {"log_min_error_statement", "debug5"},
                  {"default_transaction_read_only", "on"},
                  {"statement_timeout", "1"}});
  start();
  ASSERT_TRUE(wait_ready());
  const auto before = hash_of(scram_verifier("first-password", "0123456789abcdef"));
  ASSERT_TRUE(wait_report([&](const Report& r) { return r.verifier_hash == before; }));
  password_ = "chosen-by-hand";
  put("credentials/password", password_);
  ASSERT_TRUE(wait_report([&](const Report& r) { return r.verifier_hash != before; }));
  const auto verifier = scram_verifier(password_, "0123456789abcdef");
  EXPECT_EQ(report().verifier_hash, hash_of(verifier)) << "what the operator computes, too";
  EXPECT_EQ(sql("set statement_timeout = 0; select 1").text, "1\n");
  put("credentials/verifier", verifier);
  ASSERT_EQ(stop(), 0);
  std::ifstream log(root_ / "log");
  const std::string text((std::istreambuf_iterator<char>(log)), {});
  EXPECT_THAT(text, HasSubstr("select 1")) << "it is talkative to others";
  for (const auto* secret : {"SCRAM-SHA-256$", "first-password", "chosen-by-hand", "ALTER ROLE"})
    EXPECT_THAT(text, Not(HasSubstr(secret)));
}

TEST_F(Life, starts_a_killed_server_again) {
  start();
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(sql("create table t(i int); insert into t values (7)").code, 0);
  const auto pid = server_pid();
  ASSERT_EQ(::kill(std::atoi(pid.c_str()), SIGKILL), 0);
  ASSERT_TRUE(wait_report([](const Report& r) { return r.reason == kOutOfMemory; }));
  ASSERT_TRUE(wait_report([](const Report& r) { return r.state == InstanceState::running; }));
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(sql("select i from t").text, "7\n");
  EXPECT_NE(server_pid(), pid);
}

TEST_F(Life, waits_for_the_api_server_and_leaves_no_server_behind_when_it_is_killed) {
  {
    const std::lock_guard lock(api_.mutex);
    api_.broken = true;
  }
  start();
  ASSERT_TRUE(eventually([&] { return probe("/startupz") == 200; }));
  EXPECT_FALSE(fs::exists(root_ / "volume/pgdata"));
  {
    const std::lock_guard lock(api_.mutex);
    api_.broken = false;
  }
  ASSERT_TRUE(wait_ready());
  ::kill(child_, SIGKILL);
  wait_for_exit();
  EXPECT_TRUE(eventually([&] { return !accepts_connections(port_); }))
      << "the server ends with its manager";
  start();
  ASSERT_TRUE(wait_ready());
}

TEST_F(Life, tells_of_a_full_disk_and_goes_on_when_there_is_room) {
  const auto volume = (root_ / "volume").string();
  const auto mounted =
      shell("mount -t tmpfs -o size=20m,uid=65534,gid=65534,mode=700 none " + volume);
  if (mounted.code != 0) GTEST_SKIP() << "cannot mount a small volume here: " << mounted.text;
  start();
  EXPECT_TRUE(wait_report([](const Report& r) { return r.reason == kDiskFull; }));
  EXPECT_THAT(report().message, HasSubstr("spec.storage.size"));
  EXPECT_EQ(shell("mount -o remount,size=300m " + volume).code, 0);
  EXPECT_TRUE(wait_ready());
  EXPECT_EQ(sql("select 1").text, "1\n");
  EXPECT_EQ(report().reason, "");
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(shell("umount " + volume).code, 0);
}

/// A pod's view of an image that knows no user 999, with or without the pod's own files.
Output initdb_in_a_foreign_image(const fs::path& root, bool with_names) {
  std::string command =
      "bwrap --unshare-user --uid 999 --gid 999 --ro-bind /usr /usr --symlink usr/lib /lib "
      "--symlink usr/lib64 /lib64 --symlink usr/bin /bin --proc /proc --dev /dev --tmpfs /tmp "
      "--clearenv --bind " +
      root.string() + " /volume ";
  if (with_names) {
    const auto config = desired_config({});
    for (const char* file : {"passwd", "group"}) {
      std::ofstream(root / file) << config.data.find(file)->second;
      command += "--ro-bind " + (root / file).string() + " /etc/" + file + " ";
    }
  }
  for (const auto& directory : program_directories(std::getenv("PATH"))) {
    if (!fs::exists(directory / "initdb")) continue;
    command += (directory / "initdb").string();
    for (const auto& argument : initdb_arguments({.volume = "/volume"})) command += " " + argument;
    return shell(command);
  }
  return {};
}

TEST_F(Life, initdb_runs_in_an_image_that_does_not_know_the_server_s_user) {
  const auto with_names = initdb_in_a_foreign_image(root_, true);
  if (with_names.text.find("bwrap:") != std::string::npos)
    GTEST_SKIP() << "no sandbox here: " << with_names.text;
  EXPECT_EQ(with_names.code, 0) << with_names.text;
  fs::remove_all(unfinished_directory(root_));
  const auto without = initdb_in_a_foreign_image(root_, false);
  EXPECT_NE(without.code, 0);
  EXPECT_THAT(without.text, HasSubstr("could not look up effective user ID 999"));
}

TEST(Program, is_static_and_needs_nothing_in_its_root) {
#ifndef INSTANCE_MANAGER_STATIC
  GTEST_SKIP() << "a build with sanitizers is linked dynamically";
#else
  const auto kind = shell("file " INSTANCE_MANAGER);
  if (kind.code == 0) EXPECT_THAT(kind.text, HasSubstr("statically linked"));
  EXPECT_THAT(shell("ldd " INSTANCE_MANAGER).text, HasSubstr("not a dynamic executable"));
  const std::string root = "bwrap --unshare-all --clearenv --ro-bind " INSTANCE_MANAGER
                           " /instance-manager /instance-manager ";
  const auto version = shell(root + "--version");
  if (version.text.find("bwrap:") != std::string::npos)
    GTEST_SKIP() << "no sandbox here: " << version.text;
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.text, HasSubstr("instance-manager "));
  const auto run = shell(root + "run");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.text, HasSubstr("DATABASE_NAME"));
  EXPECT_THAT(shell(root + "dance").text, HasSubstr("usage:"));
#endif
}

}  // namespace
}  // namespace postgres
