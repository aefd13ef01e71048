#include <algorithm>
#include <string_view>

#include <windlass/base/encoding.hpp>
#include <windlass/health/checks.hpp>

namespace windlass::inline v0::health {

namespace {

/// The request's path and the two parameters that matter.
struct Query {
  std::string path;
  bool verbose = false;
  std::vector<std::string> excluded;
};

std::string decoded(std::string_view text) {
  const auto result = decode_percent(text);
  return result ? *result : std::string(text);
}

Query parse(std::string_view target) {
  Query query;
  const auto mark = target.find('?');
  query.path = decoded(target.substr(0, mark));
  while (query.path.size() > 1 && query.path.ends_with('/')) query.path.pop_back();
  auto rest = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto parameter = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    const auto equals = parameter.find('=');
    const auto name = parameter.substr(0, equals);
    if (name == "verbose") query.verbose = true;
    if (name == "exclude" && equals != parameter.npos) {
      query.excluded.push_back(decoded(parameter.substr(equals + 1)));
    }
  }
  return query;
}

http::Response text(int status, std::string body) {
  return {status,
          {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}},
          std::move(body)};
}

Result<void> run_check(const Check& check) {
  try {
    return check();
  } catch (...) {
    return describe(std::current_exception());
  }
}

/// The warning for names in `excluded` that no check has.
std::string unknown_names(const std::vector<std::string>& excluded, const Checks& checks) {
  std::string list;
  const auto known = checks.names();
  for (const auto& name : excluded) {
    if (std::ranges::find(known, name) != known.end()) continue;
    list += (list.empty() ? "" : ", ") + quote_json(name);
  }
  if (list.empty()) return {};
  return "warn: some health checks cannot be excluded: no matches for " + list + "\n";
}

http::Response respond_all(const Query& query, const Checks& checks, const Logger& log) {
  bool failed = false;
  std::string lines;
  for (const auto& outcome : checks.run(query.excluded)) {
    if (outcome.excluded) {
      lines += "[+]" + outcome.name + " excluded: ok\n";
    } else if (outcome.result) {
      lines += "[+]" + outcome.name + " ok\n";
    } else {
      failed = true;
      lines += "[-]" + outcome.name + " failed: reason withheld\n";
      log.info("healthz check failed", {{"path", query.path},
                                        {"checker", outcome.name},
                                        {"error", outcome.result.error().message}});
    }
  }
  if (!failed && !query.verbose) return text(200, "ok");
  lines += unknown_names(query.excluded, checks);
  lines += failed ? "healthz check failed\n" : "healthz check passed\n";
  return text(failed ? 500 : 200, std::move(lines));
}

http::Response respond_one(const Query& query, const std::string& name, const Checks& checks,
                           const Logger& log) {
  const auto outcome = checks.run_one(name);
  if (!outcome) return text(404, "404 page not found\n");
  if (outcome->result) return text(200, "ok");
  const auto& reason = outcome->result.error().message;
  log.info("healthz check failed", {{"path", query.path}, {"checker", name}, {"error", reason}});
  return text(500, "internal server error: " + reason + "\n");
}

}  // namespace

void Checks::add(std::string name, Check check) {
  if (name.empty() || name.find('/') != std::string::npos) {
    throw Exception(Errc::invalid_argument, "a health check cannot be named \"" + name +
                                                "\": give it a name without slashes");
  }
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::lower_bound(checks_, name, {}, &Entry::first);
  if (at != checks_.end() && at->first == name) {
    throw Exception(Errc::invalid_argument,
                    "there is a health check \"" + name + "\" already; choose another name");
  }
  checks_.emplace(at, std::move(name), std::move(check));
}

std::vector<std::string> Checks::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, check] : checks_) names.push_back(name);
  return names;
}

std::vector<Checks::Entry> Checks::entries() const {
  const std::lock_guard lock(mutex_);
  if (checks_.empty()) return {{"ping", [] { return Result<void>(); }}};
  return checks_;
}

std::vector<Checks::Outcome> Checks::run(const std::vector<std::string>& excluded) const {
  std::vector<Outcome> outcomes;
  for (const auto& [name, check] : entries()) {
    const bool skip = std::ranges::find(excluded, name) != excluded.end();
    outcomes.push_back({name, skip ? Result<void>() : run_check(check), skip});
  }
  return outcomes;
}

std::optional<Checks::Outcome> Checks::run_one(std::string_view name) const {
  for (const auto& [known, check] : entries()) {
    if (known == name) return Outcome{known, run_check(check)};
  }
  return std::nullopt;
}

http::Response respond(const http::Request& request, const Checks& healthz, const Checks& readyz,
                       const Logger& log) {
  if (request.method != "GET" && request.method != "HEAD") {
    auto response = text(405, "405 method not allowed\n");
    response.headers.set("Allow", "GET, HEAD");
    return response;
  }
  const auto query = parse(request.target);
  for (const auto& [root, checks] :
       {std::pair<std::string_view, const Checks*>{"/healthz", &healthz},
        {"/livez", &healthz},
        {"/readyz", &readyz}}) {
    if (query.path == root) return respond_all(query, *checks, log);
    if (query.path.starts_with(std::string(root) + "/")) {
      return respond_one(query, query.path.substr(root.size() + 1), *checks, log);
    }
  }
  return text(404, "404 page not found\n");
}

}  // namespace windlass::inline v0::health
