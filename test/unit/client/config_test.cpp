#include <gtest/gtest.h>

#include <windlass/base/encoding.hpp>
#include <windlass/client/config.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::client {
namespace {

class Kubeconfig : public ::testing::Test {
 protected:
  windlass::testing::Simulation simulation_{1};
  windlass::testing::SimulatedProcess& process_ = simulation_.process("operator");

  Result<Config> parsed(const std::string& yaml, const std::string& context = {}) {
    return parse_kubeconfig(process_, yaml, "/home/me/.kube", context);
  }
  /// A kubeconfig with these cluster and user bodies (flow style).
  static std::string file(const std::string& cluster, const std::string& user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
           "clusters: [{name: prod, cluster: {" +
           cluster +
           "}}]\n"
           "users: [{name: me, user: {" +
           user +
           "}}]\n"
           "contexts: [{name: c, context: {cluster: prod, user: me, namespace: team}}]\n";
  }
};

TEST_F(Kubeconfig, IsReadInFull) {
  const auto config =
      parsed(file("server: 'https://k8s.example.com:6443/base/', tls-server-name: inner, "
                  "certificate-authority-data: " +
                      encode_base64("CA"),
                  "client-certificate-data: " + encode_base64("CERT") + ", client-key-data: " +
                      encode_base64("KEY") + ", as: bob, as-groups: [a, b]"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, (Endpoint{"k8s.example.com", 6443}));
  EXPECT_EQ(config->path_prefix, "/base");
  ASSERT_TRUE(config->tls);
  EXPECT_EQ(config->tls->ca_pem, "CA");
  EXPECT_EQ(config->tls->certificate_pem, "CERT");
  EXPECT_EQ(config->tls->key_pem, "KEY");
  EXPECT_EQ(config->tls->server_name, "inner");
  EXPECT_TRUE(config->tls->verify);
  EXPECT_EQ(config->namespace_, "team");
  EXPECT_EQ(config->impersonate_user, "bob");
  EXPECT_EQ(config->impersonate_groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(config->in_cluster);
}

TEST_F(Kubeconfig, FindsFilesBesideItself) {
  process_.files()["/home/me/.kube/pki/ca.crt"] = "CA";
  process_.files()["/etc/me.crt"] = "CERT";
  process_.files()["/etc/me.key"] = "KEY";
  process_.files()["/home/me/token"] = "T";
  const auto config = parsed(file("server: 'https://[::1]:6443', certificate-authority: pki/ca.crt",
                                  "client-certificate: /etc/me.crt, client-key: /etc/me.key, "
                                  "tokenFile: ../token"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.host, "::1");
  EXPECT_EQ(config->tls->ca_pem, "CA");
  EXPECT_EQ(config->ca_file, "/home/me/.kube/pki/ca.crt");
  EXPECT_EQ(config->certificate_file, "/etc/me.crt");
  EXPECT_EQ(config->bearer_token_file, "/home/me/token");
}

struct Server {
  const char* url;
  Endpoint endpoint;
  bool tls;
};

TEST_F(Kubeconfig, ReadsServers) {
  for (const Server& server :
       {Server{"https://a", {"a", 443}, true}, Server{"http://a", {"a", 80}, false},
        Server{"http://127.0.0.1:8080/", {"127.0.0.1", 8080}, false},
        Server{"https://[fd00::1]", {"fd00::1", 443}, true},
        Server{"a:8080", {"a", 8080}, false}}) {
    const auto config = parsed(file("server: '" + std::string(server.url) + "'", ""));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->server, server.endpoint) << server.url;
    EXPECT_EQ(config->tls.has_value(), server.tls) << server.url;
  }
}

TEST_F(Kubeconfig, ReadsPlugins) {
  const auto config =
      parsed(file("server: 'https://a'",
                  "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./login, "
                  "args: [get, token], env: [{name: A, value: b}]}"));
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, "/home/me/.kube/login");
  EXPECT_EQ(config->exec->args, (std::vector<std::string>{"get", "token"}));
  EXPECT_EQ(config->exec->env.at(0).second, "b");
}

struct Bad {
  const char* name;
  std::string yaml;
  const char* says;
};

TEST_F(Kubeconfig, SaysWhatIsWrongAndHowToMendIt) {
  const std::string ca = "certificate-authority-data: " + encode_base64("CA");
  const std::vector<Bad> all{
      {"not yaml", "a: [", "line"},
      {"not a mapping", "- a", "no kubeconfig"},
      {"another kind", "kind: Pod", "is a Pod"},
      {"no context", "kind: Config", "use-context"},
      {"no server", file("", ""), "cluster \"prod\": has no server"},
      {"bad server", file("server: 'ftp://a'", ""), "write it as https://host:6443"},
      {"password in the url", file("server: 'https://a:b@c'", ""), "must not hold credentials"},
      {"proxy", file("server: 'https://a', proxy-url: 'http://p'", ""),
       "proxy-url is not supported"},
      {"insecure and CA", file("server: 'https://a', insecure-skip-tls-verify: true, " + ca, ""),
       "exclude each other"},
      {"bad base64", file("server: 'https://a', certificate-authority-data: '%%'", ""),
       "not base64"},
      {"missing CA file", file("server: 'https://a', certificate-authority: x.crt", ""),
       "/home/me/.kube/x.crt"},
      {"certificate without key",
       file("server: 'https://a'", "client-certificate-data: " + encode_base64("C")),
       "user \"me\": client-certificate and client-key come together"},
      {"missing token file", file("server: 'https://a'", "tokenFile: /x"), "tokenFile"},
      {"plugin without command",
       file("server: 'https://a'", "exec: {apiVersion: client.authentication.k8s.io/v1}"),
       "no command"},
      {"plugin of an old version",
       file("server: 'https://a'",
            "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}"),
       "use client.authentication.k8s.io/v1"},
      {"terminal plugin",
       file("server: 'https://a'",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: "
            "Always}"),
       "terminal"},
      {"auth-provider", file("server: 'https://a'", "auth-provider: {name: gcp}"), "exec plugin"},
      {"no such user",
       "current-context: c\nclusters: [{name: prod, cluster: {server: 'https://a'}}]\n"
       "contexts: [{name: c, context: {cluster: prod, user: me}}]",
       "the user \"me\""},
      {"no such cluster", "current-context: c\ncontexts: [{name: c, context: {cluster: prod}}]",
       "the cluster \"prod\""}};
  for (const auto& bad : all) {
    const auto config = parsed(bad.yaml);
    ASSERT_FALSE(config) << bad.name;
    EXPECT_NE(config.error().message.find(bad.says), std::string::npos)
        << bad.name << ": " << config.error().message;
  }
  const auto config = parsed(file("server: 'https://a'", ""), "other");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("choose one of: c"), std::string::npos)
      << config.error().message;
}

TEST_F(Kubeconfig, FirstFileOfTheListWins) {
  process_.variables()["KUBECONFIG"] = "/missing:/one:/two";
  process_.files()["/one"] =
      "current-context: c\nusers: [{name: me, user: {token: first}}]\nclusters: []\n";
  process_.files()["/two"] =
      file("server: 'https://a', certificate-authority: ca.crt", "token: second");
  process_.files()["/ca.crt"] = "CA";
  const auto config = load_config(process_);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->bearer_token, "first");
  EXPECT_EQ(config->tls->ca_pem, "CA");
}

