#pragma once
// The server's memory on disk: a file of JSON lines to which every change is appended, and that is
// synced before the change is acknowledged. Several requests share one sync.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/environment.hpp>
#include <windlass/base/task.hpp>

namespace windlass::inline v0::api_server {

class Journal {
 public:
  /// The complete lines of a journal; a torn last line, which a crash leaves, is left out. None
  /// when there is no file. Errc::io with the path and the system's reason.
  static Result<std::vector<std::string>> read(const std::filesystem::path& path);

  /// Opens `path` for appending. Throws Exception(io).
  Journal(Environment& environment, Executor executor, std::filesystem::path path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Replaces the file's content by `lines` in one step, synced. Throws Exception(io).
  void rewrite(const std::string& lines);
  /// Adds a line (without its end); on disk after the next `commit`.
  void append(std::string_view line);
  /// Returns when everything appended before is on disk. Throws Exception(io): from then on nothing
  /// is acknowledged any more. A caller that is cancelled stops waiting; the write goes on.
  Task<void> commit();
  /// Writes what is left and waits for it; to be called last. What failed, `commit` has said.
  Task<void> close();

 private:
  struct State;
  static void start_writing(const std::shared_ptr<State>& state);
  static Task<void> write_pending(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace windlass::inline v0::api_server
