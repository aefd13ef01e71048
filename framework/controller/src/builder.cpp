#include <windlass/controller/builder.hpp>

namespace windlass::inline v0 {

void ControllerBuilder::finish(controller::ReconcileFunction reconcile) {
  auto name = name_;
  if (name.empty()) {
    name = std::string(primary_.kind);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  host_.add(std::make_unique<Controller>(host_, std::move(name), primary_, options_,
                                         std::move(sources_), std::move(reconcile)));
}

}  // namespace windlass::inline v0
