#include "process_metrics.hpp"

#include <filesystem>
#include <sstream>
#include <vector>

#include <unistd.h>

namespace windlass::inline v0::metrics {

namespace {

/// The number that follows `label` in a file of /proc; 0 when there is none.
double number_after(const std::string& text, std::string_view label) {
  const auto at = text.find(label);
  if (at == std::string::npos) return 0;
  double number = 0;
  std::istringstream(text.substr(at + label.size(), 64)) >> number;
  return number;
}

/// The fields of /proc/self/stat after the command name, which may hold spaces; the first is number
/// 3 of proc(5).
std::vector<double> stat_fields(const std::string& stat) {
  std::vector<double> fields{0};  // the state, a letter
  const auto end = stat.rfind(')');
  if (end == std::string::npos || end + 4 > stat.size()) return {};
  std::istringstream in(stat.substr(end + 4));
  for (double field = 0; in >> field;) fields.push_back(field);
  return fields;
}

}  // namespace

ProcessMetrics::ProcessMetrics(MetricsRegistry& registry, const Environment& environment)
    : environment_(environment),
      cpu_(registry.counter("process_cpu_seconds_total",
                            "Total user and system CPU time spent in seconds.", {})),
      resident_(
          registry.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {})),
      virtual_(registry.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {})),
      start_(registry.gauge("process_start_time_seconds",
                            "Start time of the process since unix epoch in seconds.", {})),
      threads_(registry.gauge("process_threads", "Number of threads.", {})),
      open_files_(registry.gauge("process_open_fds", "Number of open file descriptors.", {})),
      max_files_(
          registry.gauge("process_max_fds", "Maximum number of open file descriptors.", {})) {}

void ProcessMetrics::update() {
  const auto stat = environment_.read_file("/proc/self/stat");
  if (!stat) return;
  const auto fields = stat_fields(*stat);
  if (fields.size() < 22) return;
  const auto field = [&](std::size_t number) { return fields[number - 3]; };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double cpu = (field(14) + field(15)) / ticks;
  if (cpu > cpu_seconds_) cpu_.add(cpu - std::exchange(cpu_seconds_, cpu));
  threads_.set(field(20));
  virtual_.set(field(23));
  resident_.set(field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  if (boot_time_ == 0) {
    const auto system = environment_.read_file("/proc/stat");
    if (system) boot_time_ = number_after(*system, "btime ");
  }
  start_.set(boot_time_ + field(22) / ticks);
  const auto limits = environment_.read_file("/proc/self/limits");
  if (limits) max_files_.set(number_after(*limits, "Max open files "));
  // a folder, which Environment does not read; only counted where /proc was read above
  std::error_code ignored;
  const std::filesystem::directory_iterator files("/proc/self/fd", ignored);
  open_files_.set(static_cast<double>(std::distance(begin(files), end(files))));
}

}  // namespace windlass::inline v0::metrics
