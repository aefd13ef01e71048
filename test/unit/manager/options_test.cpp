#include <gmock/gmock.h>

#include <windlass/manager/options.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Arguments = std::vector<std::string>;

/// A program with default options "built in", its variables and its command line.
class OptionsTest : public ::testing::Test {
 protected:
  Result<ParsedOptions> parse(const Arguments& arguments) {
    return parse_options(arguments, sim.process("operator"), defaults);
  }
  ManagerOptions options(const Arguments& arguments) {
    const auto parsed = parse(arguments);
    if (!parsed) {
      ADD_FAILURE() << parsed.error().message;
      return {};
    }
    EXPECT_FALSE(parsed->message);
    return parsed->options;
  }
  std::string refusal(const Arguments& arguments) {
    const auto parsed = parse(arguments);
    if (parsed) return "accepted";
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    return parsed.error().message;
  }
  void set(const std::string& name, const std::string& value) {
    sim.process("operator").variables()[name] = value;
  }
  void unset() { sim.process("operator").variables().clear(); }

  testing::Simulation sim{1};
  ManagerOptions defaults{.leader_election_id = "built-in", .operator_name = "test-operator"};
};

// One row: a setting that has a flag and a variable, and how it reads as text.
struct Setting {
  const char* flag;
  const char* variable;
  const char* flag_value;
  const char* variable_value;
  std::string by_flag;
  std::string by_variable;
  std::string by_default;
  std::string (*read)(const ManagerOptions&);
};

std::string bool_text(std::optional<bool> value) {
  return !value ? "unset" : *value ? "true" : "false";
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all{
      {"--leader-elect", "ENABLE_LEADER_ELECTION", "false", "true", "false", "true", "unset",
       [](const ManagerOptions& o) { return bool_text(o.leader_election); }},
      {"--leader-election-id", "LEASE_NAME", "f", "v", "f", "v", "built-in",
       [](const ManagerOptions& o) { return o.leader_election_id; }},
      {"--leader-election-namespace", "LEASE_NAMESPACE", "f", "v", "f", "v", "",
       [](const ManagerOptions& o) { return o.leader_election_namespace; }},
      {"--leader-election-namespace", "POD_NAMESPACE", "f", "v", "f", "v", "",
       [](const ManagerOptions& o) { return o.leader_election_namespace; }},
      {"--leader-election-lease-duration", "LEASE_DURATION_SECONDS", "1m", "30", "1m0s", "30s",
       "15s", [](const ManagerOptions& o) { return format_duration(o.timing.lease_duration); }},
      {"--leader-election-renew-deadline", "LEASE_RENEW_DEADLINE_SECONDS", "12s", "11", "12s",
       "11s", "10s",
       [](const ManagerOptions& o) { return format_duration(o.timing.renew_deadline); }},
      {"--leader-election-retry-period", "LEASE_RETRY_PERIOD_SECONDS", "500ms", "3", "500ms", "3s",
       "2s", [](const ManagerOptions& o) { return format_duration(o.timing.retry_period); }},
      {"--log-level", "LOG_LEVEL", "debug", "error", "debug", "error", "info",
       [](const ManagerOptions& o) {
         return std::string(o.log_level == LogLevel::debug   ? "debug"
                            : o.log_level == LogLevel::error ? "error"
                            : o.log_level == LogLevel::info  ? "info"
                                                             : "warn");
       }},
      {"--log-format", "LOG_FORMAT", "text", "json", "text", "json", "text",
       [](const ManagerOptions& o) { return std::string(o.log_json ? "json" : "text"); }},
  };
  return all;
}

