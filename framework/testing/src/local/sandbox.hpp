#pragma once

#include <map>
#include <string>
#include <vector>

#include <windlass/api/core_v1.hpp>
#include <windlass/testing/local_cluster.hpp>

namespace windlass::inline v0::testing {

/// A file or folder of the host that a container sees.
struct Mount {
  std::string host;  ///< empty: a tmpfs
  std::string path;
  bool read_only = false;
};

/// Everything that a container's process needs to start.
struct Sandbox {
  std::vector<Mount> mounts;
  std::map<std::string, std::string> environment;
  std::vector<std::string> command;
  std::string working_directory;
  std::string hostname;
  std::string etc;  ///< host folder with passwd, group, hosts, resolv.conf
  bool read_only_root = false;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
};

/// The table's entry for an image name, or null.
const ImageRoot* find_image(const std::vector<ImageRoot>& images, std::string_view name);

/// Replaces $(NAME) by the variable's value; unknown names stay; $$ becomes $, so that $$(NAME)
/// gives $(NAME). A name reaches to the next ")", as in Kubernetes: $($(NAME)) is no nested
/// reference and stays.
std::string expand_variables(std::string_view text,
                             const std::map<std::string, std::string>& variables);

/// bubblewrap's command line. The process is process 1 of its own process namespace; file
/// descriptor `info_fd` gets its process id on the host.
std::vector<std::string> sandbox_command(const Sandbox& sandbox, const ImageRoot& image,
                                         int info_fd);

}  // namespace windlass::inline v0::testing
