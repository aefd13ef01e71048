#include "sandbox.hpp"

#include <algorithm>
#include <filesystem>

namespace windlass::inline v0::testing {
namespace {

/// "docker.io/library/postgres:15" is "postgres:15" to the table.
std::string_view short_name(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const auto slash = image.find('/');
  if (slash != image.npos) {
    const auto host = image.substr(0, slash);
    if (host.find_first_of(".:") != host.npos || host == "localhost")
      image.remove_prefix(slash + 1);
  }
  if (image.starts_with("library/")) image.remove_prefix(8);
  return image;
}

}  // namespace

const ImageRoot* find_image(const std::vector<ImageRoot>& images, std::string_view name) {
  const auto wanted = short_name(name);
  const auto repository = wanted.substr(0, wanted.find(':'));
  for (const auto& image : images) {
    if (image.image == wanted || image.image == repository) return &image;
  }
  return nullptr;
}

std::string expand_variables(std::string_view text,
                             const std::map<std::string, std::string>& variables) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "$$") {
      out += '$';
      i += 2;
      continue;
    }
    const auto end = text.substr(i, 2) == "$(" ? text.find(')', i) : text.npos;
    if (end == text.npos) {
      out += text[i++];
      continue;
    }
    const auto reference = text.substr(i, end + 1 - i);
    const auto found = variables.find(std::string(reference.substr(2, reference.size() - 3)));
    out += found == variables.end() ? reference : std::string_view(found->second);
    i = end + 1;
  }
  return out;
}

std::vector<std::string> sandbox_command(const Sandbox& sandbox, const ImageRoot& image,
                                         int info_fd) {
  std::vector<std::string> line{"/usr/bin/bwrap",       "--unshare-user", "--unshare-pid",
                                "--unshare-ipc",        "--unshare-uts",  "--as-pid-1",
                                "--die-with-parent",    "--new-session",  "--info-fd",
                                std::to_string(info_fd)};
  const auto add = [&line](std::initializer_list<std::string> words) {
    line.insert(line.end(), words);
  };
  add({"--uid", std::to_string(sandbox.uid), "--gid", std::to_string(sandbox.gid)});
  add({"--hostname", sandbox.hostname});
  add({"--ro-bind", "/usr", "/usr"});
  for (const auto* folder : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    const std::string path = std::string("/") + folder;
    if (!std::filesystem::exists(path)) continue;
    if (std::filesystem::is_symlink(path)) {
      add({"--symlink", std::string("usr/") + folder, path});
    } else {
      add({"--ro-bind", path, path});
    }
  }
  for (const auto* name : {"passwd", "group", "hosts", "resolv.conf"}) {
    add({"--ro-bind", sandbox.etc + "/" + name, std::string("/etc/") + name});
  }
  for (const auto* path : {"/etc/ld.so.cache", "/etc/ssl", "/etc/alternatives", "/etc/localtime"}) {
    if (std::filesystem::exists(path)) add({"--ro-bind", path, path});
  }
  add({"--proc", "/proc", "--dev", "/dev", "--dir", "/tmp", "--dir", "/run"});
  for (const auto& file : image.files) add({"--ro-bind", file.host.string(), file.path});
  auto mounts = sandbox.mounts;
  // an outer folder before what is mounted inside it
  std::sort(mounts.begin(), mounts.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  for (const auto& mount : mounts) {
    if (mount.host.empty()) {
      add({"--tmpfs", mount.path});
    } else {
      add({mount.read_only ? "--ro-bind" : "--bind", mount.host, mount.path});
    }
  }
  if (sandbox.read_only_root) add({"--remount-ro", "/"});
  add({"--clearenv"});
  for (const auto& [name, value] : sandbox.environment) add({"--setenv", name, value});
  add({"--chdir", sandbox.working_directory.empty() ? "/" : sandbox.working_directory, "--"});
  line.insert(line.end(), sandbox.command.begin(), sandbox.command.end());
  return line;
}

}  // namespace windlass::inline v0::testing
