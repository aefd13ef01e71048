#pragma once
// Which planted bug is awake: only in the program of the canaries.

#include <string_view>

/// True for the bug that is awake now.
bool planted(std::string_view bug);
