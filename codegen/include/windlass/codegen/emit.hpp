#pragma once
// From the model to C++.

#include <map>
#include <string>

#include <windlass/codegen/model.hpp>

namespace windlass::inline v0::codegen {

struct EmitOptions {
  int parts = 1;  ///< how many .cpp files the tables are spread over; 1 or more
};

/// File name to text: the header under its own name, the sources as `<source>.cpp`, or
/// `<source>_1.cpp`, `<source>_2.cpp`, ... for several parts. The same unit gives the same bytes.
std::map<std::string, std::string> emit(const Unit& unit, const EmitOptions& options = {});

/// How a user spells the member's type: `std::optional<std::int32_t>`, `windlass::Box<PodSpec>`.
std::string spelling(const Field& field);

}  // namespace windlass::inline v0::codegen
