#include <windlass/codegen/definition.hpp>
#include <windlass/codegen/names.hpp>

namespace windlass::inline v0::codegen {
namespace {

constexpr std::string_view kApi = "io.k8s.api.";
constexpr std::string_view kMachinery = "io.k8s.apimachinery.pkg.";
constexpr std::string_view kExtensions = "io.k8s.apiextensions-apiserver.pkg.apis.";
constexpr std::string_view kAggregator = "io.k8s.kube-aggregator.pkg.apis.";

std::optional<Home> split(std::string_view rest) {
  const std::size_t first = rest.find('.');
  const std::size_t last = rest.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  return Home{std::string(rest.substr(0, first)),
              std::string(rest.substr(first + 1, last - first - 1)),
              std::string(rest.substr(last + 1))};
}

}  // namespace

std::string Home::unit() const { return group + "_" + version; }

std::optional<Home> home_of(std::string_view definition) {
  if (definition.starts_with(kMachinery)) {
    return Home{"meta", "v1", std::string(definition.substr(definition.rfind('.') + 1))};
  }
  for (const auto prefix : {kApi, kExtensions, kAggregator}) {
    if (definition.starts_with(prefix)) return split(definition.substr(prefix.size()));
  }
  return std::nullopt;
}

std::string definition_of_reference(std::string_view reference) {
  const std::size_t slash = reference.rfind('/');
  return std::string(slash == std::string_view::npos ? reference : reference.substr(slash + 1));
}

}  // namespace windlass::inline v0::codegen
