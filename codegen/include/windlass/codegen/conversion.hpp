#pragma once
// Skeletons of conversions between the versions of a CRD (windlass/meta/conversion.hpp).

#include <string>
#include <vector>

#include <windlass/codegen/crd.hpp>

namespace windlass::inline v0::codegen {

/// One spoke's conversion to and from the hub.
struct Conversion {
  std::string header, header_text;       ///< the user's, once written
  std::string source, source_text;       ///< the user's, once written
  std::string test, test_text;           ///< made anew each time
  std::vector<std::string> differences;  ///< "v1beta1 spec.size: not in v1"
};

/// For each CRD with several versions, one for each that is not the hub: the version of that name,
/// or the stored one when `hub` is empty. Errc::invalid_argument when a CRD with several versions
/// has none of that name.
Result<std::vector<Conversion>> conversions(const ParsedCrds& crds, const std::string& hub);

}  // namespace windlass::inline v0::codegen
