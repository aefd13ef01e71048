// Seeds over processes, the first failure, and what matters of it.

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <windlass/testing/simulation_test.hpp>

namespace windlass::inline v0::testing {
namespace {

using Only = std::optional<std::set<std::size_t>>;

/// A shrink tries at most so many runs.
constexpr int kShrinkRuns = 60;

struct Flags {
  std::string program = "the test program";
  std::uint64_t seeds = 10;
  std::uint64_t first = 1;
  int jobs = 1;
  bool one = false;
  bool trace = false;
  Only faults;
  std::string report_dir = ".";
  std::string record;
  bool keep = false;  ///< seeds that failed, in `report_dir`
  std::optional<int> points;
};

Flags& flags() {
  static Flags instance;
  return instance;
}

bool read_number(std::string_view text, auto& into) {
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, into);
  return error == std::errc() && at == end;
}

/// How a run ended. Empty rule: well.
struct Ending {
  std::string rule;
  std::string what;
};

Ending run_body(SimulatedCluster& sim, SimulationBody body) {
  try {
    body(sim);
  } catch (const Violation& violation) {
    return {violation.rule(), violation.what()};
  } catch (...) {
    return {"exception", windlass::describe(std::current_exception()).message};
  }
  if (::testing::Test::HasFailure()) return {"expectation", "an expectation of the test failed"};
  return {};
}

/// Runs of several processes share the file: each appends its lines at once.
void write_record(const SimulatedCluster& sim) {
  if (flags().record.empty()) return;
  const auto lines = sim.trace().requests();
  const int file = ::open(flags().record.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0 || ::write(file, lines.data(), lines.size()) < 0)
    std::fprintf(stderr, "--record: cannot write %s\n", flags().record.c_str());
  if (file >= 0) ::close(file);
}

ClusterOptions with(ClusterOptions options, std::uint64_t seed, const Only& only) {
  options.seed = seed;
  options.only_faults = only;
  return options;
}

/// How a run in another process ended. `rule` is "died" when the process did.
struct Outcome {
  std::string rule;
  std::size_t faults = 0;  ///< drawn up to the end
};

std::size_t faults_so_far(const SimulatedCluster& sim) {
  return static_cast<std::size_t>(
      std::count_if(sim.drawn_faults().begin(), sim.drawn_faults().end(),
                    [&](const Fault& fault) { return fault.at <= sim.now(); }));
}

/// Runs it in a process of its own, silently. This process must not have run it: what has failed
/// here counts as failed there.
Outcome run_in_child(SimulationBody body, const ClusterOptions& options) {
  int ends[2];
  if (::pipe(ends) != 0) return {"died"};
  std::cout.flush();
  const auto child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return {"died"};
  }
  if (child == 0) {
    ::close(ends[0]);
    if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(3);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(3);
    std::string line;
    {
      SimulatedCluster sim(options);
      const auto rule = run_body(sim, body).rule;
      line = std::to_string(faults_so_far(sim)) + " " + rule + "\n";
    }
    const auto wrote = ::write(ends[1], line.data(), line.size());
    ::_exit(wrote < 0 ? 3 : 0);
  }
  ::close(ends[1]);
  std::string line;
  char buffer[256];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    line.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  if (line.empty() || line.back() != '\n') return {"died"};
  line.pop_back();
  const auto space = line.find(' ');
  return {line.substr(space + 1), std::strtoull(line.c_str(), nullptr, 10)};
}

/// Takes away faults as long as the same rule is broken without them.
std::set<std::size_t> shrink(SimulationBody body, const ClusterOptions& base, std::uint64_t seed,
                             std::set<std::size_t> faults, const std::string& rule) {
  int left = kShrinkRuns;
  const auto still_fails = [&](const std::set<std::size_t>& subset) {
    return left-- > 0 && run_in_child(body, with(base, seed, subset)).rule == rule;
  };
  for (std::size_t size = (faults.size() + 1) / 2; size > 0 && left > 0; size /= 2) {
    bool smaller = true;
    while (smaller && left > 0) {
      smaller = false;
      const std::vector<std::size_t> all(faults.begin(), faults.end());
      for (std::size_t begin = 0; begin < all.size() && left > 0; begin += size) {
        auto subset = faults;
        for (auto i = begin; i < std::min(begin + size, all.size()); ++i) subset.erase(all[i]);
        if (subset.size() == faults.size() || !still_fails(subset)) continue;
        faults = std::move(subset);
        smaller = true;
      }
    }
  }
  return faults;
}

