#include <windlass/testing/simulation_test.hpp>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!windlass::testing::read_simulation_flags(argc, argv)) return 2;
  return RUN_ALL_TESTS();
}
