#include <unordered_set>

#include <windlass/cache/informer.hpp>
#include <windlass/cache/resource_version.hpp>
#include <windlass/json/stream.hpp>

namespace windlass::inline v0::cache {
namespace {

using namespace std::chrono_literals;

/// Objects decoded before other work of the thread gets its turn.
constexpr int kSlice = 32;

}  // namespace

/// One list and watch: a namespace, or everything.
struct Informer::Scope {
  Scope(std::string n, Random& random) : namespace_(std::move(n)), machine(random) {}
  std::string namespace_;
  ReflectorMachine machine;
  std::vector<ObjectPtr> pending;           ///< pages of a list that is not complete yet
  std::vector<meta::ObjectKey> unreadable;  ///< of the same pages: what the type cannot hold
  bool synced = false;
};

Informer::Informer(client::Client client, const Kind& kind, InformerOptions options)
    : client_(std::move(client)),
      kind_(kind),
      options_(std::move(options)),
      environment_(client_.environment()),
      log_(environment_.log().named("cache").with({{"resource", kind.resource.plural}})),
      store_(kind, options_.keep_decoded),
      progress_(client_.executor()) {
  auto namespaces = options_.namespaces;
  if (namespaces.empty() || !kind_.resource.namespaced) namespaces = {""};
  for (auto& name : namespaces) {
    scopes_.push_back(std::make_shared<Scope>(name, environment_.random()));
  }
  unsynced_scopes_ = scopes_.size();
}

Informer::~Informer() = default;

void Informer::add_handler(ObjectHandler handler) {
  if (handler.on_add) {
    for (const auto& key : store_.keys()) handler.on_add(store_.get(key), true);
  }
  handlers_.push_back(std::move(handler));
}

Task<void> Informer::run() {
  const auto executor = client_.executor();
  TaskGroup group(executor, [this](std::string_view, std::exception_ptr failure) {
    log_.error("an informer stopped; this is a bug", {{"error", describe(failure).message}});
    environment_.terminate(1);
  });
  for (const auto& scope : scopes_) {
    auto task = run_scope(scope);
    group.spawn("informer " + std::string(kind_.resource.plural), std::move(task));
  }
  auto resyncs = resync();
  group.spawn("resync " + std::string(kind_.resource.plural), std::move(resyncs));
  std::exception_ptr stopped;
  try {
    co_await group.join();
  } catch (...) {
    stopped = std::current_exception();
  }
  co_await ignore_cancellation();
  co_await group.stop();
  if (stopped) std::rethrow_exception(stopped);
}

Task<void> Informer::run_scope(std::shared_ptr<Scope> scope) {
  for (;;) {
    const auto action = scope->machine.next(environment_.clock().steady_now());
    if (const auto* wait = std::get_if<WaitAction>(&action)) {
      Timer timer(environment_.clock(), client_.executor());
      co_await timer.wait_until(wait->until);
    } else if (const auto* page = std::get_if<ListAction>(&action)) {
      co_await list(scope, *page);
    } else {
      co_await watch(scope, std::get<WatchAction>(action));
    }
  }
}

Task<void> Informer::list(std::shared_ptr<Scope> scope, ListAction action) {
  client::ListOptions options;
  options.namespace_ = scope->namespace_;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.resource_version = action.resource_version;
  options.limit = action.limit;
  options.continue_ = action.continue_;
  if (!action.continue_.empty()) options.resource_version.clear();  // the token holds it
  std::exception_ptr failure;
  try {
    const auto page = co_await client_.list_page(kind_.resource, options);
    json::ListDecoder items(page.body);
    int decoded_in_slice = 0;
    for (;;) {
      auto object = kind_.make();
      const auto found = items.next(*kind_.shape, object.get()).value();
      if (found == json::ListDecoder::Next::end) break;
      if (found == json::ListDecoder::Next::decoded) {
        scope->pending.push_back(std::move(object));
      } else {
        scope->unreadable.push_back(leave_out(items.text(), items.problem()));
      }
      if (++decoded_in_slice == kSlice) {
        decoded_in_slice = 0;
        co_await yield();
      }
    }
    const auto& head = items.head();
    if (scope->machine.listed(head.resource_version, head.continue_)) commit(*scope);
    clear_trouble();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  scope->pending.clear();
  scope->unreadable.clear();
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  report(*scope, failure);
  scope->machine.list_failed(classify(failure), environment_.clock().steady_now());
}

Task<void> Informer::watch(std::shared_ptr<Scope> scope, WatchAction action) {
  client::WatchOptions options;
  options.namespace_ = scope->namespace_;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.resource_version = action.resource_version;
  options.timeout_seconds = action.timeout_seconds;
  auto& clock = environment_.clock();
  scope->machine.watch_started(clock.steady_now());
  std::exception_ptr failure;
  try {
    const auto stream = co_await client_.watch(kind_.resource, options);
    clear_trouble();
    for (;;) {
      auto event = co_await stream->next();
      if (!event) break;
      apply(*scope, std::move(*event));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure) report(*scope, failure);
  scope->machine.watch_ended(failure ? classify(failure) : Trouble::none, clock.steady_now());
}

Task<void> Informer::resync() {
  if (options_.resync <= Duration::zero()) co_return;
  for (;;) {
    const double factor = 0.9 + 0.2 * environment_.random().uniform();
    const auto pause = std::chrono::duration_cast<Duration>(options_.resync * factor);
    co_await sleep_for(environment_.clock(), pause);
    int in_slice = 0;
    for (const auto& key : store_.keys()) {
      const auto object = store_.get(key);
      if (!object) continue;  // gone meanwhile
      for (const auto& handler : handlers_) {
        if (handler.on_update) handler.on_update(object, object);
      }
      if (++in_slice % kSlice == 0) co_await yield();
    }
  }
}

void Informer::apply(Scope& scope, client::WatchEvent event) {
  if (event.type == client::EventType::error) {
    auto status = json::decode<meta::Status>(event.object);
    if (!status) throw Exception(status.error());
    throw client::ApiError("watch " + std::string(kind_.resource.plural), std::move(*status));
  }
  const auto envelope = json::envelope(event.object).value();
  const meta::ObjectKey key{envelope.namespace_, envelope.name};
  if (event.type != client::EventType::bookmark) {
    auto decoded = kind_.decode(event.object);
    if (!decoded) leave_out(event.object, decoded.error());
    if (event.type != client::EventType::deleted) {
      if (decoded) upsert(std::move(*decoded), false);
    } else {
      // the event holds the last state; handlers are to see it, not the one before
      if (decoded && store_.version(key)) store_.put(key, std::move(*decoded));
      remove(key);
    }
  }
  scope.machine.observed(envelope.resource_version);
  progress_.set();
  progress_.reset();
}

void Informer::commit(Scope& scope) {
  const bool initial = !scope.synced;
  std::unordered_set<std::string> present;
  for (auto& object : scope.pending) {
    const auto key = kind_.metadata(object.get()).key();
    present.insert(key.to_string());
    if (store_.version(key) == kind_.metadata(object.get()).resource_version) continue;
    upsert(object, initial);
    object.reset();
  }
  scope.pending.clear();
  scope.pending.shrink_to_fit();
  for (const auto& key : scope.unreadable) present.insert(key.to_string());
  scope.unreadable.clear();
  for (const auto& key : store_.keys(scope.namespace_)) {
    if (!present.contains(key.to_string())) remove(key);
  }
  {
    const std::lock_guard lock(trouble_mutex_);
    std::erase_if(left_out_, [&](const meta::ObjectKey& key) {
      return scope_of(key.namespace_) == &scope && !present.contains(key.to_string());
    });
  }
  if (initial) {
    scope.synced = true;
    --unsynced_scopes_;
    log_.info("Cache synced", {{"objects", store_.size()}, {"namespace", scope.namespace_}});
  }
  progress_.set();
  progress_.reset();
}

void Informer::upsert(const ObjectPtr& object, bool initial) {
  const auto key = kind_.metadata(object.get()).key();
  take_in(key);
  const auto before = store_.put(key, object);
  for (const auto& handler : handlers_) {
    if (!before && handler.on_add) handler.on_add(object, initial);
    if (before && handler.on_update) handler.on_update(before, object);
  }
}

void Informer::remove(const meta::ObjectKey& key) {
  take_in(key);
  const auto last = store_.erase(key);
  if (!last) return;
  for (const auto& handler : handlers_) {
    if (handler.on_delete) handler.on_delete(last);
  }
}

meta::ObjectKey Informer::leave_out(std::string_view text, const Error& why) {
  // bytes that are no JSON say nothing about the object: the request has to be made again
  if (const auto whole = json::parse(text); !whole) throw Exception(whole.error());
  const auto envelope = json::envelope(text).value();
  const meta::ObjectKey key{envelope.namespace_, envelope.name};
  {
    const std::lock_guard lock(trouble_mutex_);
    if (!left_out_.insert(key).second) return key;
  }
  log_.error(
      "An object is left out, because its type cannot hold it",
      {{"name", key.name},
       {"namespace", key.namespace_},
       {"error", why.message},
       {"remedy", "mend the object, or generate the type from the CRD that the server has"}});
  return key;
}

void Informer::take_in(const meta::ObjectKey& key) {
  const std::lock_guard lock(trouble_mutex_);
  left_out_.erase(key);
}

bool Informer::covers(const meta::ObjectKey& key) const {
  if (scope_of(key.namespace_) == nullptr) return false;
  if (!options_.label_selector.empty() || !options_.field_selector.empty()) return false;
  const std::lock_guard lock(trouble_mutex_);
  return !left_out_.contains(key);
}

const Informer::Scope* Informer::scope_of(std::string_view namespace_) const {
  for (const auto& scope : scopes_) {
    if (scope->namespace_.empty() || scope->namespace_ == namespace_) return scope.get();
  }
  return nullptr;
}

Task<bool> Informer::wait_for(std::function<bool()> done, Duration limit) {
  const auto deadline = environment_.clock().steady_now() + limit;
  while (!done()) {
    const auto left = deadline - environment_.clock().steady_now();
    if (left <= Duration::zero()) co_return false;
    auto progress = progress_.wait();
    auto guarded =
        with_timeout(environment_.clock(), left, "waiting for the cache", std::move(progress));
    std::exception_ptr failure;
    try {
      co_await std::move(guarded);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure && describe(failure).code != Errc::timeout) std::rethrow_exception(failure);
  }
  co_return true;
}

Task<void> Informer::wait_for_sync() {
  while (!has_synced()) co_await progress_.wait();
}

Task<bool> Informer::wait_for_version(std::string namespace_, std::string resource_version,
                                      Duration limit) {
  const auto* scope = scope_of(namespace_);
  if (scope == nullptr) co_return true;  // not in this cache at all
  auto done = [scope, version = std::move(resource_version)] {
    return reached(scope->machine.last_version(), version);
  };
  auto waiting = wait_for(std::move(done), limit);
  co_return co_await std::move(waiting);
}

Task<bool> Informer::wait_for_removal(meta::ObjectKey key, std::string uid, Duration limit) {
  auto done = [this, key = std::move(key), uid = std::move(uid)] {
    const auto object = store_.get(key);
    if (!object) return true;
    const auto& metadata = kind_.metadata(object.get());
    return metadata.uid != uid || metadata.is_deleting();
  };
  auto waiting = wait_for(std::move(done), limit);
  co_return co_await std::move(waiting);
}

std::string Informer::last_trouble() const {
  const std::lock_guard lock(trouble_mutex_);
  return trouble_;
}

void Informer::clear_trouble() {
  const std::lock_guard lock(trouble_mutex_);
  if (!trouble_.empty()) log_.info("List and watch work again");
  trouble_.clear();
}

namespace {

struct Diagnosis {
  std::string message;
  std::string_view remedy;
  bool expected = false;  ///< the normal way to learn that history was compacted
};

Diagnosis diagnose(const std::exception_ptr& failure) {
  const auto error = describe(failure);
  Diagnosis found{error.message, {}};
  if (error.code == Errc::tls) {
    found.remedy =
        "compare the certificates of the kubeconfig (certificate-authority, client-certificate), "
        "or in a cluster ca.crt of the service account, with the server's";
  }
  try {
    std::rethrow_exception(failure);
  } catch (const client::ApiError& refusal) {
    found.expected = refusal.is_expired();
    if (refusal.is_not_found()) {
      found.remedy = "the server does not serve this type; install its CRD";
    } else if (refusal.is_forbidden()) {
      found.remedy = "grant the verbs list and watch on it to this program's service account";
    } else if (refusal.is_unauthorized()) {
      found.remedy =
          "the server does not know these credentials, or they have expired: renew the "
          "kubeconfig's token or client certificate, or look at the service account of the pod";
    }
  } catch (...) {
  }
  return found;
}

}  // namespace

void Informer::report(const Scope& scope, const std::exception_ptr& failure) {
  const auto [message, remedy, expected] = diagnose(failure);
  if (expected) return;
  const auto now = environment_.clock().steady_now();
  bool worth_a_line = false;
  {
    const std::lock_guard lock(trouble_mutex_);
    worth_a_line = message != trouble_ || now - trouble_logged_ >= 1min;
    trouble_ = message;
    if (worth_a_line) trouble_logged_ = now;
  }
  // a watch that breaks is daily business; a first list that fails keeps the program from working
  if (!worth_a_line) return;
  const auto level = scope.synced ? LogLevel::info : LogLevel::warn;
  log_.log(level, "Cannot list or watch, will retry",
           {{"error", message}, {"namespace", scope.namespace_}, {"remedy", remedy}});
}

}  // namespace windlass::inline v0::cache
