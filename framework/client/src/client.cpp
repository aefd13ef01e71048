#include <list>
#include <map>
#include <set>

#include <boost/asio/post.hpp>

#include <windlass/base/encoding.hpp>
#include <windlass/client/client.hpp>
#include <windlass/client/request.hpp>
#include <windlass/client/retry.hpp>
#include <windlass/client/watch_decoder.hpp>
#include <windlass/http/client.hpp>

#include "credentials.hpp"
#include "status.hpp"

namespace windlass::inline v0::client {
namespace {

constexpr std::size_t kMaxBody = 64u << 20;
constexpr std::size_t kMaxList = 512u << 20;
constexpr std::size_t kMaxErrorBody = 1u << 20;
constexpr std::size_t kMaxWarnings = 1000;
/// Of a watch for which the server chooses the end: kube-apiserver ends it within an hour.
constexpr auto kLongestWatch = std::chrono::hours(1);
constexpr auto kWatchLeeway = std::chrono::seconds(30);
constexpr auto kDiscoveryAge = std::chrono::minutes(1);

/// One request of a verb, with all that is needed to send it any number of times.
struct Call {
  std::string what;
  http::Request request;
  Duration timeout{};
  std::size_t max_body = kMaxBody;
  std::shared_ptr<const WriteGate> gate = nullptr;  ///< none for reads
};

/// `299 - "text"`: the text.
std::string_view warning_text(std::string_view header) {
  const auto begin = header.find('"');
  const auto end = header.rfind('"');
  return begin == end ? header : header.substr(begin + 1, end - begin - 1);
}

Exception with_hint(const std::string& what, const Error& error, const Endpoint& server) {
  std::string text = what + ": " + error.message;
  if (error.code == Errc::refused) {
    text += "; is the API server at " + to_string(server) + " up, and the address right?";
  }
  return Exception(error.code, text);
}

bool succeeded(int status) { return status >= 200 && status < 300; }

[[noreturn]] void throw_api_error(const std::string& what, int status, const http::Headers& headers,
                                  std::string_view body) {
  throw ApiError(what, detail::status_of(status, body), retry_after_of(headers));
}

class EmptyWatch final : public Watch {
 public:
  Task<std::optional<WatchEvent>> next() override { co_return std::nullopt; }
};

class OpenWatch final : public Watch {
 public:
  OpenWatch(Clock& clock, std::unique_ptr<http::ResponseStream> stream, Duration limit,
            std::string what)
      : clock_(clock),
        stream_(std::move(stream)),
        ends_(clock.steady_now() + limit),
        what_(std::move(what)) {}

  Task<std::optional<WatchEvent>> next() override {
    for (;;) {
      auto event = decoder_.next();
      if (!event) throw Exception(event.error().within(what_));
      if (*event) co_return std::move(*event);
      auto reading = with_timeout(clock_, ends_ - clock_.steady_now(), what_, stream_->read());
      const std::string_view bytes = co_await std::move(reading);
      if (bytes.empty()) {
        if (!decoder_.at_boundary())
          throw Exception(Errc::closed, what_ + ": ended inside an event");
        co_return std::nullopt;
      }
      decoder_.feed(bytes);
    }
  }

 private:
  Clock& clock_;
  std::unique_ptr<http::ResponseStream> stream_;
  WatchDecoder decoder_;
  SteadyTime ends_;
  std::string what_;
};

}  // namespace

struct Client::Impl {
  Impl(Environment& e, Executor x, Config c, ClientOptions o)
      : environment(e),
        executor(std::move(x)),
        config(std::move(c)),
        options(std::move(o)),
        http(e, executor, http::ClientOptions{.server = config.server, .tls = config.tls}),
        credentials(std::make_shared<detail::Credentials>(e, executor, config)) {}

  Environment& environment;
  Executor executor;
  Config config;
  ClientOptions options;
  http::Client http;
  std::shared_ptr<detail::Credentials> credentials;
  std::set<std::string, std::less<>> warnings;  ///< seen so far

  struct Discovered {
    SteadyTime at{};
    std::map<std::string, const meta::OwnedResource*, std::less<>> by_kind;
  };
  std::map<std::string, Discovered, std::less<>> discovered;  ///< by apiVersion
  /// Never shrinks: what `resource_for` returned points here.
  std::list<meta::OwnedResource> resources;

