#include "instance/volume.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postgres {
namespace {

namespace fs = std::filesystem;
using Kind = VolumeState::Kind;
using Do = Decision::Kind;
using testing::HasSubstr;

struct DecisionCase {
  std::string what;
  VolumeState volume;
  std::string recorded;
  bool being_deleted;
  Do expected;
  std::string reason;
};

const VolumeState kData{Kind::data, "", 15, "745"};

TEST(Decide, answers_every_combination) {
  const std::vector<DecisionCase> cases = {
      {"new and empty", {Kind::empty, "", 0, ""}, "", false, Do::initdb, ""},
      {"new, initdb was interrupted", {Kind::unfinished, "", 0, ""}, "", false, Do::initdb, ""},
      {"new, but being deleted",
       {Kind::empty, "", 0, ""},
       "",
       true,
       Do::refuse,
       "DatabaseReplaced"},
      {"new over data", kData, "", false, Do::await_record, ""},
      {"new over damaged data", {Kind::damaged, "x", 0, ""}, "", false, Do::refuse, "ForeignData"},
      {"new over other files", {Kind::foreign, "x", 0, ""}, "", false, Do::refuse, "ForeignData"},
      {"known and empty", {Kind::empty, "", 0, ""}, "745", false, Do::refuse, "DataMissing"},
      {"known, interrupted initdb",
       {Kind::unfinished, "", 0, ""},
       "745",
       false,
       Do::refuse,
       "DataMissing"},
      {"known and there", kData, "745", false, Do::start, ""},
      {"known, being deleted", kData, "745", true, Do::start, ""},
      {"known, other data", kData, "746", false, Do::refuse, "ForeignData"},
      {"known, damaged", {Kind::damaged, "x", 0, ""}, "745", false, Do::refuse, "DataMissing"},
      {"known, other files", {Kind::foreign, "x", 0, ""}, "745", false, Do::refuse, "DataMissing"},
      {"older data", {Kind::data, "", 14, "745"}, "745", false, Do::refuse, "WrongMajorVersion"},
      {"newer data", {Kind::data, "", 16, "745"}, "", false, Do::refuse, "WrongMajorVersion"},
  };
  for (const auto& c : cases) {
    const auto decision = decide(c.volume, {"uid", c.recorded, c.being_deleted}, "uid", 15);
    EXPECT_EQ(decision.kind, c.expected) << c.what;
    EXPECT_EQ(decision.reason, c.reason) << c.what;
    EXPECT_EQ(decision.message.empty(), c.expected != Do::refuse) << c.what;
  }
}

TEST(Decide, initdb_needs_an_empty_volume_of_a_database_never_initialized) {
  for (const auto kind :
       {Kind::empty, Kind::unfinished, Kind::data, Kind::damaged, Kind::foreign}) {
    for (const std::string recorded : {"", "745"}) {
      for (const std::string uid : {"uid", "another"}) {
        for (const int version : {14, 15}) {
          const auto decision =
              decide({kind, "x", 15, "745"}, {uid, recorded, false}, "uid", version);
          const bool may =
              (kind == Kind::empty || kind == Kind::unfinished) && recorded.empty() && uid == "uid";
          EXPECT_EQ(decision.kind == Do::initdb, may);
        }
      }
    }
  }
}

TEST(Decide, starts_nothing_for_another_database_of_the_same_name) {
  const auto decision = decide(kData, {"new uid", "745", false}, "old uid", 15);
  EXPECT_EQ(decision.kind, Do::refuse);
  EXPECT_EQ(decision.reason, kDatabaseReplaced);
}

class Volume : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "windlass-volume-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }
  void put(const fs::path& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  [[nodiscard]] VolumeState look() const { return inspect_volume(root_).value(); }
  /// A control file as far as its first field is concerned.
  static std::string control(std::uint64_t identifier) {
    std::string text(8192, '\0');
    std::memcpy(text.data(), &identifier, sizeof identifier);
    return text;
  }
  fs::path root_;
};

TEST_F(Volume, is_empty_when_only_the_file_system_has_been_there) {
  EXPECT_EQ(look().kind, Kind::empty);
  fs::create_directory(root_ / "lost+found");
  fs::create_directory(root_ / "pgdata");
  put("windlass.lock", "");
  EXPECT_EQ(look().kind, Kind::empty);
}

TEST_F(Volume, with_an_interrupted_initdb_is_unfinished) {
  put("pgdata.initdb/PG_VERSION", "15\n");
  EXPECT_EQ(look().kind, Kind::unfinished);
}

TEST_F(Volume, with_data_tells_version_and_identifier) {
  put("pgdata/PG_VERSION", "15\n");
  put("pgdata/global/pg_control", control(7459876543210123456ULL));
  const auto state = look();
  EXPECT_EQ(state.kind, Kind::data);
  EXPECT_EQ(state.major_version, 15);
  EXPECT_EQ(state.system_identifier, "7459876543210123456");
}

TEST_F(Volume, with_incomplete_data_is_damaged) {
  put("pgdata/base/1", "");
  EXPECT_EQ(look().kind, Kind::damaged);
  put("pgdata/PG_VERSION", "fifteen");
  EXPECT_EQ(look().kind, Kind::damaged);
  put("pgdata/PG_VERSION", "15\n");
  EXPECT_EQ(look().kind, Kind::damaged);
  put("pgdata/global/pg_control", control(0));
  EXPECT_EQ(look().kind, Kind::damaged);
  put("pgdata/global/pg_control", control(745).substr(0, 100));
  EXPECT_EQ(look().kind, Kind::damaged);
}

TEST_F(Volume, with_files_of_others_is_foreign) {
  put("mysql/ibdata1", "");
  const auto state = look();
  EXPECT_EQ(state.kind, Kind::foreign);
  EXPECT_THAT(state.detail, HasSubstr("mysql"));
}

TEST_F(Volume, that_is_not_there_is_an_error) {
  const auto state = inspect_volume(root_ / "nowhere");
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace postgres
