#include <charconv>
#include <ctime>
#include <mutex>

#include <unistd.h>

#include <windlass/base/clock.hpp>
#include <windlass/base/encoding.hpp>
#include <windlass/base/log.hpp>
#include <windlass/base/log_format.hpp>

namespace windlass::inline v0 {

Logger::Logger(std::shared_ptr<LogSink> sink, LogLevel level)
    : sink_(std::move(sink)), level_(level) {}

Logger Logger::named(std::string_view name) const {
  Logger child = *this;
  child.name_ = name_.empty() ? std::string(name) : name_ + "." + std::string(name);
  return child;
}

Logger Logger::with(std::initializer_list<LogField> fields) const {
  Logger child = *this;
  for (const auto& field : fields) {
    OwnedField owned{std::string(field.key), {}};
    std::visit(
        [&](const auto& value) {
          using V = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<V, std::string_view>) {
            owned.value = std::string(value);
          } else {
            owned.value = value;
          }
        },
        field.value);
    child.fields_.push_back(std::move(owned));
  }
  return child;
}

bool Logger::enabled(LogLevel level) const noexcept { return sink_ && level >= level_; }

void Logger::debug(std::string_view message, std::initializer_list<LogField> fields) const {
  log(LogLevel::debug, message, fields);
}
void Logger::info(std::string_view message, std::initializer_list<LogField> fields) const {
  log(LogLevel::info, message, fields);
}
void Logger::warn(std::string_view message, std::initializer_list<LogField> fields) const {
  log(LogLevel::warn, message, fields);
}
void Logger::error(std::string_view message, std::initializer_list<LogField> fields) const {
  log(LogLevel::error, message, fields);
}

void Logger::log(LogLevel level, std::string_view message,
                 std::initializer_list<LogField> fields) const {
  if (!enabled(level)) return;
  std::vector<LogField> all;
  all.reserve(fields_.size() + fields.size());
  for (const auto& own : fields_) {
    std::visit([&](const auto& value) { all.emplace_back(own.key, value); }, own.value);
  }
  all.insert(all.end(), fields.begin(), fields.end());
  sink_->write(level, name_, message, all);
}

void Logger::flush() const {
  if (sink_) sink_->flush();
}

void append_log_field(std::string& line, std::string_view key, const LogValue& value, bool json) {
  if (json) {
    if (!line.empty() && line.back() != '{') line += ',';
    line += quote_json(key) + ":";
  } else {
    line += " " + std::string(key) + "=";
  }
  std::visit(
      [&](const auto& v) {
        using V = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<V, std::string_view>) {
          const bool plain = !json && !v.empty() && v.find_first_of(" \"=\n\t") == v.npos;
          line += plain ? std::string(v) : quote_json(v);
        } else if constexpr (std::is_same_v<V, bool>) {
          line += v ? "true" : "false";
        } else {
          char digits[32];
          line.append(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
        }
      },
      value);
}

namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      break;
  }
  return "off";
}

std::string timestamp(const Clock& clock) {
  const auto since_epoch = clock.wall_now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch - seconds);
  const std::time_t time = seconds.count();
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[40];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto ms = std::to_string(1000 + millis.count()).substr(1);
  return std::string(text, size) + "." + ms + "Z";
}

class LineSink final : public LogSink {
 public:
  LineSink(int file_descriptor, bool json, const Clock& clock)
      : file_descriptor_(file_descriptor), json_(json), clock_(clock) {}

  void write(LogLevel level, std::string_view name, std::string_view message,
             std::span<const LogField> fields) override {
    std::string line;
    if (json_) {
      line = "{";
      append_log_field(line, "level", level_name(level), true);
      append_log_field(line, "ts", std::string_view(timestamp(clock_)), true);
      if (!name.empty()) append_log_field(line, "logger", name, true);
      append_log_field(line, "msg", message, true);
    } else {
      line = timestamp(clock_) + " " + std::string(level_name(level)) + " ";
      if (!name.empty()) line += "[" + std::string(name) + "] ";
      line += message;
    }
    for (const auto& field : fields) append_log_field(line, field.key, field.value, json_);
    line += json_ ? "}\n" : "\n";
    const std::lock_guard lock(mutex_);
    std::string_view rest = line;
    while (!rest.empty()) {
      const auto written = ::write(file_descriptor_, rest.data(), rest.size());
      if (written <= 0) return;  // nowhere left to complain
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  std::mutex mutex_;
  int file_descriptor_;
  bool json_;
  const Clock& clock_;
};

}  // namespace

std::shared_ptr<LogSink> make_line_sink(int file_descriptor, bool json, const Clock& clock) {
  return std::make_shared<LineSink>(file_descriptor, json, clock);
}

}  // namespace windlass::inline v0