  using Self = std::shared_ptr<Impl>;

  void count(const http::Request& request, const std::string& code) const {
    auto& registry = options.metrics != nullptr ? *options.metrics : null_metrics();
    registry
        .counter("rest_client_requests_total",
                 "Number of HTTP requests, partitioned by status code, method, and host.",
                 {{"code", code}, {"method", request.method}, {"host", to_string(config.server)}})
        .add();
  }

  void report_warnings(const http::Headers& headers) {
    for (const auto header : headers.all("Warning")) {
      const auto text = warning_text(header);
      if (warnings.contains(text) || warnings.size() >= kMaxWarnings) continue;
      warnings.emplace(text);
      if (options.on_warning) {
        options.on_warning(text);
      } else {
        environment.log().named("client").warn("The API server warns", {{"warning", text}});
      }
    }
  }

  /// The request as it goes out now.
  static Task<http::Request> prepared(Self self, http::Request request, bool force) {
    auto refreshing = detail::Credentials::refresh(self->credentials, force);
    co_await std::move(refreshing);
    if (auto tls = self->credentials->take_changed_tls()) {
      self->http.set_tls(std::move(*tls));
      self->http.drop_connections();
    }
    request.target.insert(0, self->config.path_prefix);
    request.headers.set("User-Agent", self->options.user_agent);
    self->credentials->authorize(request);
    co_return request;
  }

  /// How long the request may take: to its timeout or until the gate closes.
  static Duration limit_of(const Self& self, const Call& call) {
    if (!call.gate) return call.timeout;
    const auto until = call.gate->open_until();
    if (!until) throw Exception(until.error().within(call.what));
    const auto left = *until - self->environment.clock().boot_now();
    if (left <= Duration::zero()) {
      throw Exception(Errc::permission,
                      call.what + ": not the leader: the lease was not renewed in time");
    }
    return std::min(call.timeout, left);
  }

  struct Outcome {
    std::optional<http::Response> response;
    Error failure;
  };

  /// One attempt; trouble on the way is a value, cancellation an exception.
  static Task<Outcome> attempt(Self self, const Call& call, http::Request request) {
    Outcome outcome;
    std::exception_ptr failure;
    http::SendOptions options{.timeout = limit_of(self, call), .max_body_bytes = call.max_body};
    if (call.gate) {
      // the wait for a connection may have been long, or a suspension, which the time-out misses
      options.fence = [gate = call.gate]() -> Result<void> {
        if (const auto until = gate->open_until(); !until) return until.error();
        return {};
      };
    }
    try {
      auto sending = self->http.send(request, options);
      outcome.response = co_await std::move(sending);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) {
      outcome.failure = describe(failure);
      self->count(request, "<error>");
      co_return outcome;
    }
    self->count(request, std::to_string(outcome.response->status));
    self->report_warnings(outcome.response->headers);
    co_return outcome;
  }

  /// Sends, repeats by the rules, and returns the last answer, whatever its status.
  static Task<http::Response> perform(Self self, std::shared_ptr<const Call> call) {
    RetryPolicy policy({.idempotent_read = call->request.method == "GET",
                        .can_reauthenticate = self->credentials->can_refresh()});
    bool force = false;
    for (;;) {
      auto preparing = prepared(self, call->request, force);
      http::Request request = co_await std::move(preparing);
      auto attempting = attempt(self, *call, std::move(request));
      Outcome outcome = co_await std::move(attempting);
      Attempt result{.failure = outcome.failure.code};
      if (outcome.response) {
        result.status = outcome.response->status;
        result.retry_after = retry_after_of(outcome.response->headers);
      }
      const auto decision = policy.next(result);
      if (decision.next == RetryPolicy::Next::stop) {
        if (!outcome.response) throw with_hint(call->what, outcome.failure, self->config.server);
        co_return std::move(*outcome.response);
      }
      force = decision.next == RetryPolicy::Next::reauthenticate;
      if (decision.delay > Duration::zero()) {
        auto pause = sleep_for(self->environment.clock(), decision.delay);
        co_await std::move(pause);
      }
    }
  }

  /// The body of a successful answer.
  static Task<std::string> body(Self self, std::shared_ptr<const Call> call) {
    auto performing = perform(std::move(self), call);
    http::Response response = co_await std::move(performing);
    if (!succeeded(response.status)) {
      throw_api_error(call->what, response.status, response.headers, response.body);
    }
    co_return std::move(response.body);
  }

