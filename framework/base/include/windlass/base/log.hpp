#pragma once
// The facade for structured logs. The production sink (spdlog, text or JSON) lives in `manager`;
// the default sink discards.

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace windlass::inline v0 {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };

using LogValue = std::variant<std::string_view, std::int64_t, double, bool>;

/// One key and value. The views need to live until the call returns.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <class Integer>
    requires std::is_integral_v<Integer>
  LogField(std::string_view k, Integer v) : key(k), value(static_cast<std::int64_t>(v)) {}
  std::string_view key;
  LogValue value;
};

/// Receives records; thread-safe.
class LogSink {
 public:
  virtual ~LogSink() = default;
  /// `name` is the dotted logger name; `fields` holds the logger's own fields, then the call's.
  virtual void write(LogLevel level, std::string_view name, std::string_view message,
                     std::span<const LogField> fields) = 0;
  /// Blocks until everything written has left the process.
  virtual void flush() {}
};

/// A cheap handle: a sink, a level, a name and fields that go with every record. Copyable;
/// thread-safe.
class Logger {
 public:
  Logger() = default;  ///< discards
  explicit Logger(std::shared_ptr<LogSink> sink, LogLevel level = LogLevel::info);

  [[nodiscard]] Logger named(std::string_view name) const;
  [[nodiscard]] Logger with(std::initializer_list<LogField> fields) const;
  [[nodiscard]] bool enabled(LogLevel level) const noexcept;

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const;
  void flush() const;

 private:
  struct OwnedField {
    std::string key;
    std::variant<std::string, std::int64_t, double, bool> value;
  };
  std::shared_ptr<LogSink> sink_;
  LogLevel level_ = LogLevel::off;
  std::string name_;
  std::vector<OwnedField> fields_;
};

/// Writes one line per record to a file descriptor: JSON (`{"level":...,"ts":...,"msg":...}`) or
/// logfmt-like text. For programs that do without spdlog.
class Clock;
std::shared_ptr<LogSink> make_line_sink(int file_descriptor, bool json, const Clock& clock);

}  // namespace windlass::inline v0
