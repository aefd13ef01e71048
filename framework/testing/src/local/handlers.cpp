#include "handlers.hpp"

#include <windlass/http/client.hpp>

#include "sandbox.hpp"

namespace windlass::inline v0::testing {

namespace core = api::core::v1;

namespace {

constexpr std::size_t kShownOutput = 256;

/// The port's number; Exception(invalid_argument) for a name that the container does not have.
std::uint16_t port_number(const core::Container& container, const meta::IntOrString& port) {
  if (port.is_int()) return static_cast<std::uint16_t>(port.as_int());
  for (const auto& named : container.ports) {
    if (named.name == port.as_string()) return static_cast<std::uint16_t>(named.container_port);
  }
  throw Exception(Errc::invalid_argument,
                  "the container has no port named \"" + std::string(port.as_string()) + "\"");
}

Task<void> run_command(HandlerTarget target, std::vector<std::string> command, Duration limit) {
  auto running = exec_in(target.node, target.process, std::move(command), limit);
  const auto outcome = co_await std::move(running);
  if (outcome.exit_code == 0) co_return;
  auto said = outcome.output.substr(0, kShownOutput);
  while (said.ends_with('\n')) said.pop_back();
  throw Exception(Errc::internal, "exit code " + std::to_string(outcome.exit_code) +
                                      (said.empty() ? "" : ": " + said));
}

/// The status of the answer, and the URL that gave it.
Task<std::pair<int, std::string>> http_get(HandlerTarget target, const core::HTTPGetAction* get,
                                           Duration limit) {
  http::ClientOptions options;
  options.server = {get->host.empty() ? target.address : get->host,
                    port_number(*target.spec, get->port)};
  const bool https = get->scheme == "HTTPS";
  if (https) {
    options.tls = http::TlsClientOptions{};
    options.tls->verify = false;
  }
  http::Client client(target.node.environment, target.node.client.executor(), options);
  http::Request request;
  request.target = get->path.empty() ? "/" : get->path;
  if (!request.target.starts_with('/')) request.target.insert(0, "/");
  request.headers.set("Host", to_string(options.server));
  request.headers.set("User-Agent", "kube-probe/local");
  for (const auto& header : get->http_headers) request.headers.set(header.name, header.value);
  const auto url = (https ? "https://" : "http://") + to_string(options.server) + request.target;
  http::SendOptions send_options;
  send_options.timeout = limit;
  const auto response = co_await client.send(request, send_options);
  co_return std::pair(response.status, url);
}

Task<void> connect(HandlerTarget target, const core::TCPSocketAction* tcp, Duration limit) {
  const Endpoint to{tcp->host.empty() ? target.address : tcp->host,
                    port_number(*target.spec, tcp->port)};
  auto dialing = target.node.environment.network(target.node.client.executor()).dial(to);
  auto limited = with_timeout(target.node.environment.clock(), limit,
                              "connecting to " + to_string(to), std::move(dialing));
  const auto stream = co_await std::move(limited);
  stream->close();
}

/// A kubelet expands the variables of exec probes that the container's definition gives a value.
std::vector<std::string> expand_command(const core::Container& container,
                                        const std::vector<std::string>& command) {
  std::map<std::string, std::string> variables;
  for (const auto& variable : container.env) {
    if (!variable.value_from) variables[variable.name] = variable.value;
  }
  std::vector<std::string> expanded;
  for (const auto& word : command) expanded.push_back(expand_variables(word, variables));
  return expanded;
}

}  // namespace

Task<void> run_probe(HandlerTarget target, const core::Probe* probe) {
  const auto limit = std::chrono::seconds(probe->timeout_seconds.value_or(1));
  if (probe->exec) {
    auto running = run_command(target, expand_command(*target.spec, probe->exec->command), limit);
    co_await std::move(running);
  } else if (probe->http_get) {
    auto getting = http_get(target, probe->http_get.get(), limit);
    const auto [status, url] = co_await std::move(getting);
    if (status < 200 || status >= 400)
      throw Exception(Errc::internal, url + " answered " + std::to_string(status));
  } else if (probe->tcp_socket) {
    auto connecting = connect(target, probe->tcp_socket.get(), limit);
    co_await std::move(connecting);
  } else {
    throw Exception(Errc::invalid_argument,
                    "the probe has no handler that the local cluster knows");
  }
}

Task<void> run_hook(HandlerTarget target, const core::LifecycleHandler* hook) {
  if (hook->exec) {
    auto running = run_command(target, hook->exec->command, Duration::zero());
    co_await std::move(running);
  } else if (hook->http_get) {
    auto getting = http_get(target, hook->http_get.get(), Duration::zero());
    co_await std::move(getting);
  } else if (hook->sleep) {
    co_await sleep_for(target.node.environment.clock(), std::chrono::seconds(hook->sleep->seconds));
  } else {
    throw Exception(Errc::invalid_argument, "a hook needs exec, httpGet or sleep");
  }
}

std::string unsupported_handlers(const core::Container& container) {
  for (const auto& [field, probe] : {std::pair("startupProbe", &container.startup_probe),
                                     std::pair("readinessProbe", &container.readiness_probe),
                                     std::pair("livenessProbe", &container.liveness_probe)}) {
    if (!*probe || !(*probe)->grpc) continue;
    return std::string(field) + " of container \"" + container.name +
           "\": the local cluster has no gRPC probes; use exec, httpGet or tcpSocket in its place";
  }
  return {};
}

}  // namespace windlass::inline v0::testing
