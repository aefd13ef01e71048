#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/events/event_recorder.hpp>
#include <windlass/http/server.hpp>
#include <windlass/json/value.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::events {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using windlass::testing::SimulatedProcess;
using windlass::testing::Simulation;

struct Seen {
  std::vector<http::Request> requests;
  int status = 201;
};

Task<void> answer(std::shared_ptr<Seen> seen, http::Request request, http::Responder& to) {
  seen->requests.push_back(std::move(request));
  http::Response response{seen->status, {{"Content-Type", "application/json"}}, "{}"};
  auto sending = to.send(std::move(response));
  co_await std::move(sending);
}

Task<void> serve(SimulatedProcess& process, std::shared_ptr<Seen> seen) {
  auto listener = process.network(process.io()).listen(process.io(), {"", 6443});
  if (!listener) throw Exception(listener.error());
  http::Handler handler = [seen](http::Request request, http::Peer, http::Responder& to) {
    return answer(seen, std::move(request), to);
  };
  http::Server server(process, process.io(), std::move(*listener), std::move(handler));
  auto running = server.run();
  co_await std::move(running);
}

class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() {
    server_.start([this](SimulatedProcess& process) { return serve(process, seen_); });
    simulation_.run_for(std::chrono::milliseconds(10));
    pod_.metadata.name = "p";
    pod_.metadata.namespace_ = "ns";
    pod_.metadata.uid = "u";
  }
  EventRecorder recorder(RecorderOptions options = {}) {
    client::Config config;
    config.server = {"api", 6443};
    return EventRecorder(client::Client(process_, process_.io(), config), std::move(options));
  }
  void record(const EventRecorder& recorder, const std::string& note) {
    recorder.event(pod_, EventType::warning, "Reason", "Action", note);
  }
  [[nodiscard]] json::Value body(std::size_t i) const {
    return *json::parse(seen_->requests.at(i).body);
  }

  Simulation simulation_{3};
  SimulatedProcess& server_ = simulation_.process("api");
  SimulatedProcess& process_ = simulation_.process("operator");
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  api::core::v1::Pod pod_;
};

TEST_F(RecorderTest, SendsInTheBackground) {
  const auto r = recorder({.reporting_controller = "example.com/c"});
  record(r, "hello");
  EXPECT_TRUE(seen_->requests.empty());
  simulation_.run_for(seconds(1));
  ASSERT_EQ(seen_->requests.size(), 1u);
  EXPECT_EQ(seen_->requests[0].method, "POST");
  EXPECT_EQ(body(0)["type"].string_or(""), "Warning");
  EXPECT_EQ(body(0).at_path({"regarding", "apiVersion"}).string_or(""), "v1");
  EXPECT_EQ(body(0)["reportingInstance"].string_or(""), process_.host_name());
}

TEST_F(RecorderTest, RepetitionsBecomeASeriesAndItsEndIsWritten) {
  const auto r = recorder();
  for (int i = 0; i < 5; ++i) record(r, "again");
  simulation_.run_for(seconds(1));
  ASSERT_EQ(seen_->requests.size(), 2u);
  EXPECT_EQ(seen_->requests[1].method, "PATCH");
  EXPECT_EQ(body(1).at_path({"series", "count"}).integer_or(0), 2);
  simulation_.run_for(minutes(8));
  ASSERT_EQ(seen_->requests.size(), 3u);
  EXPECT_EQ(body(2).at_path({"series", "count"}).integer_or(0), 5);
  simulation_.run_for(minutes(60));
  EXPECT_EQ(seen_->requests.size(), 3u);
}

TEST_F(RecorderTest, AFullQueueDropsAndCutsLongNotes) {
  const auto r = recorder({.queue_size = 2});
  for (int i = 0; i < 10; ++i) record(r, std::to_string(i) + std::string(2000, 'x'));
  simulation_.run_for(seconds(1));
  ASSERT_EQ(seen_->requests.size(), 2u);
  EXPECT_EQ(body(0)["note"].as_string().size(), 1024u);
}

TEST_F(RecorderTest, TriesAgainWhenTheServerIsAwayButNotWhenItRefuses) {
  const auto r = recorder();
  simulation_.refuse(server_);
  record(r, "patient");
  simulation_.run_for(seconds(15));
  simulation_.refuse(server_, false);
  simulation_.run_for(seconds(15));
  EXPECT_EQ(seen_->requests.size(), 1u);
  seen_->status = 403;
  record(r, "refused");
  simulation_.run_for(minutes(5));
  EXPECT_EQ(seen_->requests.size(), 2u);
  EXPECT_TRUE(simulation_.logged("An event could not be sent"));
}

TEST_F(RecorderTest, StopSendsWhatIsQueuedAndTakesNoMore) {
  const auto r = recorder();
  record(r, "last");
  simulation_.run(process_, r.stop(seconds(5)));
  EXPECT_EQ(seen_->requests.size(), 1u);
  record(r, "too late");
  simulation_.run_for(minutes(1));
  EXPECT_EQ(seen_->requests.size(), 1u);
}

TEST_F(RecorderTest, StopDoesNotWaitForEver) {
  const auto r = recorder();
  simulation_.partition(server_, process_);
  record(r, "unheard");
  const auto begin = simulation_.now();
  simulation_.run(process_, r.stop(seconds(5)));
  EXPECT_LE(simulation_.now() - begin, seconds(6));
}

TEST_F(RecorderTest, WithoutAClientItDropsEverything) {
  const EventRecorder nobody;
  record(nobody, "x");
  simulation_.run(process_, nobody.stop(seconds(1)));
  EXPECT_TRUE(seen_->requests.empty());
}

}  // namespace
}  // namespace windlass::events
