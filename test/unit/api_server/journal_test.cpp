// The journal: a core that starts where another ended, files that a crash tore, and the server's.

#include "journal.hpp"

#include <filesystem>
#include <fstream>

#include <windlass/api_server/server.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/http/client.hpp>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

constexpr const char* kDefinition = R"({"apiVersion":"apiextensions.k8s.io/v1",
  "kind":"CustomResourceDefinition","metadata":{"name":"widgets.acme.example.com"},"spec":{
  "group":"acme.example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
  "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{
  "type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})";
constexpr const char* kWidgets = "/apis/acme.example.com/v1/namespaces/default/widgets";

class Journaled : public Api {
 protected:
  Journaled() {
    lines = lines_of(core.journal());
    core.on_change([this](std::string_view line) { lines.emplace_back(line); });
  }
  /// Everything that `other` holds, as text.
  static std::string all(const api_server::Core& other) { return other.journal(); }

  std::vector<std::string> lines;
};

TEST_F(Journaled, AnotherCoreGoesOnFromTheLines) {
  post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kDefinition);
  post(kWidgets, R"({"apiVersion":"acme.example.com/v1","kind":"Widget","metadata":{"name":"w"}})");
  post(kMaps, config_map("a"));
  post(kMaps, config_map("gone"));
  erase(std::string(kMaps) + "/gone");
  merge("/api/v1/namespaces/default", R"({"metadata":{"labels":{"mine":"yes"}}})");
  post("/api/v1/namespaces", R"({"metadata":{"name":"fresh"}})");
  const std::string fresh = "/api/v1/namespaces/fresh";
  post(fresh + "/configmaps", config_map("a"));
  api_server::Core again(environment, {.journal = lines});
  EXPECT_EQ(all(again), all(core));
  EXPECT_EQ(again.revision(), core.revision());
  api_server::Core from_snapshot(environment, {.journal = lines_of(core.journal())});
  EXPECT_EQ(all(from_snapshot), all(core));
  const auto ask = [&](std::string method, std::string target, std::string body = "") {
    http::Request request{.method = std::move(method),
                          .target = std::move(target),
                          .headers = {{"Content-Type", "application/json"}},
                          .body = std::move(body)};
    return again.handle(request, api_server::Identity::admin());
  };
  EXPECT_EQ(ask("GET", std::string(kWidgets) + "/w").response.status, 200);
  EXPECT_EQ(ask("GET", std::string(kMaps) + "/gone").response.status, 404);
  const auto created = json::parse(ask("POST", kMaps, config_map("b")).response.body).value();
  EXPECT_GT(
      std::stoull(std::string(created.at_path({"metadata", "resourceVersion"}).string_or(""))),
      core.revision());
  // history from before is gone
  const auto watch = ask("GET", std::string(kMaps) + "?watch=1&resourceVersion=2");
  EXPECT_NE(watch.stream->take().find("too old resource version"), std::string::npos);
  // owners are known again: a namespace takes its objects with it
  EXPECT_EQ(ask("DELETE", fresh).response.status, 200);
  EXPECT_EQ(ask("GET", fresh + "/configmaps/a").response.status, 404);
}

TEST_F(Journaled, VersionsNeverGoBack) {
  post(kMaps, config_map("a"));
  erase(std::string(kMaps) + "/a");
  const api_server::Core second(environment, {.journal = lines});
  EXPECT_EQ(second.revision(), core.revision());
  const api_server::Core third(environment, {.journal = lines_of(second.journal())});
  EXPECT_EQ(third.revision(), core.revision());
  // a removal of what nothing describes any more has had a version, too
  lines.emplace_back(
      R"({"version":5000,"in":"gone.example.com/things","namespace":"","name":"a"})");
  EXPECT_EQ(api_server::Core(environment, {.journal = lines}).revision(), 5000U);
}