  /// Whether a 404 is about the object, not about its whole type (a missing CRD).
  static bool is_absence(const http::Response& response) {
    if (response.status != 404) return false;
    const auto status = detail::status_from(response.body);
    return status && status->details && !status->details->name.empty();
  }

  /// As `body`, but nothing when there is no such object.
  static Task<std::optional<std::string>> body_if_found(Self self,
                                                        std::shared_ptr<const Call> call) {
    auto performing = perform(std::move(self), call);
    http::Response response = co_await std::move(performing);
    if (is_absence(response)) co_return std::nullopt;
    if (!succeeded(response.status)) {
      throw_api_error(call->what, response.status, response.headers, response.body);
    }
    co_return std::move(response.body);
  }

  static Task<ListPage> page(Task<std::string> body) {
    ListPage result;
    result.body = co_await std::move(body);
    co_return result;
  }

  static Task<bool> was_found(Task<std::optional<std::string>> body) {
    const auto text = co_await std::move(body);
    co_return text.has_value();
  }

  static Task<std::string> read_all(std::unique_ptr<http::ResponseStream>& stream) {
    std::string text;
    for (;;) {
      auto reading = stream->read();
      const std::string_view bytes = co_await std::move(reading);
      if (bytes.empty()) co_return text;
      text += bytes;
      if (text.size() > kMaxErrorBody) co_return text;
    }
  }

  struct Opened {
    std::unique_ptr<http::ResponseStream> stream;
    http::Response refusal;  ///< when there is no stream
    Error failure;           ///< when there is no answer at all
  };

