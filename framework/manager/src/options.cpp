#include <charconv>

#include <CLI/CLI.hpp>

#include <windlass/manager/options.hpp>

namespace windlass::inline v0 {
namespace {

/// One setting's text and where it came from, for error messages.
struct Source {
  std::string name;  ///< "--leader-elect" or "LEASE_NAME"
  std::string value;
};

Error wrong(const Source& source, const std::string& expected) {
  return {Errc::invalid_argument, source.name + "=" + source.value + ": " + expected};
}

Result<bool> to_bool(const Source& source) {
  std::string text = source.value;
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (text == "true" || text == "1" || text == "t" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "f" || text == "no" || text == "off") return false;
  return wrong(source, "write true or false");
}

Result<Duration> to_duration(const Source& source) {
  const auto parsed = parse_duration(source.value);
  if (!parsed || *parsed <= Duration::zero()) {
    return wrong(source, "write a positive duration with its unit, such as 15s");
  }
  return *parsed;
}

Result<Duration> to_seconds(const Source& source) {
  std::int64_t seconds = 0;
  const auto* end = source.value.data() + source.value.size();
  const auto parsed = std::from_chars(source.value.data(), end, seconds);
  if (parsed.ec != std::errc() || parsed.ptr != end || seconds <= 0 || seconds > 86'400) {
    return wrong(source, "write a whole number of seconds from 1 to 86400");
  }
  return Duration(std::chrono::seconds(seconds));
}

Result<LogLevel> to_level(const Source& source) {
  if (source.value == "debug") return LogLevel::debug;
  if (source.value == "info") return LogLevel::info;
  if (source.value == "warn" || source.value == "warning") return LogLevel::warn;
  if (source.value == "error") return LogLevel::error;
  return wrong(source, "write debug, info, warn or error");
}

Result<bool> to_json(const Source& source) {
  if (source.value == "json") return true;
  if (source.value == "text") return false;
  return wrong(source, "write text or json");
}

/// Collects settings; keeps the first error.
class Reader {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  template <class T, class Convert>
  void variable(const char* name, T& target, Convert convert) {
    const auto value = environment_.variable(name);
    if (value && !value->empty()) read({name, *value}, target, convert);
  }
  template <class T, class Convert>
  void flag(const CLI::Option* option, const std::string& value, T& target, Convert convert) {
    if (option->count() > 0) read({option->get_name(), value}, target, convert);
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  template <class T, class Convert>
  void read(const Source& source, T& target, Convert convert) {
    const auto value = convert(source);
    if (value) {
      target = *value;
    } else if (!error_) {
      error_ = value.error();
    }
  }
  const Environment& environment_;
  std::optional<Error> error_;
};

Result<std::string> as_is(const Source& source) { return source.value; }

}  // namespace

Result<ParsedOptions> parse_options(const std::vector<std::string>& arguments,
                                    const Environment& environment, ManagerOptions defaults) {
  ParsedOptions parsed{std::move(defaults)};
  auto& options = parsed.options;
  Reader reader(environment);
  reader.variable("ENABLE_LEADER_ELECTION", options.leader_election, to_bool);
  reader.variable("LEASE_NAME", options.leader_election_id, as_is);
  reader.variable("POD_NAMESPACE", options.leader_election_namespace, as_is);
  reader.variable("LEASE_NAMESPACE", options.leader_election_namespace, as_is);
  reader.variable("LEASE_DURATION_SECONDS", options.timing.lease_duration, to_seconds);
  reader.variable("LEASE_RENEW_DEADLINE_SECONDS", options.timing.renew_deadline, to_seconds);
  reader.variable("LEASE_RETRY_PERIOD_SECONDS", options.timing.retry_period, to_seconds);
  reader.variable("LOG_LEVEL", options.log_level, to_level);
  reader.variable("LOG_FORMAT", options.log_json, to_json);

  CLI::App app("A Kubernetes operator built with Windlass.", options.operator_name);
  app.set_version_flag("--version", options.operator_name + " " WINDLASS_VERSION);
  std::string elect, lease, renew, retry, level, format;
  bool secure = options.metrics_secure;
  auto* elect_flag = app.add_option("--leader-elect", elect,
                                    "Elect a leader, so that one of several replicas reconciles "
                                    "(true or false; default: on inside a cluster)")
                         ->expected(0, 1)
                         ->default_str("true");
  app.add_option("--leader-election-id", options.leader_election_id, "Name of the Lease");
  app.add_option("--leader-election-namespace", options.leader_election_namespace,
                 "Namespace of the Lease (default: the pod's)");
  app.add_option("--leader-election-identity", options.leader_election_identity,
                 "Name of this instance in the Lease (default: <pod name>_<uuid>)");
  auto* lease_flag = app.add_option(
      "--leader-election-lease-duration", lease,
      "How long others wait before they take over a lease that is not renewed (15s)");
  auto* renew_flag = app.add_option("--leader-election-renew-deadline", renew,
                                    "How long the leader tries to renew before it gives up (10s)");
  auto* retry_flag = app.add_option("--leader-election-retry-period", retry,
                                    "Time between tries to acquire or renew (2s)");
  app.add_option("--kubeconfig", options.kubeconfig,
                 "Path of a kubeconfig (default: as kubectl finds it)");
  app.add_option("--namespace", options.namespaces, "Watch only this namespace; repeatable");
  app.add_option("--health-probe-bind-address", options.health_probe_bind_address,
                 "Where /healthz and /readyz are served; 0: nowhere (:8081)");
  app.add_option("--metrics-bind-address", options.metrics_bind_address,
                 "Where /metrics is served; 0: nowhere (0)");
  app.add_flag("--metrics-secure", secure, "Serve metrics over HTTPS");
  auto* level_flag = app.add_option("--log-level", level, "debug, info, warn or error (info)");
  auto* format_flag = app.add_option("--log-format", format, "text or json (text)");
  app.add_flag("--describe", parsed.describe,
               "Print what this operator watches and asks for, as JSON, and end");
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    parsed.message = app.help();
    return parsed;
  } catch (const CLI::CallForVersion&) {
    parsed.message = options.operator_name + " " WINDLASS_VERSION "\n";
    return parsed;
  } catch (const CLI::ParseError& error) {
    return Error{Errc::invalid_argument, std::string(error.what()) + "; --help lists the flags"};
  }
  if (elect_flag->count() > 0 && elect.empty()) elect = "true";
  options.metrics_secure = secure;
  reader.flag(elect_flag, elect, options.leader_election, to_bool);
  reader.flag(lease_flag, lease, options.timing.lease_duration, to_duration);
  reader.flag(renew_flag, renew, options.timing.renew_deadline, to_duration);
  reader.flag(retry_flag, retry, options.timing.retry_period, to_duration);
  reader.flag(level_flag, level, options.log_level, to_level);
  reader.flag(format_flag, format, options.log_json, to_json);
  if (reader.error()) return *reader.error();
  if (auto valid = validate(options); !valid) return valid.error();
  return parsed;
}

namespace {

Result<void> check_address(const char* flag, const std::string& text) {
  if (text == "0" || text.empty()) return {};
  const auto endpoint = parse_endpoint(text);
  if (endpoint) return {};
  auto error = endpoint.error().within(flag);
  error.code = Errc::invalid_argument;  // as for every other flag
  return error;
}

}  // namespace

Result<void> validate(const ManagerOptions& options) {
  if (auto ok = check_address("--health-probe-bind-address", options.health_probe_bind_address);
      !ok) {
    return ok.error();
  }
  if (auto ok = check_address("--metrics-bind-address", options.metrics_bind_address); !ok) {
    return ok.error();
  }
  return leader_election::validate(options.timing);
}

}  // namespace windlass::inline v0
