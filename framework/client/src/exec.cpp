#include "exec.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <windlass/json/value.hpp>
#include <windlass/meta/time.hpp>

extern char** environ;  // the child inherits it

namespace windlass::inline v0::client::detail {
namespace {

constexpr std::size_t kMaxOutput = 1u << 20;
constexpr int kPatienceMilliseconds = 60'000;  // of silence

std::string named(const ExecCredential& plugin) {
  return "credential plugin \"" + plugin.command + "\"";
}

/// The child's environment: this process's, then the entry's, then what the protocol asks for.
std::vector<std::string> environment_of(const ExecCredential& plugin) {
  std::vector<std::string> variables;
  const auto is_set_by_us = [&](std::string_view variable) {
    const auto name = variable.substr(0, variable.find('='));
    if (name == "KUBERNETES_EXEC_INFO") return true;
    for (const auto& [ours, value] : plugin.env) {
      if (ours == name) return true;
    }
    return false;
  };
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (!is_set_by_us(*variable)) variables.emplace_back(*variable);
  }
  for (const auto& [name, value] : plugin.env) variables.push_back(name + "=" + value);
  json::Object spec;
  spec.set("interactive", false);
  json::Object info;
  info.set("apiVersion", plugin.api_version);
  info.set("kind", "ExecCredential");
  info.set("spec", std::move(spec));
  variables.push_back("KUBERNETES_EXEC_INFO=" + json::dump(json::Value(std::move(info))));
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (auto& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Descriptor {
  int fd = -1;
  ~Descriptor() { reset(); }
  void reset() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

Error system_error(const ExecCredential& plugin, const std::string& what, int code) {
  const auto kind = code == ENOENT ? Errc::not_found : Errc::io;
  std::string text = named(plugin) + " " + what + ": " + std::strerror(code);
  if (kind == Errc::not_found) text += "; install it or correct users[].user.exec.command";
  return {kind, text};
}

/// Everything that the child writes until it closes its end.
Result<std::string> read_output(const ExecCredential& plugin, int fd) {
  std::string output;
  std::array<char, 4096> chunk;
  for (;;) {
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kPatienceMilliseconds);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return Error{Errc::timeout, named(plugin) + " printed nothing for a minute"};
    const auto got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(plugin, "could not be read", errno);
    if (got == 0) return output;
    output.append(chunk.data(), static_cast<std::size_t>(got));
    if (output.size() > kMaxOutput)
      return Error{Errc::too_large, named(plugin) + " printed over 1 MiB"};
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Result<std::string> run_plugin(const ExecCredential& plugin) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(plugin, "got no pipe", errno);
  Descriptor read_end{ends[0]};
  Descriptor write_end{ends[1]};

  std::vector<std::string> arguments{plugin.command};
  arguments.insert(arguments.end(), plugin.args.begin(), plugin.args.end());
  auto variables = environment_of(plugin);
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(variables);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.fd, STDOUT_FILENO);
  // handlers and the ignored SIGPIPE are ours, not the child's
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigset_t none;
  ::sigemptyset(&none);
  ::sigemptyset(&defaults);
  for (const int number : {SIGPIPE, SIGTERM, SIGINT}) ::sigaddset(&defaults, number);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, plugin.command.c_str(), &actions, &attributes,
                                    argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return system_error(plugin, "could not be started", failed);

  write_end.reset();
  auto output = read_output(plugin, read_end.fd);
  if (!output) {
    ::kill(child, SIGKILL);
    wait_for(child);
    return output;
  }
  const int status = wait_for(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const auto how = WIFEXITED(status) ? "ended with code " + std::to_string(WEXITSTATUS(status))
                                       : "was killed by signal " + std::to_string(WTERMSIG(status));
    return Error{Errc::io, named(plugin) + " " + how + "; run it by hand to see why"};
  }
  return output;
}

Result<IssuedCredential> parse_credential(const ExecCredential& plugin, std::string_view output) {
  const auto refuse = [&](const std::string& why) {
    return Error{Errc::parse, named(plugin) + " printed no usable ExecCredential: " + why};
  };
  const auto document = json::parse(output);
  if (!document) return refuse("it is not JSON");
  const json::Value& credential = *document;
  if (credential["kind"].string_or("") != "ExecCredential") return refuse("its kind is another");
  if (credential["apiVersion"].string_or("") != plugin.api_version) {
    return refuse("its apiVersion is \"" + std::string(credential["apiVersion"].string_or("")) +
                  "\", the kubeconfig says \"" + plugin.api_version + "\"");
  }
  const auto& status = credential["status"];
  IssuedCredential issued{
      .token = std::string(status["token"].string_or("")),
      .certificate_pem = std::string(status["clientCertificateData"].string_or("")),
      .key_pem = std::string(status["clientKeyData"].string_or(""))};
  if (issued.token.empty() && issued.certificate_pem.empty()) {
    return refuse("it holds neither a token nor a certificate");
  }
  if (issued.certificate_pem.empty() != issued.key_pem.empty()) {
    return refuse("certificate and key come together or not at all");
  }
  const auto expiry = status["expirationTimestamp"].string_or("");
  if (!expiry.empty()) {
    const auto at = meta::Time::parse(expiry);
    if (!at) return refuse("expirationTimestamp is no time");
    issued.expires = at->wall();
  }
  return issued;
}

}  // namespace windlass::inline v0::client::detail