  static Task<Opened> open(Self self, std::shared_ptr<const Call> call, http::Request request) {
    Opened opened;
    std::exception_ptr failure;
    try {
      auto opening = self->http.open(request, {.timeout = call->timeout});
      opened.stream = co_await std::move(opening);
      if (!succeeded(opened.stream->status())) {
        opened.refusal.status = opened.stream->status();
        opened.refusal.headers = opened.stream->headers();
        auto reading = windlass::with_timeout(self->environment.clock(), call->timeout, call->what,
                                              read_all(opened.stream));
        opened.refusal.body = co_await std::move(reading);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) {
      opened.stream.reset();
      opened.failure = describe(failure);
      opened.refusal.status = 0;
      self->count(request, "<error>");
      co_return opened;
    }
    self->count(request, std::to_string(opened.stream->status()));
    self->report_warnings(opened.stream->headers());
    if (!succeeded(opened.stream->status())) opened.stream.reset();
    co_return opened;
  }

  static Task<std::unique_ptr<Watch>> open_watch(Self self, std::shared_ptr<const Call> call,
                                                 Duration limit) {
    RetryPolicy policy({.can_reauthenticate = self->credentials->can_refresh()});
    bool force = false;
    for (;;) {
      auto preparing = prepared(self, call->request, force);
      http::Request request = co_await std::move(preparing);
      auto opening = open(self, call, std::move(request));
      Opened opened = co_await std::move(opening);
      if (opened.stream) {
        co_return std::make_unique<OpenWatch>(self->environment.clock(), std::move(opened.stream),
                                              limit, call->what);
      }
      const auto retry_after = retry_after_of(opened.refusal.headers);
      const Attempt result{opened.refusal.status, retry_after, opened.failure.code};
      const auto decision = policy.next(result);
      if (decision.next == RetryPolicy::Next::stop) {
        // a stream that ends before it began is an empty one
        if (result.status == 0 && result.failure == Errc::closed)
          co_return std::make_unique<EmptyWatch>();
        if (result.status == 0) throw with_hint(call->what, opened.failure, self->config.server);
        throw_api_error(call->what, result.status, opened.refusal.headers, opened.refusal.body);
      }
      force = decision.next == RetryPolicy::Next::reauthenticate;
      if (decision.delay > Duration::zero()) {
        auto pause = sleep_for(self->environment.clock(), decision.delay);
        co_await std::move(pause);
      }
    }
  }

  static Task<meta::Resource> discover(Self self, meta::GroupVersionKind kind, Duration timeout) {
    const std::string api_version = kind.api_version();
    const auto now = self->environment.clock().steady_now();
    auto known = self->discovered.find(api_version);
    const bool fresh = known != self->discovered.end() && now - known->second.at < kDiscoveryAge &&
                       known->second.by_kind.contains(kind.kind);
    if (!fresh) {
      auto call = std::make_shared<Call>();
      call->what = "discover " + api_version + ", Kind=" + kind.kind;
      call->request.target =
          kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
      call->request.headers.set("Accept", "application/json");
      call->timeout = timeout;
      auto fetching = perform(self, call);
      const http::Response response = co_await std::move(fetching);
      if (response.status == 404) throw unknown_kind(kind);
      if (!succeeded(response.status)) {
        throw_api_error(call->what, response.status, response.headers, response.body);
      }
      self->learn(api_version, kind, response.body, now);
      known = self->discovered.find(api_version);
    }
    const auto found = known->second.by_kind.find(kind.kind);
    if (found == known->second.by_kind.end()) throw unknown_kind(kind);
    co_return found->second->view();
  }

  static ApiError unknown_kind(const meta::GroupVersionKind& kind) {
    meta::Status status;
    status.code = 404;
    status.reason = "NotFound";
    status.message = "the server does not know the kind " + kind.to_string() +
                     "; install its CustomResourceDefinition first";
    return ApiError("discover " + kind.api_version(), std::move(status));
  }

  /// Takes over an APIResourceList.
  void learn(const std::string& api_version, const meta::GroupVersionKind& kind,
             std::string_view text, SteadyTime now) {
    const auto document = json::parse(text);
    if (!document) throw Exception(document.error().within("discover " + api_version));
    auto& known = discovered[api_version];
    known.at = now;
    known.by_kind.clear();
    const auto& list = (*document)["resources"];
    if (!list.is_array()) return;
    std::set<std::string, std::less<>> with_status;
    for (const auto& item : list.as_array()) {
      const auto name = item["name"].string_or("");
      if (name.ends_with("/status")) with_status.emplace(name.substr(0, name.size() - 7));
    }
    for (const auto& item : list.as_array()) {
      const auto name = item["name"].string_or("");
      const auto item_kind = item["kind"].string_or("");
      if (name.find('/') != std::string_view::npos || known.by_kind.contains(item_kind)) continue;
      meta::OwnedResource resource;
      resource.group = kind.group;
      resource.version = kind.version;
      resource.kind = item_kind;
      resource.plural = name;
      resource.namespaced = item["namespaced"].bool_or(false);
      resource.has_status = with_status.contains(name);
      known.by_kind.emplace(std::string(item_kind), intern(std::move(resource)));
    }
  }

  const meta::OwnedResource* intern(meta::OwnedResource resource) {
    for (const auto& known : resources) {
      if (known == resource) return &known;
    }
    resources.push_back(std::move(resource));
    return &resources.back();
  }
};

namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw Exception(result.error());
  return std::move(*result);
}

std::shared_ptr<const Call> make_call(std::string what, Result<http::Request> request,
                                      Duration timeout,
                                      std::shared_ptr<const WriteGate> gate = nullptr,
                                      std::size_t max_body = kMaxBody) {
  auto call = std::make_shared<Call>();
  call->what = std::move(what);
  if (!request) throw Exception(request.error().within(call->what));
  call->request = std::move(*request);
  call->timeout = timeout;
  call->gate = std::move(gate);
  call->max_body = max_body;
  return call;
}

template <class Options>
Options managed(Options options, const std::string& field_manager) {
  if (options.field_manager.empty()) options.field_manager = field_manager;
  return options;
}

}  // namespace

Client::Client(Environment& environment, Executor executor, Config config, ClientOptions options)
    : field_manager_(options.field_manager), timeout_(options.timeout) {
  impl_ = std::make_shared<Impl>(environment, std::move(executor), std::move(config),
                                 std::move(options));
}

Client Client::with_gate(std::shared_ptr<const WriteGate> gate) const {
  Client copy = *this;
  copy.gate_ = std::move(gate);
  return copy;
}

Client Client::with_field_manager(std::string field_manager) const {
  Client copy = *this;
  copy.field_manager_ = std::move(field_manager);
  return copy;
}

Client Client::with_timeout(Duration timeout) const {
  Client copy = *this;
  copy.timeout_ = timeout;
  return copy;
}

