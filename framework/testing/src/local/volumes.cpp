#include "volumes.hpp"

#include <fstream>

#include <windlass/base/encoding.hpp>

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
namespace fs = std::filesystem;

namespace {

Error missing(const std::string& what) { return {Errc::unavailable, what + " not found"}; }

/// The entries of a ConfigMap, decoded.
Result<std::map<std::string, std::string>> config_map_data(const cache::Cache& cache,
                                                           const meta::ObjectKey& key) {
  const auto config_map = cache.get<core::ConfigMap>(key);
  if (!config_map) return missing("configmap \"" + key.name + "\"");
  std::map<std::string, std::string> data;
  for (const auto& [name, value] : config_map->data) data[name] = value;
  for (const auto& [name, value] : config_map->binary_data)
    data[name] = decode_base64(value).value();
  return data;
}

Result<std::map<std::string, std::string>> secret_data(const cache::Cache& cache,
                                                       const meta::ObjectKey& key) {
  const auto secret = cache.get<core::Secret>(key);
  if (!secret) return missing("secret \"" + key.name + "\"");
  std::map<std::string, std::string> data;
  for (const auto& [name, value] : secret->data) data[name] = decode_base64(value).value();
  return data;
}

using Files = std::map<std::string, VolumeFile>;

/// Takes all entries, or the chosen items under their paths.
Result<void> take(Files& files, Result<std::map<std::string, std::string>> data,
                  const std::vector<core::KeyToPath>& items, bool optional, std::int32_t mode) {
  if (!data) {
    if (optional) return {};
    return data.error();
  }
  if (items.empty()) {
    for (auto& [key, value] : *data) files[key] = {value, mode};
    return {};
  }
  for (const auto& item : items) {
    const auto found = data->find(item.key);
    if (found != data->end()) {
      files[item.path] = {found->second, item.mode.value_or(mode)};
    } else if (!optional) {
      return missing("key \"" + item.key + "\"");
    }
  }
  return {};
}

Result<void> take_downward(Files& files, const std::vector<core::DownwardAPIVolumeFile>& items,
                           const core::Pod& pod, std::int32_t mode) {
  for (const auto& item : items) {
    if (!item.field_ref) continue;
    auto value = downward_field(pod, item.field_ref->field_path);
    if (!value) return value.error();
    files[item.path] = {*value, item.mode.value_or(mode)};
  }
  return {};
}

std::string join_pairs(const meta::StringMap& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) text += key + "=" + quote_json(value) + "\n";
  return text;
}

}  // namespace

Result<std::string> downward_field(const core::Pod& pod, std::string_view path) {
  const auto& m = pod.metadata;
  if (path == "metadata.name") return m.name;
  if (path == "metadata.namespace") return m.namespace_;
  if (path == "metadata.uid") return m.uid;
  if (path == "spec.nodeName") return pod.spec.node_name;
  if (path == "spec.serviceAccountName") return pod.spec.service_account_name;
  if (path == "status.podIP" || path == "status.podIPs") return pod.status.pod_ip;
  if (path == "status.hostIP") return pod.status.host_ip;
  if (path == "metadata.labels") return join_pairs(m.labels);
  if (path == "metadata.annotations") return join_pairs(m.annotations);
  for (const auto& [prefix, map] : {std::pair("metadata.labels['", &m.labels),
                                    std::pair("metadata.annotations['", &m.annotations)}) {
    if (!path.starts_with(prefix) || !path.ends_with("']")) continue;
    const auto key = path.substr(std::string_view(prefix).size());
    const auto found = map->find(std::string(key.substr(0, key.size() - 2)));
    return found == map->end() ? std::string() : found->second;
  }
  return Error{Errc::invalid_argument, "the downward API does not offer " + std::string(path)};
}

bool has_files(const core::Volume& volume) {
  return volume.config_map || volume.secret || volume.projected || volume.downward_api;
}

