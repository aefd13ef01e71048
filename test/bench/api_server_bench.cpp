// How fast the in-memory API server answers and how much memory an object takes in it. Rates are
// per second of the server's own processor time, so a busy machine does not change them.
//   bench_api_server            everything
//   bench_api_server NAME       only what has NAME in its name

#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <windlass/api_server/core.hpp>
#include <windlass/api_server/server.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/base/task.hpp>
#include <windlass/http/client.hpp>
#include <windlass/json/value.hpp>

namespace {

using namespace windlass;

constexpr const char* kPods = "/api/v1/namespaces/default/pods";
constexpr const char* kMaps = "/api/v1/namespaces/default/configmaps";

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::size_t live_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

std::string pod(const std::string& name) {
  static const json::Value sample = [] {
    std::ifstream file(BENCH_POD);
    auto value = json::parse(std::string(std::istreambuf_iterator<char>(file), {})).value();
    auto& metadata = value["metadata"].as_object();
    for (const char* field : {"uid", "resourceVersion", "creationTimestamp", "managedFields",
                              "ownerReferences", "generateName"}) {
      metadata.erase(field);
    }
    metadata.set("namespace", "default");
    return value;
  }();
  json::Value made = sample;
  made["metadata"]["name"] = name;
  return json::dump(made);
}

/// About 1 kB.
std::string config_map(const std::string& name, int round) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
         R"(","labels":{"app":"bench"}},"data":{"round":")" + std::to_string(round) +
         R"(","text":")" + std::string(800, 'x') + R"("}})";
}

void report(const char* what, double count, double seconds, const char* unit = "/s") {
  std::printf("%-52s %12.0f %s\n", what, count / seconds, unit);
  std::fflush(stdout);
}

class Direct {
 public:
  explicit Direct(Environment& environment) : core_(environment) {}

  api_server::Reply call(const char* method, std::string target, std::string body = {}) {
    http::Request request{
        .method = method, .target = std::move(target), .headers = {}, .body = std::move(body)};
    request.headers.set("Content-Type", "application/json");
    request.headers.set("User-Agent", "bench/1.0");
    auto reply = core_.handle(request, admin_);
    if (reply.response.status >= 300) {
      throw Exception(Errc::internal, request.target + ": " + reply.response.body);
    }
    return reply;
  }

 private:
  api_server::Core core_;
  api_server::Identity admin_ = api_server::Identity::admin();
};

void measure(const char* what, int count, const std::function<void(int)>& step) {
  const double before = cpu_seconds();
  for (int i = 0; i < count; ++i) step(i);
  report(what, count, cpu_seconds() - before);
}

