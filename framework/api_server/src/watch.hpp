#pragma once
// One watch: changes in, JSON lines out.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <windlass/api_server/core.hpp>

#include "registry.hpp"
#include "request.hpp"
#include "selector.hpp"
#include "store.hpp"

namespace windlass::inline v0::api_server {

struct State;

struct WatchSettings {
  State* state;  ///< outlives the watch
  ResourcePtr resource;
  Selection selection;
  ObjectForm form = ObjectForm::whole;
  bool bookmarks = false;
  SteadyTime ends;
  Duration bookmark_interval{};
};

class WatchStream final : public EventStream, public ChangeSink {
 public:
  WatchStream(Clock& clock, const Store& store, WatchSettings settings);

  Task<void> prepare(Executor executor) override;
  std::string take() override;
  [[nodiscard]] bool ended() const override { return ended_; }
  [[nodiscard]] std::optional<SteadyTime> wakes_at() const override;
  void on_ready(std::function<void()> callback) override { ready_ = std::move(callback); }

  void changed(const Change& change) override;
  [[nodiscard]] const std::string& storage() const { return settings_.resource->storage; }
  /// An object of the initial state.
  void initial(const StoredPtr& object);
  /// A bookmark at `revision`; `initial_end` marks the end of the initial events.
  void bookmark(std::uint64_t revision, bool initial_end);
  /// A Status as the last event.
  void fail(const json::Value& status);
  void end();

 private:
  struct Item {
    const char* type;
    StoredPtr object;
    std::string text;                           ///< instead of an object
    std::optional<json::Value> converted = {};  ///< by a webhook
  };
  [[nodiscard]] bool waits(const Item& item) const;
  void push(Item item);
  [[nodiscard]] std::string encode(const Item& item);

  Clock& clock_;
  const Store& store_;
  WatchSettings settings_;
  std::deque<Item> items_;
  std::function<void()> ready_;
  SteadyTime next_bookmark_;
  bool ended_ = false;
  bool table_columns_sent_ = false;
};

}  // namespace windlass::inline v0::api_server
