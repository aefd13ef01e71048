// A schema of a CRD in the first line, an object of it in the rest.

#include "api.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static windlass::fuzz::Api api;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string schema = windlass::fuzz::next_line(rest);
  const char* definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const char* things = "/apis/fuzz.example.com/v1/things";
  api.call("POST", definitions,
           R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
           "metadata":{"name":"things.fuzz.example.com"},"spec":{"group":"fuzz.example.com",
           "scope":"Cluster","names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1",
           "served":true,"storage":true,"schema":{"openAPIV3Schema":)" +
               schema + R"(}}]}})");
  const std::string head =
      R"({"apiVersion":"fuzz.example.com/v1","kind":"Thing","metadata":{"name":"a"},"spec":)";
  api.call("POST", things, head + std::string(rest) + "}");
  api.call("PATCH", std::string(things) + "/a", R"({"spec":)" + std::string(rest) + "}",
           "application/merge-patch+json");
  api.call("GET", things, "");
  api.call("DELETE", std::string(definitions) + "/things.fuzz.example.com", "");
  api.next();
  return 0;
}