TEST_F(OptionsTest, AFlagBeatsTheEnvironmentWhichBeatsTheDefault) {
  for (const auto& row : settings()) {
    SCOPED_TRACE(std::string(row.flag) + " " + row.variable);
    const auto flag = std::string(row.flag) + "=" + row.flag_value;
    unset();
    EXPECT_EQ(row.read(options({})), row.by_default);
    EXPECT_EQ(row.read(options({flag})), row.by_flag);
    EXPECT_EQ(row.read(options({row.flag, row.flag_value})), row.by_flag);
    set(row.variable, row.variable_value);
    EXPECT_EQ(row.read(options({})), row.by_variable);
    EXPECT_EQ(row.read(options({flag})), row.by_flag);
    set(row.variable, "");
    EXPECT_EQ(row.read(options({})), row.by_default) << "an empty variable counts as unset";
  }
}

TEST_F(OptionsTest, SettingsWithFlagsOnly) {
  const auto none = options({});
  EXPECT_EQ(none.health_probe_bind_address, ":8081");
  EXPECT_EQ(none.metrics_bind_address, "0");
  EXPECT_FALSE(none.metrics_secure);
  EXPECT_TRUE(none.namespaces.empty());
  EXPECT_EQ(none.leader_election_identity, "");
  EXPECT_EQ(none.kubeconfig, "");
  const auto all = options(
      {"--health-probe-bind-address=0", "--metrics-bind-address=127.0.0.1:8443", "--metrics-secure",
       "--namespace=a", "--namespace", "b", "--leader-election-identity=me", "--kubeconfig", "/k"});
  EXPECT_EQ(all.health_probe_bind_address, "0");
  EXPECT_EQ(all.metrics_bind_address, "127.0.0.1:8443");
  EXPECT_TRUE(all.metrics_secure);
  EXPECT_EQ(all.namespaces, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(all.leader_election_identity, "me");
  EXPECT_EQ(all.kubeconfig, "/k");
}

TEST_F(OptionsTest, LeaseNamespaceBeatsPodNamespace) {
  set("POD_NAMESPACE", "pod");
  set("LEASE_NAMESPACE", "lease");
  EXPECT_EQ(options({}).leader_election_namespace, "lease");
}

TEST_F(OptionsTest, LeaderElectWithAndWithoutAValue) {
  const std::vector<std::pair<Arguments, bool>> rows{
      {{"--leader-elect"}, true},
      {{"--leader-elect=true"}, true},
      {{"--leader-elect=false"}, false},
      {{"--leader-elect=0"}, false},
      {{"--leader-elect=TRUE"}, true},
      {{"--leader-elect", "--metrics-secure"}, true},
      {{"--metrics-secure", "--leader-elect"}, true},
  };
  for (const auto& [arguments, expected] : rows) {
    SCOPED_TRACE(arguments.back());
    EXPECT_EQ(options(arguments).leader_election, expected);
  }
  set("ENABLE_LEADER_ELECTION", "false");
  EXPECT_EQ(options({}).leader_election, false);
  EXPECT_EQ(options({"--leader-elect"}).leader_election, true);
}

TEST_F(OptionsTest, AWrongFlagGivesOneLineThatNamesIt) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"--leader-elect=maybe", "--leader-elect=maybe: write true or false"},
      {"--leader-election-lease-duration=15",
       "--leader-election-lease-duration=15: write a positive duration with its unit, such as 15s"},
      {"--leader-election-renew-deadline=-1s",
       "--leader-election-renew-deadline=-1s: write a positive duration with its unit, such as "
       "15s"},
      {"--leader-election-retry-period=0s",
       "--leader-election-retry-period=0s: write a positive duration with its unit, such as 15s"},
      {"--log-level=loud", "--log-level=loud: write debug, info, warn or error"},
      {"--log-format=xml", "--log-format=xml: write text or json"},
  };
  for (const auto& [argument, message] : rows) EXPECT_EQ(refusal({argument}), message);
}