TEST_F(Journaled, EveryPrefixIsAState) {
  post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kDefinition);
  post(kWidgets, R"({"apiVersion":"acme.example.com/v1","kind":"Widget","metadata":{"name":"w"}})");
  put(std::string(kMaps) + "/a", post(kMaps, config_map("a")).body);
  erase("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.acme.example.com");
  for (std::size_t count = 0; count <= lines.size(); ++count) {
    const std::vector<std::string> prefix(lines.begin(),
                                          lines.begin() + static_cast<std::ptrdiff_t>(count));
    EXPECT_NO_THROW(api_server::Core(environment, {.journal = prefix})) << count;
  }
}

TEST_F(Journaled, DryRunsLeaveNoLine) {
  const std::size_t before = lines.size();
  post(std::string(kMaps) + "?dryRun=All", config_map("a"));
  get(kMaps);
  EXPECT_EQ(lines.size(), before);
}

class JournalFile : public ::testing::Test {
 protected:
  JournalFile() : path_(std::filesystem::path(::testing::TempDir()) / "windlass-journal") {
    std::filesystem::remove(path_);
  }
  ~JournalFile() override { std::filesystem::remove(path_); }
  std::filesystem::path path_;
};

struct Visit {
  std::filesystem::path path;
  std::vector<http::Request> requests;
  std::vector<int> codes = {};
  std::vector<std::string> record = {};
};

Task<int> visit(SystemEnvironment* environment, Visit* story) {
  api_server::ServerOptions options{.tls = false};
  options.journal = story->path;
  options.record = [story](const std::string& line) { story->record.push_back(line); };
  api_server::Server server(*environment, environment->io(), std::move(options));
  TaskGroup group(environment->io());
  Task<void> serving = server.run();
  group.spawn("server", std::move(serving));
  http::Client client(*environment, environment->io(), {.server = server.local_endpoint()});
  for (const http::Request& request : story->requests) {
    Task<http::Response> asking = client.send(request);
    const http::Response answer = co_await std::move(asking);
    story->codes.push_back(answer.status);
  }
  client.drop_connections();
  Task<void> stopping = server.stop(std::chrono::seconds(1));
  co_await std::move(stopping);
  co_await group.join();
  co_return 0;
}

void play(Visit& story) {
  auto environment = SystemEnvironment::make(
      {.worker_threads = 1, .lease_thread = false, .handle_signals = false});
  SystemEnvironment* reference = environment.get();
  Visit* pointer = &story;
  EXPECT_EQ(environment->run([reference, pointer] { return visit(reference, pointer); }), 0);
}

