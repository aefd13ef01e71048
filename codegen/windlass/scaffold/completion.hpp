#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace windlass::inline v0::scaffold {

/// A script for bash, zsh or fish that completes the words and flags of `app`.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace windlass::inline v0::scaffold
