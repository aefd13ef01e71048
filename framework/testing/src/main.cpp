#include <cstdio>

#include <windlass/testing/simulation_test.hpp>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!windlass::testing::read_simulation_flags(argc, argv)) return 2;
  const int code = RUN_ALL_TESTS();
  if (::testing::UnitTest::GetInstance()->test_to_run_count() > 0) return code;
  std::fprintf(stderr,
               "no test has a name that matches --gtest_filter; --gtest_list_tests lists them\n");
  return 2;
}
