#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/cache/store.hpp>

#include "../type/widget.hpp"

namespace {

using example::Widget;
using testing::ElementsAre;
using testing::IsEmpty;
using windlass::cache::kAllDecoded;
using windlass::cache::kind_of;
using windlass::cache::ObjectPtr;
using windlass::cache::Store;
using windlass::meta::ObjectKey;

std::shared_ptr<Widget> widget(const std::string& name, const std::string& version,
                               const std::string& color = "red") {
  auto made = std::make_shared<Widget>();
  made->metadata.namespace_ = "ns-" + name.substr(0, 1);
  made->metadata.name = name;
  made->metadata.resource_version = version;
  made->metadata.labels["color"] = color;
  made->spec.name = "spec of " + name;
  return made;
}

ObjectKey key(const std::string& name) { return {"ns-" + name.substr(0, 1), name}; }

const Widget& as_widget(const ObjectPtr& object) {
  return *static_cast<const Widget*>(object.get());
}

std::vector<std::string> names(const std::vector<ObjectPtr>& objects) {
  std::vector<std::string> names;
  for (const auto& object : objects) names.push_back(as_widget(object).metadata.name);
  return names;
}

std::vector<std::string> color(const void* object) {
  return {static_cast<const Widget*>(object)->metadata.labels.at("color")};
}

/// Over the number of objects that stay decoded.
class StoreTest : public testing::TestWithParam<std::size_t> {
 protected:
  void put(const std::shared_ptr<Widget>& object) {
    store_.put(object->metadata.key(), ObjectPtr(object));
  }
  Store store_{kind_of<Widget>(), GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Kept, StoreTest, testing::Values(0u, 1u, 2u, 100u, kAllDecoded));

TEST_P(StoreTest, GivesBackWhatWasPut) {
  for (const char* name : {"b2", "a1", "a2", "b1"}) put(widget(name, "1"));
  EXPECT_EQ(store_.size(), 4u);
  for (const char* name : {"b2", "a1", "a2", "b1"}) {
    EXPECT_EQ(as_widget(store_.get(key(name))), *widget(name, "1"));
    EXPECT_EQ(store_.version(key(name)), "1");
  }
  EXPECT_EQ(store_.get(key("a3")), nullptr);
  EXPECT_EQ(store_.version(key("a3")), std::nullopt);
  EXPECT_THAT(names(store_.list()), ElementsAre("a1", "a2", "b1", "b2"));
  EXPECT_THAT(names(store_.list("ns-b")), ElementsAre("b1", "b2"));
}

TEST_P(StoreTest, SharesOneObjectBetweenItsHolders) {
  const auto original = widget("a1", "1");
  put(original);
  put(widget("a2", "1"));
  put(widget("a3", "1"));
  EXPECT_EQ(store_.get(key("a1")), original);  // somebody still holds it
  const auto held = store_.get(key("a2"));
  for (const char* name : {"a1", "a3", "a1"}) (void)store_.get(key(name));
  EXPECT_EQ(store_.get(key("a2")), held);
  EXPECT_EQ(store_.list()[1], held);
}

TEST_P(StoreTest, ReturnsWhatWasThereBefore) {
  EXPECT_EQ(store_.put(key("a1"), widget("a1", "1")), nullptr);
  put(widget("a2", "1"));
  put(widget("a3", "1"));
  const auto before = store_.put(key("a1"), widget("a1", "2"));
  EXPECT_EQ(as_widget(before), *widget("a1", "1"));
  EXPECT_EQ(store_.version(key("a1")), "2");
  EXPECT_EQ(as_widget(store_.get(key("a1"))), *widget("a1", "2"));
  EXPECT_EQ(as_widget(before), *widget("a1", "1"));  // objects never change
  const auto last = store_.erase(key("a1"));
  EXPECT_EQ(as_widget(last), *widget("a1", "2"));
  EXPECT_EQ(store_.erase(key("a1")), nullptr);
  EXPECT_EQ(store_.get(key("a1")), nullptr);
  EXPECT_EQ(store_.size(), 2u);
}

TEST_P(StoreTest, KeepsItsIndexesInStep) {
  put(widget("a1", "1", "red"));
  put(widget("a2", "1", "blue"));
  store_.add_index("color", color);
  put(widget("a3", "1", "red"));
  EXPECT_THAT(names(store_.by_index("color", "red")), ElementsAre("a1", "a3"));
  put(widget("a1", "2", "blue"));
  EXPECT_THAT(names(store_.by_index("color", "red")), ElementsAre("a3"));
  EXPECT_THAT(names(store_.by_index("color", "blue")), ElementsAre("a1", "a2"));
  EXPECT_EQ(as_widget(store_.by_index("color", "blue")[0]).metadata.resource_version, "2");
  store_.erase(key("a3"));
  EXPECT_THAT(store_.by_index("color", "red"), IsEmpty());
  EXPECT_THROW((void)store_.by_index("size", "1"), windlass::Exception);
  EXPECT_THROW(store_.add_index("color", color), windlass::Exception);
}

TEST_P(StoreTest, KeepsDecodedWhatItIsToldTo) {
  std::vector<std::weak_ptr<const Widget>> objects;
  for (int i = 0; i < 10; ++i) {
    const auto made = widget("a" + std::to_string(i), "1");
    objects.push_back(made);
    put(made);
  }
  std::size_t alive = 0;
  for (const auto& object : objects) alive += object.expired() ? 0 : 1;
  EXPECT_EQ(alive, std::min<std::size_t>(10, GetParam()));
  EXPECT_EQ(objects.back().expired(), GetParam() == 0);  // the newest stay
}

TEST_P(StoreTest, LetsGoOfWhatWasReplacedOrErased) {
  std::vector<std::weak_ptr<const Widget>> objects;
  for (int version = 0; version < 5; ++version) {
    const auto made = widget("a1", std::to_string(version));
    objects.push_back(made);
    put(made);
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(objects[i].expired()) << i;
  store_.erase(key("a1"));
  EXPECT_TRUE(objects[4].expired());
}

}  // namespace
