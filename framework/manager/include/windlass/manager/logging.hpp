#pragma once

#include <memory>

#include <windlass/base/log.hpp>

namespace windlass::inline v0 {

/// Writes records to standard error through spdlog: text ("time level [logger] message key=value")
/// or one JSON object per line. Thread-safe.
std::shared_ptr<LogSink> make_log_sink(bool json);

}  // namespace windlass::inline v0
