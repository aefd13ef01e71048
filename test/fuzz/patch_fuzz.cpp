// Patches of all types against objects of several kinds. The first two bytes choose; the rest is
// the patch.

#include <array>

#include "api.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static windlass::fuzz::Api api;
  static const std::array<const char*, 4> types{
      "application/json-patch+json", "application/merge-patch+json",
      "application/strategic-merge-patch+json", "application/apply-patch+yaml"};
  static const std::array<const char*, 3> targets{
      "/api/v1/namespaces/default/configmaps/a", "/apis/apps/v1/namespaces/default/deployments/a",
      "/apis/example.com/v1/namespaces/default/things/a"};
  if (size < 2) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 2, size - 2);
  api.call("PATCH", std::string(targets[data[1] % 3]) + "?fieldManager=fuzz&force=true", body,
           types[data[0] % 4]);
  api.next();
  return 0;
}
