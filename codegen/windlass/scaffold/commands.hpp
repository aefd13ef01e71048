#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace windlass::inline v0::scaffold {

/// Adds init, create, edit, upgrade, version and completion to `app`. The one that was chosen is
/// left in `chosen`; its result is the exit code: 0 done, 1 refused or failed, 2 wrong usage.
void add_commands(CLI::App& app, std::function<int()>& chosen);

}  // namespace windlass::inline v0::scaffold
