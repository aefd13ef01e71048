#include <algorithm>

#include <windlass/cache/reflector_machine.hpp>
#include <windlass/client/api_error.hpp>

namespace windlass::inline v0::cache {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstWait = 800ms;
constexpr Duration kLongestWait = 30s;
constexpr Duration kCalm = 2min;
constexpr Duration kShortWatch = 1s;

}  // namespace

Trouble classify(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const client::ApiError& error) {
    if (error.is_expired()) return Trouble::expired;
    if (error.is_too_large_resource_version()) return Trouble::version_too_large;
    const int status = error.http_status();
    return status == 429 || status >= 500 ? Trouble::busy : Trouble::other;
  } catch (const Exception& error) {
    switch (error.code()) {
      case Errc::io:
      case Errc::refused:
      case Errc::closed:
      case Errc::timeout:
      case Errc::tls:
      case Errc::unavailable:
        return Trouble::busy;
      default:
        return Trouble::other;
    }
  } catch (...) {
    return Trouble::other;
  }
}

ReflectorAction ReflectorMachine::next(SteadyTime now) {
  if (wait_until_ > now) return WaitAction{wait_until_};
  if (step_ == Step::list) {
    return ListAction{list_version_, continue_, full_list_ ? 0 : page_size_};
  }
  // uniform in 5 to 10 minutes, so that watches of many clients do not end together
  return WatchAction{last_version_, random_.between(300, 600)};
}

bool ReflectorMachine::listed(std::string resource_version, std::string continue_token) {
  continue_ = std::move(continue_token);
  if (!continue_.empty()) return false;
  last_version_ = std::move(resource_version);
  list_version_ = last_version_;
  full_list_ = false;
  ever_listed_ = true;
  step_ = Step::watch;
  return true;
}

void ReflectorMachine::list_failed(Trouble why, SteadyTime now) {
  const bool later_page = !continue_.empty();
  continue_.clear();
  if (why == Trouble::expired && later_page) {
    full_list_ = true;
    return;
  }
  full_list_ = false;
  if ((why == Trouble::expired || why == Trouble::version_too_large) && !list_version_.empty()) {
    list_version_.clear();
    return;
  }
  back_off(now);
}

void ReflectorMachine::watch_started(SteadyTime now) {
  watch_started_ = now;
  saw_event_ = false;
}

void ReflectorMachine::observed(std::string resource_version) {
  saw_event_ = true;
  if (resource_version.empty()) return;
  last_version_ = std::move(resource_version);
  list_version_ = last_version_;
}

void ReflectorMachine::watch_ended(Trouble why, SteadyTime now) {
  switch (why) {
    case Trouble::none:
      if (!saw_event_ && now - watch_started_ < kShortWatch) back_off(now);
      return;
    case Trouble::busy:
      back_off(now);
      return;
    case Trouble::version_too_large:
    case Trouble::expired:
      step_ = Step::list;
      list_version_ = last_version_;
      return;
    case Trouble::other:
      step_ = Step::list;
      list_version_ = last_version_;
      back_off(now);
      return;
  }
}

void ReflectorMachine::back_off(SteadyTime now) {
  const bool calm = last_trouble_ == SteadyTime{} || now - last_trouble_ > kCalm;
  backoff_ = calm ? kFirstWait : std::min(backoff_ * 2, kLongestWait);
  last_trouble_ = now;
  const double jitter = 1.0 + random_.uniform();
  wait_until_ = now + std::chrono::duration_cast<Duration>(backoff_ * jitter);
}

}  // namespace windlass::inline v0::cache
