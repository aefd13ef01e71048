#include <windlass/cache/cache.hpp>

namespace windlass::inline v0::cache {
namespace {

std::string name_of(const meta::Resource& resource) {
  return std::string(resource.group) + "/" + std::string(resource.version) + "/" +
         std::string(resource.plural);
}

}  // namespace

Cache::Cache(client::Client client, CacheOptions options)
    : client_(std::move(client)), options_(std::move(options)) {}
Cache::~Cache() = default;

Informer& Cache::informer(const Kind& kind) {
  if (auto* existing = find(kind.resource)) return *existing;
  const auto name = name_of(kind.resource);
  const auto configured = configured_.find(name);
  auto made = std::make_unique<Informer>(
      client_, kind, configured == configured_.end() ? options_.defaults : configured->second);
  auto& informer = *made;
  {
    const std::lock_guard lock(mutex_);
    informers_.emplace(name, std::move(made));
  }
  if (running_) start(informer);
  return informer;
}

void Cache::configure(const meta::Resource& resource, InformerOptions options) {
  if (find(resource) != nullptr) {
    throw Exception(Errc::invalid_argument, "the informer of " + std::string(resource.plural) +
                                                " is already made; configure it earlier");
  }
  configured_[name_of(resource)] = std::move(options);
}

Informer* Cache::find(const meta::Resource& resource) const {
  const std::lock_guard lock(mutex_);
  const auto found = informers_.find(name_of(resource));
  return found == informers_.end() ? nullptr : found->second.get();
}

std::vector<const Informer*> Cache::informers() const {
  const std::lock_guard lock(mutex_);
  std::vector<const Informer*> all;
  for (const auto& [name, informer] : informers_) all.push_back(informer.get());
  return all;
}

void Cache::start(Informer& informer) {
  auto task = informer.run();
  running_->spawn("informer", std::move(task));
}

Task<void> Cache::run() {
  running_ = std::make_unique<TaskGroup>(client_.executor());
  for (const auto& [name, informer] : informers_) start(*informer);
  Event never(client_.executor());
  std::exception_ptr stopped;
  try {
    co_await never.wait();
  } catch (...) {
    stopped = std::current_exception();
  }
  co_await ignore_cancellation();
  co_await running_->stop();
  std::rethrow_exception(stopped);
}

bool Cache::has_synced() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, informer] : informers_) {
    if (!informer->has_synced()) return false;
  }
  return true;
}

Task<void> Cache::wait_for_sync() {
  std::vector<Informer*> all;
  for (const auto& [name, informer] : informers_) all.push_back(informer.get());
  const auto deadline = client_.environment().clock().steady_now() + options_.sync_timeout;
  for (auto* informer : all) {
    if (informer->has_synced()) continue;
    const auto left = deadline - client_.environment().clock().steady_now();
    const std::string plural(informer->store().kind().resource.plural);
    auto syncing = informer->wait_for_sync();
    auto limited = with_timeout(client_.environment().clock(), std::max(left, Duration(1)),
                                "the first list of " + plural, std::move(syncing));
    std::exception_ptr failure;
    try {
      co_await std::move(limited);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) continue;
    const auto error = describe(failure);
    if (error.code != Errc::timeout) std::rethrow_exception(failure);
    const auto trouble = informer->last_trouble();
    throw Exception(Errc::timeout, error.message + (trouble.empty() ? "" : ": " + trouble));
  }
}

}  // namespace windlass::inline v0::cache
