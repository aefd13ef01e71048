#pragma once
// What people read.

#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>

#include "scaffold/tree.hpp"

namespace windlass::inline v0::scaffold {

enum class Output { text, json };

/// Says what was done with each file, or with `dry_run` what would be.
void print_changes(const std::vector<Change>& changes, bool dry_run, Output output);
/// "error: ..." on standard error; returns 1.
int complain(const Error& error);
/// Coloured when standard output is a terminal.
std::string bold(std::string_view text);

}  // namespace windlass::inline v0::scaffold