std::string listed(const std::set<std::size_t>& numbers) {
  std::string text;
  for (const auto number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

std::string again(const char* name, std::uint64_t seed, const Only& only) {
  std::string text =
      flags().program + " --gtest_filter='*." + name + "' --seed=" + std::to_string(seed);
  if (only) text += " --faults=" + (only->empty() ? std::string("none") : listed(*only));
  return text;
}

/// Runs one seed here and reports its failure to GoogleTest.
void run_here(const char* name, SimulationBody body, const ClusterOptions& base, std::uint64_t seed,
              const Only& only) {
  SimulatedCluster sim(with(base, seed, only));
  const auto ending = run_body(sim, body);
  write_record(sim);
  if (flags().trace) std::cout << sim.trace().text();
  if (ending.rule.empty()) return;
  std::string text = std::string(name) + " with " + sim.report(ending.what);
  const auto page = flags().report_dir + "/" + name + "-" + std::to_string(seed) + ".html";
  std::ofstream out(page);
  out << sim.trace().html(std::string(name) + ", seed " + std::to_string(seed) + ": " +
                          ending.what);
  text += "\nFaults:\n";
  std::size_t shown = 0;
  for (std::size_t i = 0; i < sim.drawn_faults().size(); ++i) {
    if (only && !only->contains(i)) continue;
    const auto& fault = sim.drawn_faults()[i];
    if (fault.at > sim.now()) break;
    text += "  #" + std::to_string(i) + " at " +
            format_duration(std::chrono::floor<std::chrono::milliseconds>(fault.at)) + ": " +
            describe(fault) + "\n";
    ++shown;
  }
  if (shown == 0) text += "  none\n";
  text += "Rule: " + ending.what + "\nPage: " + page + "\nAgain: " + again(name, seed, only) + "\n";
  ADD_FAILURE() << text;
}

/// One process of many: its pid, where it writes, what it is at.
struct Worker {
  ::pid_t pid = 0;
  int from = -1;
  std::uint64_t at = 0;
  std::string unread;
  bool busy = false;  ///< with seed `at`
  bool ended = false;
};

/// A number that processes share.
class SharedCounter {
 public:
  explicit SharedCounter(std::uint64_t value) {
    void* const page =
        ::mmap(nullptr, sizeof(Number), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::bad_alloc();
    number_ = new (page) Number(value);
  }
  ~SharedCounter() { ::munmap(number_, sizeof(Number)); }
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;
  std::uint64_t take() { return number_->fetch_add(1); }

 private:
  using Number = std::atomic<std::uint64_t>;
  static_assert(Number::is_always_lock_free);
  Number* number_;
};

[[noreturn]] void work(SimulationBody body, const ClusterOptions& base, SharedCounter& next,
                       std::uint64_t end, int to) {
  if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(3);
  for (auto seed = next.take(); seed < end; seed = next.take()) {
    std::string line = "at " + std::to_string(seed) + "\n";
    if (::write(to, line.data(), line.size()) < 0) ::_exit(3);
    Ending ending;
    Duration simulated{};
    {
      SimulatedCluster sim(with(base, seed, std::nullopt));
      ending = run_body(sim, body);
      write_record(sim);
      simulated = sim.now();
    }
    line = (ending.rule.empty() ? "ok " : "bad ") + std::to_string(seed) + " " +
           std::to_string(simulated.count()) + "\n";
    if (::write(to, line.data(), line.size()) < 0) ::_exit(3);
    if (!ending.rule.empty()) ::_exit(1);
  }
  ::_exit(0);
}

/// A bar on a terminal, now and then a line elsewhere.
void show_progress(const char* name, std::uint64_t done, std::uint64_t all) {
  const auto seeds = std::to_string(done) + " of " + std::to_string(all) + " seeds";
  if (::isatty(2) == 0) {
    if (all >= 100 && done % std::min<std::uint64_t>(all / 10, 500) == 0)
      std::fprintf(stderr, "%s: %s\n", name, seeds.c_str());
    return;
  }
  const auto filled = static_cast<int>(30 * done / std::max<std::uint64_t>(all, 1));
  std::fprintf(stderr, "\r%s [%-30.*s] %s", name, filled, "##############################",
               seeds.c_str());
}

/// "200 seeds, 55h3m of simulated time, 71 s of CPU".
void show_sum(const char* name, std::uint64_t done, Duration simulated) {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec;
  if (::isatty(2) != 0) std::fprintf(stderr, "\n");
  std::fprintf(stderr, "%s: %s seeds, %s of simulated time, %lld s of CPU so far\n", name,
               std::to_string(done).c_str(),
               format_duration(std::chrono::floor<std::chrono::minutes>(simulated)).c_str(),
               static_cast<long long>(cpu));
}

/// The first seed that failed; `died` when its process did.
std::optional<std::uint64_t> run_in_processes(const char* name, SimulationBody body,
                                              const ClusterOptions& base, std::uint64_t first,
                                              std::uint64_t end, int jobs, bool& died) {
  std::vector<Worker> workers(static_cast<std::size_t>(jobs));
  SharedCounter next(first);
  std::cout.flush();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    int ends[2];
    if (::pipe(ends) != 0) break;
    const auto pid = ::fork();
    if (pid < 0) {
      ::close(ends[0]);
      ::close(ends[1]);
      break;
    }
    workers[i].from = ends[0];
    workers[i].pid = pid;
    if (pid == 0) {
      for (const auto& other : workers) {
        if (other.from >= 0) ::close(other.from);
      }
      work(body, base, next, end, ends[1]);
    }
    ::close(ends[1]);
  }
  std::optional<std::uint64_t> failed;
  std::uint64_t done = 0;
  Duration simulated{};
  while (!failed) {
    fd_set reading;
    FD_ZERO(&reading);
    int highest = -1;
    for (const auto& worker : workers) {
      if (worker.ended || worker.from < 0) continue;
      FD_SET(worker.from, &reading);
      highest = std::max(highest, worker.from);
    }
    if (highest < 0) break;
    if (::select(highest + 1, &reading, nullptr, nullptr, nullptr) <= 0) continue;
    for (auto& worker : workers) {
      if (worker.ended || worker.from < 0 || !FD_ISSET(worker.from, &reading)) continue;
      char buffer[512];
      const auto n = ::read(worker.from, buffer, sizeof buffer);
      if (n <= 0) {
        worker.ended = true;
        int status = 0;
        const bool waited = ::waitpid(worker.pid, &status, 0) == worker.pid;
        const bool well = waited && WIFEXITED(status) && WEXITSTATUS(status) <= 1 && !worker.busy;
        if (!well && !failed) {
          failed = worker.at;
          died = true;
        }
        continue;
      }
      worker.unread.append(buffer, static_cast<std::size_t>(n));
      for (std::size_t line = 0; (line = worker.unread.find('\n')) != std::string::npos;
           worker.unread.erase(0, line + 1)) {
        const auto text = worker.unread.substr(0, line);
        char* after_seed = nullptr;
        const auto seed = std::strtoull(text.c_str() + text.find(' '), &after_seed, 10);
        worker.at = seed;
        worker.busy = text.starts_with("at");
        if (text.starts_with("bad") && !failed) failed = seed;
        if (!text.starts_with("ok")) continue;
        simulated += Duration(std::strtoll(after_seed, nullptr, 10));
        show_progress(name, ++done, end - first);
      }
    }
  }
  for (auto& worker : workers) {
    if (!worker.ended && worker.pid > 0) {
      ::kill(worker.pid, SIGKILL);
      ::waitpid(worker.pid, nullptr, 0);
    }
    if (worker.from >= 0) ::close(worker.from);
  }
  show_sum(name, done, simulated);
  if (!failed && done < end - first) {
    ADD_FAILURE() << name << ": only " << done << " of " << end - first
                  << " seeds were run: a process could not be started; use a smaller --jobs";
  }
  return failed;
}

void report_seed(const char* name, SimulationBody body, const ClusterOptions& base,
                 std::uint64_t seed) {
  const auto [rule, faults] = run_in_child(body, with(base, seed, std::nullopt));
  if (rule.empty() || rule == "died") {
    ADD_FAILURE() << name << " with seed " << seed << ": "
                  << (rule.empty()
                          ? "failed, and did not when it was run again: it is not deterministic"
                          : "the process died")
                  << "\nAgain: " << again(name, seed, std::nullopt);
    return;
  }
  std::set<std::size_t> all;  // what would have happened after the failure cannot matter
  for (std::size_t i = 0; i < faults; ++i) all.insert(i);
  run_here(name, body, base, seed, shrink(body, base, seed, all, rule));
}

}  // namespace

bool read_simulation_flags(int& argc, char** argv) {
  auto& into = flags();
  if (argc > 0) into.program = argv[0];
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    const auto value =
        equals == std::string_view::npos ? std::string_view() : argument.substr(equals + 1);
    bool good = true;
    if (name == "--seeds") {
      good = read_number(value, into.seeds) && into.seeds > 0;
    } else if (name == "--first-seed") {
      good = read_number(value, into.first);
    } else if (name == "--seed") {
      good = read_number(value, into.first);
      into.one = true;
    } else if (name == "--jobs") {
      good = read_number(value, into.jobs) && into.jobs > 0;
    } else if (name == "--points") {
      good = read_number(value, into.points.emplace()) && *into.points > 0;
    } else if (name == "--trace") {
      into.trace = true;
    } else if (name == "--report-dir") {
      into.report_dir = value;
      into.keep = true;
    } else if (name == "--record") {
      into.record = value;
    } else if (name == "--faults") {
      into.faults.emplace();
      for (auto rest = value == "none" ? std::string_view() : value; !rest.empty() && good;) {
        const auto end = std::min(rest.find(','), rest.size());
        std::size_t number = 0;
        good = read_number(rest.substr(0, end), number);
        into.faults->insert(number);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    } else {
      argv[kept++] = argv[i];
    }
    if (good) continue;
    std::fprintf(stderr, "%s: a number is expected\n", argv[i]);
    return false;
  }
  argc = kept;
  return true;
}

void run_simulation(const char* name, SimulationBody body, const ClusterOptions& options) {
  const auto& asked = flags();
  if (asked.one) return run_here(name, body, options, asked.first, asked.faults);
  // what failed last time comes first, until it is mended
  const auto kept = asked.report_dir + "/" + name + ".seed";
  std::uint64_t before = 0;
  if (asked.keep && std::ifstream(kept) >> before) {
    if (!run_in_child(body, with(options, before, std::nullopt)).rule.empty())
      return report_seed(name, body, options, before);
    std::fprintf(stderr, "%s: seed %s, which failed before, passes now\n", name,
                 std::to_string(before).c_str());
    std::remove(kept.c_str());
  }
  bool died = false;
  const auto failed = run_in_processes(name, body, options, asked.first, asked.first + asked.seeds,
                                       asked.jobs, died);
  if (!failed) return;
  if (asked.keep) std::ofstream(kept) << *failed << "\n";
  if (died) {
    ADD_FAILURE() << name << " with seed " << *failed
                  << ": the process died\nAgain: " << again(name, *failed, std::nullopt);
    return;
  }
  report_seed(name, body, options, *failed);
}

void run_systematically(const char* name, Perturbation::Kind kind, int limit, SimulationBody body) {
  const auto seed = flags().first;
  const auto run = [&](SimulatedCluster& sim) {
    const auto ending = run_body(sim, body);
    if (!ending.rule.empty()) ADD_FAILURE() << name << ": " << sim.report(ending.what);
    write_record(sim);
    return sim.end_state();
  };
  ClusterOptions options;
  options.seed = seed;
  SimulatedCluster undisturbed(options);
  const auto expected = run(undisturbed);
  const int all = undisturbed.opportunities(kind);
  ASSERT_GT(all, 0) << name << " offers no such point";
  const int count = std::min(all, flags().points.value_or(limit));
  std::fprintf(stderr, "%s: %d of %d points\n", name, count, all);
  ::testing::Test::RecordProperty("points", count);
  for (int i = 0; i < count && !::testing::Test::HasFailure(); ++i) {
    const int number =
        count == all ? i + 1 : 1 + static_cast<int>(static_cast<std::int64_t>(i) * all / count);
    SimulatedCluster sim(options);
    sim.perturb({kind, number});
    const auto state = run(sim);
    EXPECT_EQ(state, expected) << name << ", perturbed at point " << number << " of " << all << "\n"
                               << sim.trace().text(60);
  }
}

}  // namespace windlass::inline v0::testing
