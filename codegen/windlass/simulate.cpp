#include "simulate.hpp"

#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "project_dev.hpp"
#include "scaffold/console.hpp"

namespace windlass::inline v0::command {
namespace {

constexpr const char* kTests = "build/bin/operator_tests";

[[noreturn]] void become(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  scaffold::complain({Errc::io, words[0] + " cannot be run: " + std::strerror(errno)});
  ::_exit(127);
}

bool build(const std::filesystem::path& root) {
  const auto child = ::fork();
  if (child == 0) become({"make", "--no-print-directory", "-C", root.string(), "build"});
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int simulate(const SimulateOptions& options) {
  auto program = options.program;
  if (program.empty()) {
    const auto root = find_project(options.root.empty() ? "." : options.root);
    if (root.empty()) {
      return scaffold::complain(
          {Errc::not_found,
           "there is no project here (no file PROJECT): go to its folder, name it with -C, or name "
           "the program of the simulations with --program"});
    }
    if (!build(root)) return scaffold::complain({Errc::internal, "the build failed"});
    program = root / kTests;
  }
  program = std::filesystem::absolute(program);
  if (!std::filesystem::exists(program)) {
    return scaffold::complain(
        {Errc::not_found, program.string() +
                              " does not exist: the simulations are part of the project's tests; "
                              "build with BUILD_TESTING=ON, or name the program with --program"});
  }
  std::error_code failed;
  std::filesystem::create_directories(options.report_directory, failed);
  if (failed) {
    return scaffold::complain(
        {Errc::io, "cannot make " + options.report_directory.string() + ": " + failed.message()});
  }
  const auto jobs =
      options.jobs > 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  become({program.string(), "--gtest_filter=Simulation." + options.test, "--gtest_brief=1",
          "--gtest_fail_fast", "--seeds=" + std::to_string(options.seeds),
          "--first-seed=" + std::to_string(options.first_seed), "--jobs=" + std::to_string(jobs),
          "--report-dir=" + options.report_directory.string()});
}

}  // namespace windlass::inline v0::command
