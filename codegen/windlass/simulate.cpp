#include "simulate.hpp"

#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "scaffold/common.hpp"
#include "scaffold/console.hpp"

namespace windlass::inline v0::command {
namespace {

constexpr const char* kTests = "build/bin/operator_tests";
constexpr const char* kReports = ".windlass/simulation";

[[noreturn]] void become(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  scaffold::complain({Errc::io, words[0] + " cannot be run: " + std::strerror(errno)});
  ::_exit(127);
}

bool run(const std::vector<std::string>& words) {
  const auto child = ::fork();
  if (child == 0) become(words);
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// `make build` makes the operator alone.
bool build_tests(const std::filesystem::path& root, const std::string& jobs) {
  return run({"make", "--no-print-directory", "-C", root.string(), "build/CMakeCache.txt"}) &&
         run({"cmake", "--build", (root / "build").string(), "--parallel", jobs, "--target",
              "operator_tests"});
}

}  // namespace

int simulate(const SimulateOptions& options) {
  const auto processors = std::max(1u, std::thread::hardware_concurrency());
  auto program = options.program;
  auto reports = options.report_directory;
  if (program.empty()) {
    const auto root = scaffold::find_project(options.root.empty() ? "." : options.root);
    if (root.empty()) {
      return scaffold::complain(
          {Errc::not_found,
           "there is no project here (no file PROJECT): go to its folder, name it with -C, or name "
           "the program of the simulations with --program"});
    }
    if (!build_tests(root, std::to_string(processors)))
      return scaffold::complain({Errc::internal, "the build failed"});
    program = root / kTests;
    if (reports.empty()) reports = root / kReports;
  }
  program = std::filesystem::absolute(program);
  if (!std::filesystem::exists(program)) {
    return scaffold::complain(
        {Errc::not_found, program.string() +
                              " does not exist: the simulations are part of the project's tests; "
                              "build with BUILD_TESTING=ON, or name the program with --program"});
  }
  if (reports.empty()) reports = kReports;
  std::error_code failed;
  std::filesystem::create_directories(reports, failed);
  if (failed) {
    return scaffold::complain(
        {Errc::io, "cannot make " + reports.string() + ": " + failed.message()});
  }
  const auto jobs = options.jobs > 0 ? options.jobs : processors;
  become({program.string(), "--gtest_filter=Simulation." + options.test, "--gtest_brief=1",
          "--gtest_fail_fast", "--seeds=" + std::to_string(options.seeds),
          "--first-seed=" + std::to_string(options.first_seed), "--jobs=" + std::to_string(jobs),
          "--report-dir=" + reports.string()});
}

}  // namespace windlass::inline v0::command
