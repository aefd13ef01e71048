// One writer and several readers of a store, as in an operator whose reconciles run on a pool of
// threads.

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/cache/store.hpp>

namespace windlass::cache {
namespace {

using api::core::v1::ConfigMap;

constexpr int kObjects = 40;
constexpr int kWrites = 4000;
constexpr int kReaders = 3;
constexpr int kReads = 1500;

std::string color_of(int version) { return version % 2 == 0 ? "even" : "odd"; }

meta::ObjectKey key_of(int n) {
  return {"ns-" + std::to_string(n % 4), "object-" + std::to_string(n)};
}

ObjectPtr object_of(int n, int version) {
  const auto key = key_of(n);
  auto made = std::make_shared<ConfigMap>();
  made->metadata.namespace_ = key.namespace_;
  made->metadata.name = key.name;
  made->metadata.labels["color"] = color_of(version);
  made->data["version"] = std::to_string(version);
  return made;
}

const ConfigMap& config_map(const ObjectPtr& object) {
  return *static_cast<const ConfigMap*>(object.get());
}

std::vector<std::string> index_color(const void* object) {
  return {static_cast<const ConfigMap*>(object)->metadata.labels.at("color")};
}
std::vector<std::string> index_version(const void* object) {
  return {static_cast<const ConfigMap*>(object)->data.at("version")};
}

void write(Store* store, std::atomic<bool>* has_versions) {
  for (int version = 0; version < kWrites; ++version) {
    const int n = version * 7 % kObjects;
    if (version % 11 == 0) {
      store->erase(key_of(n));
    } else {
      store->put(key_of(n), object_of(n, version));
    }
    if (version == kWrites / 2) {
      store->add_index("version", index_version);
      *has_versions = true;
    }
  }
}

void read(const Store* store, const std::atomic<bool>* has_versions, std::atomic<int>* found) {
  for (int n = 0; n < kReads; ++n) {
    const auto key = key_of(n % kObjects);
    if (const auto object = store->get(key)) {
      EXPECT_EQ(config_map(object).metadata.name, key.name);
      ++*found;
    }
    const auto color = color_of(n);
    for (const auto& object : store->by_index("color", color)) {
      EXPECT_EQ(config_map(object).metadata.labels.at("color"), color);
    }
    if (*has_versions) {
      EXPECT_LE(store->by_index("version", std::to_string(kWrites - n - 1)).size(), 1u);
    }
    const auto listed = store->list(key.namespace_);
    for (std::size_t i = 1; i < listed.size(); ++i) {
      EXPECT_LT(config_map(listed[i - 1]).metadata.name, config_map(listed[i]).metadata.name);
    }
    EXPECT_LE(store->keys().size(), static_cast<std::size_t>(kObjects));
    EXPECT_LE(store->size(), static_cast<std::size_t>(kObjects));
  }
}

/// Over the number of objects that stay decoded.
class StoreStress : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Kept, StoreStress, testing::Values(0u, 5u, kAllDecoded));

TEST_P(StoreStress, ReadersSeeWholeObjectsAndConsistentIndexes) {
  Store store(kind_of<ConfigMap>(), GetParam());
  store.add_index("color", index_color);
  for (int n = 0; n < kObjects; ++n) store.put(key_of(n), object_of(n, n));
  std::atomic<bool> has_versions = false;
  std::atomic<int> found = 0;
  std::vector<std::thread> threads;
  for (int n = 0; n < kReaders; ++n) threads.emplace_back(read, &store, &has_versions, &found);
  write(&store, &has_versions);
  for (auto& thread : threads) thread.join();
  EXPECT_GT(found, 0);

  std::size_t indexed =
      store.by_index("color", "even").size() + store.by_index("color", "odd").size();
  EXPECT_EQ(indexed, store.size());
  for (const auto& object : store.list()) {
    const auto same = store.by_index("version", config_map(object).data.at("version"));
    ASSERT_EQ(same.size(), 1u);
    EXPECT_EQ(same.front(), object);
  }
}

}  // namespace
}  // namespace windlass::cache
