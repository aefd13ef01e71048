#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <windlass/base/log_format.hpp>
#include <windlass/manager/logging.hpp>

namespace windlass::inline v0 {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

class SpdlogSink final : public LogSink {
 public:
  explicit SpdlogSink(bool json)
      : json_(json), logger_("windlass", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    const char* pattern =
        json ? R"({"level":"%l","ts":"%Y-%m-%dT%H:%M:%S.%eZ",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    logger_.set_formatter(
        std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    logger_.set_level(spdlog::level::trace);
  }

  void write(LogLevel level, std::string_view name, std::string_view message,
             std::span<const LogField> fields) override {
    std::string line;
    if (json_) {
      if (!name.empty()) append_log_field(line, "logger", name, true);
      append_log_field(line, "msg", message, true);
    } else {
      if (!name.empty()) line += "[" + std::string(name) + "] ";
      line += message;
    }
    for (const auto& field : fields) append_log_field(line, field.key, field.value, json_);
    logger_.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

  void flush() override { logger_.flush(); }

 private:
  bool json_;
  spdlog::logger logger_;
};

}  // namespace

std::shared_ptr<LogSink> make_log_sink(bool json) { return std::make_shared<SpdlogSink>(json); }

}  // namespace windlass::inline v0