TEST_F(OptionsTest, AWrongVariableGivesOneLineThatNamesIt) {
  const std::vector<std::array<std::string, 3>> rows{
      {"ENABLE_LEADER_ELECTION", "maybe", "write true or false"},
      {"LEASE_DURATION_SECONDS", "15s", "write a whole number of seconds from 1 to 86400"},
      {"LEASE_RENEW_DEADLINE_SECONDS", "0", "write a whole number of seconds from 1 to 86400"},
      {"LEASE_RETRY_PERIOD_SECONDS", "86401", "write a whole number of seconds from 1 to 86400"},
      {"LOG_LEVEL", "loud", "write debug, info, warn or error"},
      {"LOG_FORMAT", "xml", "write text or json"},
  };
  for (const auto& [name, value, remedy] : rows) {
    unset();
    set(name, value);
    EXPECT_EQ(refusal({}), name + "=" + value + ": " + remedy);
  }
}

TEST_F(OptionsTest, WrongAddressesNameTheirFlag) {
  for (const std::string flag : {"--health-probe-bind-address", "--metrics-bind-address"}) {
    const auto message = refusal({flag + "=:99999"});
    EXPECT_THAT(message, AllOf(HasSubstr(flag), HasSubstr("99999"), Not(HasSubstr("\n"))));
  }
}

TEST_F(OptionsTest, UnknownArgumentsAreNamed) {
  EXPECT_THAT(
      refusal({"--leader-election-lease=15s"}),
      AllOf(HasSubstr("--leader-election-lease"), HasSubstr("--help"), Not(HasSubstr("\n"))));
  EXPECT_THAT(refusal({"serve"}), AllOf(HasSubstr("serve"), Not(HasSubstr("\n"))));
  EXPECT_THAT(refusal({"--log-level"}), AllOf(HasSubstr("--log-level"), Not(HasSubstr("\n"))));
}

TEST_F(OptionsTest, HelpListsEveryFlag) {
  const auto parsed = parse({"--help"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_TRUE(parsed->message);
  for (const auto& row : settings()) EXPECT_THAT(*parsed->message, HasSubstr(row.flag));
  for (const auto* flag : {"--namespace", "--kubeconfig", "--health-probe-bind-address",
                           "--metrics-bind-address", "--metrics-secure", "--version"}) {
    EXPECT_THAT(*parsed->message, HasSubstr(flag));
  }
}

TEST_F(OptionsTest, VersionNamesTheOperator) {
  const auto parsed = parse({"--version"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_TRUE(parsed->message);
  EXPECT_THAT(*parsed->message, ::testing::MatchesRegex("test-operator [0-9].*\n"));
}

TEST_F(OptionsTest, TimingsHaveARule) {
  struct Row {
    Duration lease, renew, retry;
    const char* broken;  ///< null: accepted
  };
  const std::vector<Row> rows{
      {15s, 10s, 2s, nullptr},
      {3s, 2s, 500ms, nullptr},
      {10s, 10s, 2s, "the lease duration must be longer than the renew deadline"},
      {5s, 10s, 2s, "the lease duration must be longer than the renew deadline"},
      {15s, 12s, 10s, "the renew deadline must be longer than 1.2 x the retry period"},
      {15s, 2s, 2s, "the renew deadline must be longer than 1.2 x the retry period"},
      {15s, 10s, 0s, "the retry period must be positive"},
      {15s, 10s, -1s, "the retry period must be positive"},
  };
  for (const auto& row : rows) {
    ManagerOptions options;
    options.timing = {
        .lease_duration = row.lease, .renew_deadline = row.renew, .retry_period = row.retry};
    const auto valid = validate(options);
    ASSERT_EQ(valid.has_value(), row.broken == nullptr) << format_duration(row.renew);
    if (!valid) {
      EXPECT_EQ(valid.error().code, Errc::invalid_argument);
      EXPECT_THAT(valid.error().message, HasSubstr(row.broken));
    }
  }
}

TEST_F(OptionsTest, ATimingThatOnlyBreaksTogetherIsRefused) {
  set("LEASE_DURATION_SECONDS", "8");
  EXPECT_THAT(refusal({}), HasSubstr("the lease duration must be longer than the renew deadline"));
  EXPECT_EQ(options({"--leader-election-renew-deadline=5s"}).timing.renew_deadline, Duration(5s));
}

}  // namespace
}  // namespace windlass