http::Request request(std::string method, std::string target, std::string body = "") {
  return {.method = std::move(method),
          .target = std::move(target),
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

TEST_F(JournalFile, AServerFindsWhatAnotherLeft) {
  Visit first{path_,
              {request("POST", kMaps, config_map("a")), request("POST", kMaps, config_map("b")),
               request("DELETE", std::string(kMaps) + "/b")}};
  play(first);
  EXPECT_EQ(first.codes, (std::vector<int>{201, 201, 200}));
  {
    std::ofstream torn(path_, std::ios::app);
    torn << R"({"version":99999,"in":"/configm)";  // a crash in the middle of a line
  }
  Visit second{
      path_,
      {request("GET", std::string(kMaps) + "/a"), request("GET", std::string(kMaps) + "/b"),
       request("POST", kMaps, config_map("c"))}};
  play(second);
  EXPECT_EQ(second.codes, (std::vector<int>{200, 404, 201}));
  Visit third{path_, {request("GET", std::string(kMaps) + "/c")}};
  play(third);
  EXPECT_EQ(third.codes, (std::vector<int>{200}));
}

/// Writes when it is told to, and gives up when its caller does.
class SlowDisk final : public Environment {
 public:
  explicit SlowDisk(Environment& rest) : go(rest.io()), rest_(rest) {}

  Task<void> blocking(std::string, std::function<void()> work) override {
    co_await go.wait();
    work();
  }
  Executor io() override { return rest_.io(); }
  Executor workers() override { return rest_.workers(); }
  Executor lease() override { return rest_.lease(); }
  Clock& clock() override { return rest_.clock(); }
  Random& random() override { return rest_.random(); }
  Network& network(const Executor& executor) override { return rest_.network(executor); }
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const override {
    return rest_.variable(name);
  }
  [[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path) const override {
    return rest_.read_file(path);
  }
  std::string secret_bytes(std::size_t count) override { return rest_.secret_bytes(count); }
  [[nodiscard]] std::string host_name() const override { return rest_.host_name(); }
  Task<int> next_signal() override { return rest_.next_signal(); }
  void terminate(int code) override { rest_.terminate(code); }
  std::unique_ptr<Watchdog> make_watchdog(std::string last_words) override {
    return rest_.make_watchdog(std::move(last_words));
  }
  [[nodiscard]] Logger log() const override { return rest_.log(); }

  Event go;

 private:
  Environment& rest_;
};

Task<int> a_client_leaves(SystemEnvironment* environment, std::filesystem::path path) {
  SlowDisk disk(*environment);
  api_server::Journal journal(disk, environment->io(), path);
  TaskGroup clients(environment->io());
  journal.append("1");
  Task<void> committing = journal.commit();
  clients.spawn("client", std::move(committing));
  Task<void> leaving = clients.stop();
  co_await std::move(leaving);
  disk.go.set();
  journal.append("2");
  Task<void> next = journal.commit();
  co_await std::move(next);
  EXPECT_EQ(api_server::Journal::read(path).value(), (std::vector<std::string>{"1", "2"}));
  journal.append("3");
  Task<void> closing = journal.close();
  co_await std::move(closing);
  EXPECT_EQ(api_server::Journal::read(path).value().size(), 3U);
  co_return 0;
}

TEST_F(JournalFile, AClientThatLeavesDoesNotTakeTheWriteWithIt) {
  auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  SystemEnvironment* reference = environment.get();
  const std::filesystem::path path = path_;
  EXPECT_EQ(environment->run([reference, path] { return a_client_leaves(reference, path); }), 0);
}

TEST_F(JournalFile, ADamagedMiddleIsRefused) {
  {
    std::ofstream file(path_);
    file << "{\"version\":\n{\"version\":2,\"in\":\"/"
            "configmaps\",\"namespace\":\"a\",\"name\":\"b\"}\n";
  }
  auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  try {
    api_server::ServerOptions options{.tls = false};
    options.journal = path_;
    const api_server::Server server(*environment, environment->io(), std::move(options));
    FAIL() << "it started";
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), Errc::parse);
    EXPECT_NE(std::string(error.what()).find("line 1 is damaged"), std::string::npos)
        << error.what();
  }
}

TEST_F(JournalFile, RequestsAreRecordedWithoutBodies) {
  Visit story{{},
              {request("POST", "/api/v1/namespaces/default/secrets",
                       R"({"metadata":{"name":"s"},"stringData":{"k":"hush"}})"),
               request("GET", "/api/v1/namespaces/default/secrets?labelSelector=a%3Db"),
               request("GET", std::string(kMaps) + "/none"), request("GET", "/version")}};
  play(story);
  ASSERT_EQ(story.record.size(), 4U);
  std::vector<std::string> brief;
  for (const std::string& line : story.record) {
    EXPECT_EQ(line.find("hush"), std::string::npos);
    const json::Value entry = read(line);
    EXPECT_GE(entry["milliseconds"].as_number(), 0);
    EXPECT_EQ(entry["time"].as_string().size(), 27U);
    brief.push_back(std::string(entry["user"].string_or("")) + " " +
                    std::string(entry["verb"].string_or("")) + " " +
                    std::string(entry["path"].string_or("")) + " " +
                    std::string(entry["query"].string_or("-")) + " " + json::dump(entry["code"]));
  }
  EXPECT_EQ(brief,
            (std::vector<std::string>{
                "kubernetes-admin create /api/v1/namespaces/default/secrets - 201",
                "kubernetes-admin list /api/v1/namespaces/default/secrets labelSelector=a%3Db 200",
                "kubernetes-admin get /api/v1/namespaces/default/configmaps/none - 404",
                "kubernetes-admin get /version - 200"}));
}

}  // namespace
}  // namespace windlass::testing_api