Result<Files> volume_files(const core::Volume& volume, const core::Pod& pod,
                           const cache::Cache& cache, const std::string& token) {
  Files files;
  const auto& ns = pod.metadata.namespace_;
  Result<void> done;
  if (volume.config_map) {
    const auto& source = *volume.config_map;
    done = take(files, config_map_data(cache, {ns, source.name}), source.items,
                source.optional.value_or(false), source.default_mode.value_or(0644));
  } else if (volume.secret) {
    const auto& source = *volume.secret;
    done = take(files, secret_data(cache, {ns, source.secret_name}), source.items,
                source.optional.value_or(false), source.default_mode.value_or(0644));
  } else if (volume.downward_api) {
    done = take_downward(files, volume.downward_api->items, pod,
                         volume.downward_api->default_mode.value_or(0644));
  } else if (volume.projected) {
    const auto mode = volume.projected->default_mode.value_or(0644);
    for (const auto& source : volume.projected->sources) {
      if (source.config_map) {
        done = take(files, config_map_data(cache, {ns, source.config_map->name}),
                    source.config_map->items, source.config_map->optional.value_or(false), mode);
      } else if (source.secret) {
        done = take(files, secret_data(cache, {ns, source.secret->name}), source.secret->items,
                    source.secret->optional.value_or(false), mode);
      } else if (source.downward_api) {
        done = take_downward(files, source.downward_api->items, pod, mode);
      } else if (source.service_account_token) {
        files[source.service_account_token->path] = {token, mode};
      }
      if (!done) break;
    }
  }
  if (!done) return done.error();
  return files;
}

Result<void> write_files(const fs::path& folder, const Files& files) {
  std::error_code code;
  fs::create_directories(folder, code);
  for (const auto& [name, file] : files) {
    const auto path = folder / name;
    fs::create_directories(path.parent_path(), code);
    {
      std::ifstream old(path, std::ios::binary);
      const std::string content((std::istreambuf_iterator<char>(old)), {});
      if (old && content == file.content) continue;
    }
    const auto fresh = path.string() + ".new";
    {
      std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
      out << file.content;
      if (!out) return Error{Errc::io, "cannot write " + fresh};
    }
    fs::permissions(fresh, static_cast<fs::perms>(file.mode | 0444), code);
    fs::rename(fresh, path, code);
    if (code) return Error{Errc::io, "cannot write " + path.string() + ": " + code.message()};
  }
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const auto name = entry.path().filename().string();
    if (entry.is_regular_file() && !files.contains(name)) fs::remove(entry.path(), code);
  }
  return {};
}

Result<std::map<std::string, std::string>> container_environment(
    const core::Container& container, const core::Pod& pod, const cache::Cache& cache,
    std::map<std::string, std::string> base) {
  const auto& ns = pod.metadata.namespace_;
  for (const auto& from : container.env_from) {
    const bool is_secret = from.secret_ref.has_value();
    const bool optional =
        is_secret ? from.secret_ref->optional.value_or(false)
                  : from.config_map_ref && from.config_map_ref->optional.value_or(false);
    auto data = is_secret ? secret_data(cache, {ns, from.secret_ref->name})
                          : config_map_data(
                                cache, {ns, from.config_map_ref ? from.config_map_ref->name : ""});
    if (!data && !optional) return data.error();
    if (!data) continue;
    for (const auto& [key, value] : *data) base[from.prefix + key] = value;
  }
  for (const auto& variable : container.env) {
    if (!variable.value_from) {
      base[variable.name] = expand_variables(variable.value, base);
      continue;
    }
    const auto& source = *variable.value_from;
    if (source.field_ref) {
      auto value = downward_field(pod, source.field_ref->field_path);
      if (!value) return value.error();
      base[variable.name] = *value;
    } else if (source.secret_key_ref || source.config_map_key_ref) {
      const bool secret = source.secret_key_ref.has_value();
      const auto& key = secret ? source.secret_key_ref->key : source.config_map_key_ref->key;
      auto data = secret ? secret_data(cache, {ns, source.secret_key_ref->name})
                         : config_map_data(cache, {ns, source.config_map_key_ref->name});
      const bool optional = secret ? source.secret_key_ref->optional.value_or(false)
                                   : source.config_map_key_ref->optional.value_or(false);
      if (data && data->contains(key)) {
        base[variable.name] = data->at(key);
      } else if (!optional) {
        return data ? missing("key \"" + key + "\"") : data.error();
      }
    }
  }
  return base;
}

}  // namespace windlass::inline v0::testing