TEST_F(Kubeconfig, TheFlagBeatsTheVariableBeatsTheClusterBeatsTheHomeDirectory) {
  const std::string account = "/var/run/secrets/kubernetes.io/serviceaccount/";
  process_.variables()["HOME"] = "/home/me";
  process_.files()["/home/me/.kube/config"] = file("server: 'https://home'", "");
  process_.files()["/flag"] = file("server: 'https://flag'", "");
  process_.files()["/variable"] = file("server: 'https://variable'", "");
  EXPECT_EQ(load_config(process_)->server.host, "home");
  process_.variables()["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
  process_.variables()["KUBERNETES_SERVICE_PORT"] = "6443";
  process_.files()[account + "token"] = "T";
  process_.files()[account + "ca.crt"] = "CA";
  process_.files()[account + "namespace"] = "operators\n";
  const auto inside = load_config(process_);
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_TRUE(inside->in_cluster);
  EXPECT_EQ(inside->server, (Endpoint{"10.96.0.1", 6443}));
  EXPECT_EQ(inside->namespace_, "operators");
  EXPECT_EQ(inside->bearer_token_file, account + "token");
  process_.variables()["KUBECONFIG"] = "/variable";
  EXPECT_EQ(load_config(process_)->server.host, "variable");
  EXPECT_EQ(load_config(process_, "/flag")->server.host, "flag");
}

TEST_F(Kubeconfig, SaysWhatItTriedWhenThereIsNothing) {
  process_.variables()["HOME"] = "/home/me";
  const auto nothing = load_config(process_);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, Errc::not_found);
  for (const char* tried :
       {"--kubeconfig", "KUBECONFIG", "KUBERNETES_SERVICE_HOST", "/home/me/.kube/config"}) {
    EXPECT_NE(nothing.error().message.find(tried), std::string::npos) << nothing.error().message;
  }
  process_.variables()["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
  const auto no_token = load_config(process_);
  ASSERT_FALSE(no_token);
  EXPECT_NE(no_token.error().message.find("automountServiceAccountToken"), std::string::npos)
      << no_token.error().message;
  process_.variables()["KUBECONFIG"] = "/a:/b";
  const auto missing = load_config(process_);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/a:/b"), std::string::npos) << missing.error().message;
}

}  // namespace
}  // namespace windlass::client
