#include <algorithm>
#include <charconv>
#include <filesystem>

#include <yaml-cpp/yaml.h>

#include <windlass/base/encoding.hpp>
#include <windlass/client/config.hpp>

namespace windlass::inline v0::client {
namespace {

constexpr const char* kAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

/// One entry of clusters, users or contexts, and the file that it stands in.
struct Entry {
  std::string name;
  YAML::Node body;
  std::string file;       ///< for messages
  std::string directory;  ///< relative paths start here
};

struct Kubeconfig {
  std::string current_context;
  std::vector<Entry> clusters;
  std::vector<Entry> users;
  std::vector<Entry> contexts;
};

/// An error in one entry: `/home/a/.kube/config: user "admin": ...`.
Error at(const Entry& entry, const char* kind, const std::string& why, Errc code = Errc::parse) {
  return {code, entry.file + ": " + kind + " \"" + entry.name + "\": " + why};
}

std::string text_of(const YAML::Node& node, const char* key) {
  if (!node.IsMap()) return {};
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

bool flag_of(const YAML::Node& node, const char* key) { return text_of(node, key) == "true"; }

std::string resolved(const Entry& entry, const std::string& path) {
  const std::filesystem::path given(path);
  if (path.empty() || given.is_absolute() || entry.directory.empty()) return path;
  return (std::filesystem::path(entry.directory) / given).lexically_normal().string();
}

/// The data member if there is one, else the file's content. Sets `path` for files.
Result<std::string> pem_of(Environment& environment, const Entry& entry, const char* kind,
                           const std::string& key, std::string& path) {
  const std::string data = text_of(entry.body, (key + "-data").c_str());
  if (!data.empty()) {
    auto bytes = decode_base64(data);
    if (!bytes) return at(entry, kind, key + "-data is not base64");
    return bytes;
  }
  path = resolved(entry, text_of(entry.body, key.c_str()));
  if (path.empty()) return std::string();
  auto text = environment.read_file(path);
  if (!text) {
    return at(entry, kind,
              key + ": " + text.error().message + "; correct the path or embed the data",
              text.error().code);
  }
  return text;
}

void add_entries(const YAML::Node& document, const char* list, const char* body,
                 const std::string& file, const std::string& directory, std::vector<Entry>& into) {
  const YAML::Node entries = document[list];
  if (!entries || !entries.IsSequence()) return;
  for (const YAML::Node& item : entries) {
    if (!item.IsMap()) continue;
    const std::string name = text_of(item, "name");
    // the first file to name something wins, with the whole entry
    const bool known =
        std::any_of(into.begin(), into.end(), [&](const Entry& e) { return e.name == name; });
    if (!known) into.push_back({name, item[body], file, directory});
  }
}

Result<void> merge(Kubeconfig& into, std::string_view yaml, const std::string& file,
                   const std::string& directory) {
  YAML::Node document;
  try {
    document = YAML::Load(std::string(yaml));
  } catch (const YAML::Exception& error) {
    return Error{Errc::parse, file + ": line " + std::to_string(error.mark.line + 1) +
                                  " is not valid YAML: " + error.msg};
  }
  if (document.IsNull()) return {};
  if (!document.IsMap()) {
    return Error{Errc::parse,
                 file + ": is no kubeconfig; expected `apiVersion: v1`, `kind: Config`"};
  }
  const std::string kind = text_of(document, "kind");
  if (!kind.empty() && kind != "Config") {
    return Error{Errc::parse, file + ": is a " + kind + ", no kubeconfig (kind: Config)"};
  }
  if (into.current_context.empty()) into.current_context = text_of(document, "current-context");
  add_entries(document, "clusters", "cluster", file, directory, into.clusters);
  add_entries(document, "users", "user", file, directory, into.users);
  add_entries(document, "contexts", "context", file, directory, into.contexts);
  return {};
}

const Entry* find(const std::vector<Entry>& entries, const std::string& name) {
  for (const auto& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string names_of(const std::vector<Entry>& entries) {
  std::string text;
  for (const auto& entry : entries) text += (text.empty() ? "" : ", ") + entry.name;
  return text.empty() ? "none" : text;
}

struct ServerUrl {
  bool tls = true;
  Endpoint endpoint;
  std::string path_prefix;
};

/// "https://host:6443/prefix"; without a scheme, `tls_by_default` decides.
Result<ServerUrl> parse_server(std::string_view url, bool tls_by_default) {
  const auto bad = [&](const std::string& why) {
    return Error{Errc::parse,
                 "server \"" + std::string(url) + "\" " + why + "; write it as https://host:6443"};
  };
  ServerUrl server;
  std::string_view rest = url;
  const auto scheme_end = rest.find("://");
  server.tls = tls_by_default;
  if (scheme_end != std::string_view::npos) {
    const auto scheme = rest.substr(0, scheme_end);
    if (scheme != "http" && scheme != "https") return bad("has an unknown scheme");
    server.tls = scheme == "https";
    rest.remove_prefix(scheme_end + 3);
  }
  const auto path = rest.find('/');
  if (path != std::string_view::npos) {
    server.path_prefix = rest.substr(path);
    while (server.path_prefix.ends_with('/')) server.path_prefix.pop_back();
    rest = rest.substr(0, path);
  }
  if (rest.find('@') != std::string_view::npos) return bad("must not hold credentials");
  std::string authority(rest);
  const bool bracketed = rest.starts_with('[');
  const auto colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && (!bracketed || rest.rfind(']') < colon);
  if (!has_port) authority += server.tls ? ":443" : ":80";
  const auto endpoint = parse_endpoint(authority);
  if (!endpoint || endpoint->host.empty() || endpoint->port == 0) return bad("is no address");
  server.endpoint = *endpoint;
  return server;
}

Result<void> apply_cluster(Environment& environment, const Entry& cluster, Config& config) {
  const std::string url = text_of(cluster.body, "server");
  if (url.empty()) return at(cluster, "cluster", "has no server; add `server: https://host:6443`");
  if (!text_of(cluster.body, "proxy-url").empty()) {
    return at(cluster, "cluster",
              "proxy-url is not supported; remove it and reach the server directly",
              Errc::invalid_argument);
  }
  http::TlsClientOptions tls;
  auto ca = pem_of(environment, cluster, "cluster", "certificate-authority", config.ca_file);
  if (!ca) return ca.error();
  tls.ca_pem = std::move(*ca);
  tls.verify = !flag_of(cluster.body, "insecure-skip-tls-verify");
  if (!tls.verify && !tls.ca_pem.empty()) {
    return at(cluster, "cluster",
              "insecure-skip-tls-verify and a certificate authority exclude each other; remove one",
              Errc::invalid_argument);
  }
  auto server = parse_server(url, !tls.ca_pem.empty() || !tls.verify);
  if (!server) return at(cluster, "cluster", server.error().message);
  config.server = server->endpoint;
  config.path_prefix = server->path_prefix;
  if (!server->tls) return {};
  const std::string name = text_of(cluster.body, "tls-server-name");
  tls.server_name = name.empty() ? config.server.host : name;
  config.tls = std::move(tls);
  return {};
}

Result<void> apply_exec(const Entry& user, Config& config) {
  const YAML::Node exec = user.body["exec"];
  ExecCredential plugin;
  plugin.command = text_of(exec, "command");
  plugin.api_version = text_of(exec, "apiVersion");
  if (plugin.command.empty()) return at(user, "user", "exec has no command");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return at(user, "user",
              "exec.apiVersion \"" + plugin.api_version +
                  "\" is not supported; use client.authentication.k8s.io/v1");
  }
  if (text_of(exec, "interactiveMode") == "Always") {
    return at(user, "user",
              "exec.interactiveMode Always needs a terminal, which an operator has not",
              Errc::invalid_argument);
  }
  if (plugin.command.find('/') != std::string::npos)
    plugin.command = resolved(user, plugin.command);
  if (const YAML::Node args = exec["args"]; args && args.IsSequence()) {
    for (const YAML::Node& arg : args) plugin.args.push_back(arg.IsScalar() ? arg.Scalar() : "");
  }
  if (const YAML::Node env = exec["env"]; env && env.IsSequence()) {
    for (const YAML::Node& item : env) {
      plugin.env.emplace_back(text_of(item, "name"), text_of(item, "value"));
    }
  }
  config.exec = std::move(plugin);
  return {};
}

Result<void> apply_user(Environment& environment, const Entry& user, Config& config) {
  if (!user.body || !user.body.IsMap()) return {};  // anonymous
  auto certificate =
      pem_of(environment, user, "user", "client-certificate", config.certificate_file);
  if (!certificate) return certificate.error();
  auto key = pem_of(environment, user, "user", "client-key", config.key_file);
  if (!key) return key.error();
  if (certificate->empty() != key->empty()) {
    return at(user, "user", "client-certificate and client-key come together; add the missing one",
              Errc::invalid_argument);
  }
  if (config.tls) {
    config.tls->certificate_pem = std::move(*certificate);
    config.tls->key_pem = std::move(*key);
  }
  config.bearer_token = text_of(user.body, "token");
  config.bearer_token_file = resolved(user, text_of(user.body, "tokenFile"));
  if (config.bearer_token.empty() && !config.bearer_token_file.empty()) {
    const auto token = environment.read_file(config.bearer_token_file);
    if (!token) {
      return at(user, "user", "tokenFile: " + token.error().message + "; correct the path",
                token.error().code);
    }
  }
  config.username = text_of(user.body, "username");
  config.password = text_of(user.body, "password");
  config.impersonate_user = text_of(user.body, "as");
  if (const YAML::Node groups = user.body["as-groups"]; groups && groups.IsSequence()) {
    for (const YAML::Node& group : groups) {
      if (group.IsScalar()) config.impersonate_groups.push_back(group.Scalar());
    }
  }
  if (user.body["auth-provider"]) {
    return at(user, "user", "auth-provider was removed from Kubernetes; use an exec plugin",
              Errc::invalid_argument);
  }
  return user.body["exec"] ? apply_exec(user, config) : Result<void>();
}

Result<Config> choose(Environment& environment, const Kubeconfig& kubeconfig,
                      const std::string& files, const std::string& context) {
  const std::string wanted = context.empty() ? kubeconfig.current_context : context;
  if (wanted.empty()) {
    return Error{Errc::not_found,
                 files +
                     ": current-context is not set; run `kubectl config use-context` "
                     "with one of: " +
                     names_of(kubeconfig.contexts)};
  }
  const Entry* chosen = find(kubeconfig.contexts, wanted);
  if (chosen == nullptr) {
    return Error{Errc::not_found, files + ": there is no context \"" + wanted +
                                      "\"; choose one of: " + names_of(kubeconfig.contexts)};
  }
  const std::string cluster_name = text_of(chosen->body, "cluster");
  const Entry* cluster = find(kubeconfig.clusters, cluster_name);
  if (cluster == nullptr) {
    return at(*chosen, "context", "names the cluster \"" + cluster_name + "\", which is not there",
              Errc::not_found);
  }
  Config config;
  if (auto ok = apply_cluster(environment, *cluster, config); !ok) return ok.error();
  const std::string user_name = text_of(chosen->body, "user");
  if (!user_name.empty()) {
    const Entry* user = find(kubeconfig.users, user_name);
    if (user == nullptr) {
      return at(*chosen, "context", "names the user \"" + user_name + "\", who is not there",
                Errc::not_found);
    }
    if (auto ok = apply_user(environment, *user, config); !ok) return ok.error();
  }
  const std::string chosen_namespace = text_of(chosen->body, "namespace");
  if (!chosen_namespace.empty()) config.namespace_ = chosen_namespace;
  return config;
}

/// Files of a colon-separated list; the missing ones are skipped.
Result<Config> load_files(Environment& environment, const std::vector<std::string>& paths,
                          const std::string& context) {
  Kubeconfig merged;
  std::string files;
  bool any = false;
  for (const auto& path : paths) {
    files += (files.empty() ? "" : ":") + path;
    const auto text = environment.read_file(path);
    if (!text && text.error().code == Errc::not_found && paths.size() > 1) continue;
    if (!text) return text.error();
    any = true;
    const auto directory = std::filesystem::path(path).parent_path().string();
    if (auto ok = merge(merged, *text, path, directory); !ok) return ok.error();
  }
  if (!any) return Error{Errc::not_found, "none of the kubeconfig files exists: " + files};
  return choose(environment, merged, files, context);
}

std::vector<std::string> split_paths(const std::string& list) {
  std::vector<std::string> paths;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const auto end = std::min(list.find(':', begin), list.size());
    if (end > begin) paths.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

/// The service account of the pod.
Result<Config> in_cluster(Environment& environment, const std::string& host) {
  Config config;
  config.in_cluster = true;
  const std::string port = environment.variable("KUBERNETES_SERVICE_PORT").value_or("443");
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), config.server.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() ||
      config.server.port == 0) {
    return Error{Errc::parse, "KUBERNETES_SERVICE_PORT is \"" + port + "\", not a port"};
  }
  config.server.host = host;
  config.bearer_token_file = std::string(kAccount) + "token";
  config.ca_file = std::string(kAccount) + "ca.crt";
  const auto token = environment.read_file(config.bearer_token_file);
  if (!token) {
    return Error{
        token.error().code,
        "KUBERNETES_SERVICE_HOST says that this runs in a cluster, but " + token.error().message +
            "; give the pod a service account (automountServiceAccountToken: true), or name a "
            "kubeconfig with --kubeconfig or KUBECONFIG"};
  }
  auto ca = environment.read_file(config.ca_file);
  if (!ca) return ca.error().within("the pod's service account has a token but no CA");
  http::TlsClientOptions tls;
  tls.ca_pem = std::move(*ca);
  tls.server_name = host;
  config.tls = std::move(tls);
  if (const auto name = environment.read_file(std::string(kAccount) + "namespace");
      name && !name->empty()) {
    config.namespace_ = name->substr(0, name->find_first_of(" \r\n"));
  }
  return config;
}

}  // namespace

Result<Config> parse_kubeconfig(Environment& environment, std::string_view yaml,
                                const std::string& directory, const std::string& context) {
  const std::string file = "kubeconfig";
  try {
    Kubeconfig kubeconfig;
    if (auto ok = merge(kubeconfig, yaml, file, directory); !ok) return ok.error();
    return choose(environment, kubeconfig, file, context);
  } catch (const YAML::Exception& error) {
    return Error{Errc::parse, file + ": " + error.msg};
  }
}

Result<Config> load_config(Environment& environment, const std::string& flag,
                           const std::string& context) {
  try {
    if (!flag.empty()) {
      auto config = load_files(environment, {flag}, context);
      return config ? config : Result<Config>(config.error().within("--kubeconfig"));
    }
    const auto listed = environment.variable("KUBECONFIG");
    if (listed && !listed->empty()) {
      auto config = load_files(environment, split_paths(*listed), context);
      return config ? config : Result<Config>(config.error().within("KUBECONFIG"));
    }
    const auto host = environment.variable("KUBERNETES_SERVICE_HOST");
    if (host && !host->empty()) return in_cluster(environment, *host);
    const auto home = environment.variable("HOME");
    if (home && !home->empty()) {
      const std::string path = *home + "/.kube/config";
      auto config = load_files(environment, {path}, context);
      if (config || config.error().code != Errc::not_found || environment.read_file(path))
        return config;
    }
    return Error{Errc::not_found,
                 "no Kubernetes configuration: --kubeconfig and KUBECONFIG are not set, "
                 "KUBERNETES_SERVICE_HOST is not set (not in a cluster), and " +
                     (home && !home->empty() ? *home : std::string("$HOME")) +
                     "/.kube/config does not exist; set KUBECONFIG to a kubeconfig file"};
  } catch (const YAML::Exception& error) {
    return Error{Errc::parse, "kubeconfig: " + error.msg};
  }
}

}  // namespace windlass::inline v0::client