Task<std::string> Client::get_text(meta::Resource resource, meta::ObjectKey key,
                                   std::string subresource, GetOptions options) const {
  auto call = make_call(describe_request("get", resource, key, subresource),
                        get_request(resource, key, subresource, options), timeout_);
  return run_on(impl_->executor, Impl::body(impl_, std::move(call)));
}

Task<std::optional<std::string>> Client::find_text(meta::Resource resource, meta::ObjectKey key,
                                                   GetOptions options) const {
  auto call = make_call(describe_request("get", resource, key),
                        get_request(resource, key, {}, options), timeout_);
  return run_on(impl_->executor, Impl::body_if_found(impl_, std::move(call)));
}

Task<ListPage> Client::list_page(meta::Resource resource, ListOptions options) const {
  auto call = make_call(describe_request("list", resource, {options.namespace_, {}}),
                        list_request(resource, options), timeout_, nullptr, kMaxList);
  return run_on(impl_->executor, Impl::page(Impl::body(impl_, std::move(call))));
}

Task<std::unique_ptr<Watch>> Client::watch(meta::Resource resource, WatchOptions options) const {
  auto call = make_call(describe_request("watch", resource, {options.namespace_, {}}),
                        watch_request(resource, options), timeout_);
  const Duration lasts = options.timeout_seconds > 0
                             ? Duration(std::chrono::seconds(options.timeout_seconds))
                             : kLongestWatch;
  return run_on(impl_->executor, Impl::open_watch(impl_, std::move(call), lasts + kWatchLeeway));
}

Task<std::string> Client::create_text(meta::Resource resource, meta::ObjectKey key,
                                      std::string body, CreateOptions options,
                                      std::string subresource) const {
  auto call = make_call(describe_request("create", resource, key, subresource),
                        create_request(resource, key, subresource, std::move(body),
                                       managed(std::move(options), field_manager_)),
                        timeout_, gate_);
  return run_on(impl_->executor, Impl::body(impl_, std::move(call)));
}

Task<std::string> Client::update_text(meta::Resource resource, meta::ObjectKey key,
                                      std::string subresource, std::string body,
                                      UpdateOptions options) const {
  auto call = make_call(describe_request("update", resource, key, subresource),
                        update_request(resource, key, subresource, std::move(body),
                                       managed(std::move(options), field_manager_)),
                        timeout_, gate_);
  return run_on(impl_->executor, Impl::body(impl_, std::move(call)));
}

Task<std::string> Client::patch_text(meta::Resource resource, meta::ObjectKey key,
                                     std::string subresource, PatchType type, std::string body,
                                     PatchOptions options) const {
  auto call = make_call(describe_request("patch", resource, key, subresource),
                        patch_request(resource, key, subresource, type, std::move(body),
                                      managed(std::move(options), field_manager_)),
                        timeout_, gate_);
  return run_on(impl_->executor, Impl::body(impl_, std::move(call)));
}

Task<std::string> Client::apply_text(meta::Resource resource, meta::ObjectKey key,
                                     std::string subresource, std::string body,
                                     ApplyOptions options) const {
  auto call = make_call(describe_request("apply", resource, key, subresource),
                        apply_request(resource, key, subresource, std::move(body),
                                      managed(std::move(options), field_manager_)),
                        timeout_, gate_);
  return run_on(impl_->executor, Impl::body(impl_, std::move(call)));
}

Task<bool> Client::remove(meta::Resource resource, meta::ObjectKey key,
                          DeleteOptions options) const {
  auto call = make_call(describe_request("delete", resource, key),
                        delete_request(resource, key, options), timeout_, gate_);
  return run_on(impl_->executor, Impl::was_found(Impl::body_if_found(impl_, std::move(call))));
}

Task<std::string> Client::raw_get(std::string target) const {
  http::Request request{.method = "GET", .target = target};
  auto call = make_call("get " + target, std::move(request), timeout_);
  return run_on(impl_->executor, Impl::body(impl_, std::move(call)));
}

Task<meta::Resource> Client::resource_for(meta::GroupVersionKind kind) const {
  return run_on(impl_->executor, Impl::discover(impl_, std::move(kind), timeout_));
}

Executor Client::executor() const { return impl_->executor; }
Environment& Client::environment() const { return impl_->environment; }
const Config& Client::config() const { return impl_->config; }

void Client::abort_connections() const {
  boost::asio::post(impl_->executor, [impl = impl_] { impl->http.abort_connections(); });
}

}  // namespace windlass::inline v0::client
