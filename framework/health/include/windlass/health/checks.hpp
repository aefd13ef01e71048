#pragma once
// Named health checks and the answers that kubelets and people get, as controller-runtime gives
// them.
//
//   health::Checks healthz, readyz;
//   readyz.add("cache", [&] { return cache.synced() ? Result<void>() : Error{Errc::unavailable,
//   "..."}; }); http::Response answer = health::respond(request, healthz, readyz);

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/base/error.hpp>
#include <windlass/base/log.hpp>
#include <windlass/http/message.hpp>

namespace windlass::inline v0::health {

/// Says whether something is well; the error says what is not. Quick, never blocking; called from
/// the thread that serves probes. An exception counts as a failure.
using Check = std::function<Result<void>()>;

/// A set of named checks. Thread-safe.
class Checks {
 public:
  struct Outcome {
    std::string name;
    Result<void> result;
    bool excluded = false;  ///< not run
  };

  /// Throws Exception(invalid_argument) when the name is taken, empty, or has a slash.
  void add(std::string name, Check check);
  [[nodiscard]] std::vector<std::string> names() const;  ///< sorted
  /// Runs every check but the excluded, in order of their names. Without any check: one named
  /// "ping" that passes.
  [[nodiscard]] std::vector<Outcome> run(const std::vector<std::string>& excluded = {}) const;
  /// Runs the check of that name. Empty: there is none.
  [[nodiscard]] std::optional<Outcome> run_one(std::string_view name) const;

 private:
  using Entry = std::pair<std::string, Check>;
  [[nodiscard]] std::vector<Entry> entries() const;
  mutable std::mutex mutex_;
  std::vector<Entry> checks_;  // sorted by name
};

/// Answers GET and HEAD of /healthz, /livez (the same checks), /readyz and their single checks,
/// such as /readyz/cache: 200 with "ok", or 500. `?verbose` lists every check (a failure always
/// does);
/// `?exclude=name`, repeatable, leaves checks out. The list withholds reasons, for it is public; a
/// single check tells its own. Anything else: 404 or 405. Failures are logged with their reasons.
http::Response respond(const http::Request& request, const Checks& healthz, const Checks& readyz,
                       const Logger& log = {});

}  // namespace windlass::inline v0::health