void in_process(Environment& environment) {
  const double before = cpu_seconds();
  Direct first(environment);
  std::printf("%-52s %12.2f ms\n", "start of a first core", (cpu_seconds() - before) * 1e3);
  const double again = cpu_seconds();
  Direct api(environment);
  std::printf("%-52s %12.2f ms\n", "start of a further core", (cpu_seconds() - again) * 1e3);

  const std::string maps = kMaps;
  measure("in process: create a ConfigMap of 1 kB", 20'000, [&](int i) {
    const auto name = "map-" + std::to_string(i);
    api.call("POST", maps, config_map(name, 0));
  });
  measure("in process: update it", 20'000, [&](int i) {
    const auto name = "map-" + std::to_string(i);
    api.call("PUT", maps + "/" + name, config_map(name, 1));
  });
  measure("in process: get it", 100'000,
          [&](int i) { api.call("GET", maps + "/map-" + std::to_string(i % 20'000)); });
  measure("in process: delete it", 20'000,
          [&](int i) { api.call("DELETE", maps + "/map-" + std::to_string(i)); });
  measure("in process: create a Pod of 8 kB", 3'000,
          [&](int i) { api.call("POST", kPods, pod("pod-" + std::to_string(i))); });
  measure("in process: get it", 30'000, [&](int i) {
    api.call("GET", std::string(kPods) + "/pod-" + std::to_string(i % 3'000));
  });
}

void memory(Environment& environment) {
  Direct api(environment);
  constexpr int kCount = 100'000;
  const std::size_t empty = live_bytes();
  std::size_t size = 0;
  for (int i = 0; i < kCount; ++i) {
    size += api.call("POST", kMaps, config_map("map-" + std::to_string(i), 0)).response.body.size();
  }
  const double used = static_cast<double>(live_bytes() - empty);
  std::printf("%-52s %12.2f x its JSON\n", "memory of a stored ConfigMap of 1 kB",
              used / static_cast<double>(size));
  const double before = cpu_seconds();
  const auto all = api.call("GET", kMaps);
  std::printf("%-52s %12.0f ms\n", "list of 100,000 of them", (cpu_seconds() - before) * 1e3);
  const double labelled = cpu_seconds();
  const auto none = api.call("GET", std::string(kMaps) + "?labelSelector=app%3Dother");
  std::printf("%-52s %12.0f ms\n", "list of none of them by a label",
              (cpu_seconds() - labelled) * 1e3);

  const std::size_t before_pods = live_bytes();
  std::size_t pods = 0;
  for (int i = 0; i < 10'000; ++i) {
    pods += api.call("POST", kPods, pod("pod-" + std::to_string(i))).response.body.size();
  }
  std::printf("%-52s %12.2f x its JSON\n", "memory of a stored Pod of 8 kB",
              static_cast<double>(live_bytes() - before_pods) / static_cast<double>(pods));
}

void watches(Environment& environment) {
  Direct api(environment);
  constexpr int kWatchers = 1'000, kEvents = 1'000;
  std::vector<std::shared_ptr<api_server::EventStream>> streams;
  for (int i = 0; i < kWatchers; ++i) {
    streams.push_back(api.call("GET", std::string(kMaps) + "?watch=1&resourceVersion=0").stream);
  }
  std::size_t bytes = 0;
  const double before = cpu_seconds();
  for (int i = 0; i < kEvents; ++i) {
    api.call("POST", kMaps, config_map("map-" + std::to_string(i), 0));
    for (const auto& stream : streams) bytes += stream->take().size();
  }
  const double took = cpu_seconds() - before;
  report("in process: events to 1,000 watchers, delivered", kWatchers * kEvents, took);
  std::printf("%-52s %12.2f of a core (%zu MB)\n", "  so 1,000 watchers of 1,000 events/s take",
              took, bytes >> 20);
}

/// `connections` tasks that send requests one after the other.
Task<void> caller(http::Client& client, const std::function<http::Request(int)>& make, int& next,
                  int count) {
  while (next < count) {
    auto request = make(next++);
    auto sending = client.send(std::move(request));
    const auto answer = co_await std::move(sending);
    if (answer.status >= 300) throw Exception(Errc::internal, answer.body);
  }
}

Task<int> send_all(Environment& environment, Endpoint server, std::string ca, std::string token,
                   std::function<http::Request(int)> make, int count) {
  http::ClientOptions options{.server = server, .max_idle_connections = 32};
  if (!ca.empty()) options.tls = http::TlsClientOptions{.ca_pem = ca};
  http::Client client(environment, environment.io(), options);
  int next = 0;
  auto authorized = [make, token](int i) {
    auto request = make(i);
    request.headers.set("Authorization", "Bearer " + token);
    request.headers.set("Content-Type", "application/json");
    request.headers.set("User-Agent", "bench/1.0");
    return request;
  };
  const std::function<http::Request(int)> maker = authorized;
  TaskGroup group(environment.io());
  for (int i = 0; i < 16; ++i) group.spawn("caller", caller(client, maker, next, count));
  co_await group.join();
  co_return 0;
}

struct Load {
  const char* what;
  int count;
  std::function<http::Request(int)> make;
};

std::vector<Load> loads() {
  const std::string maps = kMaps;
  const auto request = [](const char* method, std::string target, std::string body = {}) {
    return http::Request{
        .method = method, .target = std::move(target), .headers = {}, .body = std::move(body)};
  };
  const auto name = [](int i) { return "map-" + std::to_string(i); };
  return {
      {"create a ConfigMap of 1 kB", 20'000,
       [=](int i) { return request("POST", maps, config_map(name(i), 0)); }},
      {"update it", 20'000,
       [=](int i) { return request("PUT", maps + "/" + name(i), config_map(name(i), 1)); }},
      {"get it", 60'000, [=](int i) { return request("GET", maps + "/" + name(i % 20'000)); }},
  };
}

/// The server in this process, the clients in a child: only the server's time counts.
void over_http(bool tls) {
  int to_client[2], to_server[2];
  if (pipe(to_client) != 0 || pipe2(to_server, O_NONBLOCK) != 0) throw std::runtime_error("pipe");
  const pid_t child = fork();
  if (child == 0) {
    std::string start;
    char buffer[4096];
    while (start.find('\0') == std::string::npos) {
      const auto got = read(to_client[0], buffer, sizeof buffer);
      if (got <= 0) std::_Exit(1);
      start.append(buffer, static_cast<std::size_t>(got));
    }
    const auto given = json::parse(start.substr(0, start.find('\0'))).value();
    const Endpoint server{"127.0.0.1", static_cast<std::uint16_t>(given["port"].as_integer())};
    for (const auto& load : loads()) {
      if (read(to_client[0], buffer, 1) != 1) std::_Exit(1);
      auto environment = SystemEnvironment::make({.worker_threads = 0, .lease_thread = false});
      environment->run([&] {
        return send_all(*environment, server, given["ca"].as_string(), given["token"].as_string(),
                        load.make, load.count);
      });
      if (write(to_server[1], "d", 1) != 1) std::_Exit(1);
    }
    std::_Exit(0);
  }
  auto environment = SystemEnvironment::make({.worker_threads = 0, .lease_thread = false});
  environment->run([&]() -> Task<int> {
    return [](Environment& env, int go, int done, bool secure) -> Task<int> {
      api_server::ServerOptions options;
      options.tls = secure;
      api_server::Server server(env, env.io(), options);
      const json::Value start =
          json::Object{{"port", server.local_endpoint().port},
                       {"ca", server.ca_pem()},
                       {"token", server.core().issue_token(api_server::Identity::admin())}};
      const std::string text = json::dump(start) + '\0';
      if (write(go, text.data(), text.size()) < 0) co_return 1;
      TaskGroup group(env.io());
      group.spawn("server", server.run());
      for (const auto& load : loads()) {
        const double before = cpu_seconds();
        if (write(go, "g", 1) != 1) co_return 1;
        for (char mark = 0; mark == 0;) {
          co_await sleep_for(env.clock(), std::chrono::milliseconds(20));
          if (read(done, &mark, 1) != 1) mark = 0;
        }
        const auto what = std::string(secure ? "HTTPS: " : "HTTP: ") + load.what;
        report(what.c_str(), load.count, cpu_seconds() - before);
      }
      co_await server.stop(std::chrono::milliseconds(100));
      co_await group.join();
      co_return 0;
    }(*environment, to_client[1], to_server[0], tls);
  });
  waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "";
  const auto wanted = [&](const char* name) {
    return only.empty() || std::string(name).find(only) != std::string::npos;
  };
  if (wanted("http")) over_http(false);
  if (wanted("https")) over_http(true);
  auto environment = SystemEnvironment::make({.worker_threads = 0, .lease_thread = false});
  if (wanted("process")) in_process(*environment);
  if (wanted("memory")) memory(*environment);
  if (wanted("watches")) watches(*environment);
}
