#include "dev_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::command {
namespace {

using ::testing::HasSubstr;

TEST(DevView, RowOfAnObject) {
  const auto object = json::parse(R"({"kind":"Order","metadata":{"name":"a","namespace":"shop",
      "creationTimestamp":"2026-01-01T00:00:00Z"},"status":{"conditions":[
      {"type":"Other","status":"False","reason":"No"},{"type":"Ready","status":"True","reason":"Done"}]}})")
                          .value();
  constexpr std::int64_t created = 1'767'225'600;
  EXPECT_EQ(object_row(object, created + 90),
            (ObjectRow{"Order", "shop/a", "True", "Done", "90s"}));
  EXPECT_EQ(object_row(object, created + 600).age, "10m");
  EXPECT_EQ(object_row(object, created - 5).age, "0s") << "clocks differ";
  EXPECT_EQ(object_row(json::parse(R"({"kind":"Order","metadata":{"name":"b"}})").value(), created),
            (ObjectRow{"Order", "b", "", "", ""}));
}

TEST(DevView, LineOfAnEventOfEitherApi) {
  EXPECT_EQ(event_line(json::parse(R"({"type":"Normal","reason":"Created","note":"text",
      "regarding":{"kind":"Order","name":"a"}})")
                           .value()),
            "Normal Created Order/a: text");
  EXPECT_EQ(event_line(json::parse(R"({"type":"Warning","reason":"Failed","message":"text",
      "involvedObject":{"kind":"Pod","name":"p"}})")
                           .value()),
            "Warning Failed Pod/p: text");
}

TEST(DevView, TheLeaderIsTheReplicaAndNotItsHost) {
  const auto event = [](const char* text) { return json::parse(text).value(); };
  EXPECT_EQ(new_leader(event(R"({"reason":"LeaderElection","note":"replica-1 became leader",
      "reportingInstance":"a-host"})")),
            "replica-1");
  EXPECT_EQ(new_leader(event(R"({"reason":"LeaderElection","message":"b became leader"})")), "b");
  EXPECT_EQ(new_leader(event(R"({"reason":"LeaderElection","note":"b stopped leading"})")), "");
  EXPECT_EQ(new_leader(event(R"({"reason":"Created","note":"b became leader"})")), "");
}

TEST(DevView, FitsEveryScreenAndShowsTheNewestLines) {
  DevState state{
      .server = "https://127.0.0.1:1", .activity = "running", .replicas = 3, .leader = "replica-1"};
  for (int i = 0; i < 100; ++i) {
    state.objects.push_back({"Order", "shop/order-" + std::to_string(i), "True", "Done", "1m"});
    state.events.push_back("event " + std::to_string(i));
    state.logs.push_back("log " + std::to_string(i) + std::string(200, 'x') + "\xC3\xA4");
  }
  for (std::size_t height = 1; height < 60; ++height) {
    const auto lines = screen(state, 79, height);
    EXPECT_LE(lines.size(), height);
    for (const auto& line : lines) EXPECT_LE(line.size(), 80u);
  }
  const auto lines = screen(state, 120, 40);
  EXPECT_THAT(lines.front(), HasSubstr("replicas: 3  leader: replica-1"));
  EXPECT_THAT(lines.back(), HasSubstr("log 99"));
  EXPECT_THAT(lines, ::testing::Contains("event 99"));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("more")));
}

}  // namespace
}  // namespace windlass::command
