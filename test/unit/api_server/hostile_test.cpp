// Bodies made to break the server: they end in an answer, soon and within little memory.

#include <algorithm>

#include "api.hpp"
#include "selector.hpp"

namespace windlass::testing_api {
namespace {

class Hostile : public Api {};

/// "field 1: 5 bytes" as protobuf writes it.
std::string prefix(int number, std::size_t size) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  return out + static_cast<char>(size);
}

/// ControllerRevisions, each within the data of the one before.
std::string nested_revisions(int count) {
  const std::string meta = prefix(1, 7) + "apps/v1" + prefix(2, 18) + "ControllerRevision";
  std::string reversed;  // grows at its front
  for (int i = 0; i < count; ++i) {
    std::string head = prefix(1, reversed.size());                      // RawExtension.raw
    if (i > 0) head = prefix(2, head.size() + reversed.size()) + head;  // data
    if (i == 0) head.clear();
    head = prefix(2, head.size() + reversed.size()) + head;  // Unknown.raw
    head = std::string("k8s\0", 4) + prefix(1, meta.size()) + meta + head;
    reversed.append(head.rbegin(), head.rend());
  }
  return {reversed.rbegin(), reversed.rend()};
}

TEST_F(Hostile, EnvelopesWithinEnvelopesInProtobuf) {
  const auto send = [&](int count) {
    return call("POST", "/apis/apps/v1/namespaces/default/controllerrevisions",
                nested_revisions(count), "application/vnd.kubernetes.protobuf");
  };
  EXPECT_EQ(send(3).message().find("nested"), std::string::npos);
  const Answer answer = send(40'000);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.message().find("malformed protobuf: it is nested too deeply"), std::string::npos)
      << answer.message();
}

/// `count` lists, each of ten times the one before.
std::string aliases(int count) {
  std::string out =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < count; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    out += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) out += (k == 0 ? "" : ",") + before;
    out += "]\n";
  }
  return out;
}

TEST_F(Hostile, AliasesInYaml) {
  EXPECT_EQ(call("POST", kMaps, aliases(3), "application/yaml").status, 201);
  for (const auto& [method, target, type] :
       {std::tuple("POST", std::string(kMaps), "application/yaml"),
        std::tuple("PATCH", std::string(kMaps) + "/b?fieldManager=m",
                   "application/apply-patch+yaml")}) {
    const Answer answer = call(method, target, aliases(10), type);
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(answer.message().find("document contains excessive aliasing"), std::string::npos)
        << answer.message();
  }
  const Answer answer = call("POST", kMaps, "a: &a [*a, *a]", "application/yaml");
  EXPECT_EQ(answer.status, 400) << answer.message();
}

TEST_F(Hostile, LongYamlWithoutAliasesIsRead) {
  std::string text = "metadata: {name: a}\ndata:\n";
  for (int i = 0; i < 60'000; ++i) text += " k" + std::to_string(i) + ": v\n";
  EXPECT_EQ(call("POST", kMaps, text, "application/yaml").status, 201);
}

TEST_F(Hostile, CopiesInJsonPatches) {
  ASSERT_EQ(post(kMaps, config_map("a")).status, 201);
  const auto patch = [&](const std::string& operations) {
    return call("PATCH", std::string(kMaps) + "/a", "[" + operations + "]",
                "application/json-patch+json");
  };
  std::string doubling = R"({"op":"add","path":"/x","value":{"k":"some text of no importance"}})";
  for (int i = 0; i < 60; ++i)
    doubling += R"(,{"op":"copy","from":"/x","path":"/x/k)" + std::to_string(i) + "\"}";
  EXPECT_EQ(patch(doubling).status, 422);
  EXPECT_EQ(patch(R"({"op":"copy","from":"/data/a","path":"/data/b"})").status, 200);
  std::string many = R"({"op":"test","path":"/data/a","value":"1"})";
  for (int i = 1; i < 10'000; ++i) many += R"(,{"op":"test","path":"/data/a","value":"1"})";
  EXPECT_EQ(patch(many).status, 200);
  const Answer more = patch(many + R"(,{"op":"test","path":"/data/a","value":"1"})");
  EXPECT_EQ(more.status, 413);
  EXPECT_EQ(more.message(), "The allowed maximum operations in a JSON patch is 10000, got 10001");
}

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST_F(Hostile, DeepJson) {
  for (const char* open : {"[", "{\"a\":"}) {
    const Answer answer = post(kMaps, repeated(open, 100'000));
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(answer.message().find("exceeded max depth"), std::string::npos) << answer.message();
  }
}

constexpr const char* kDeepThings = "/apis/example.com/v1/things";

/// What is stored must be read again, from the journal too, where it lies one level deeper.
TEST_F(Hostile, ObjectsThatGrowDeeper) {
  std::vector<std::string> lines;
  core.on_change([&](std::string_view line) { lines.emplace_back(line); });
  ASSERT_EQ(post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                 R"({"metadata":{"name":"things.example.com"},"spec":{"group":"example.com",
    "scope":"Cluster","names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1","served":true,
    "storage":true,"schema":{"openAPIV3Schema":{"type":"object",
    "x-kubernetes-preserve-unknown-fields":true}}}]}})")
                .status,
            201);
  const auto thing = [&](int depth) {
    return post(kDeepThings,
                R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"a"},"spec":)" +
                    repeated("{\"a\":", depth) + "1" + repeated("}", depth) + "}");
  };
  EXPECT_EQ(thing(998).status, 400);
  ASSERT_EQ(thing(400).status, 201);
  const auto patch = [&](const std::string& operation) {
    return call("PATCH", std::string(kDeepThings) + "/a", "[" + operation + "]",
                "application/json-patch+json");
  };
  const std::string deepest = "/spec" + repeated("/a", 399) + "/b";
  for (const std::string& operation :
       {R"({"op":"copy","from":"/spec","path":")" + deepest + "\"}",
        R"({"op":"add","path":")" + deepest + R"(","value":)" + repeated("[", 400) +
            repeated("]", 400) + "}",
        R"({"op":"replace","path":"/spec)" + repeated("/a", 400) + R"(","value":)" +
            repeated("[", 400) + repeated("]", 400) + "}"}) {
    EXPECT_EQ(patch(operation).status, 422);
  }
  const std::string flat =
      R"({"op":"add","path":"/x","value":)" + repeated("[", 300) + repeated("]", 300) + "}";
  EXPECT_EQ(patch(flat).status, 200);
  for (const std::string& line : lines) EXPECT_TRUE(json::parse(line)) << line.substr(0, 100);
  // a move within has the same effect
  EXPECT_EQ(patch(R"({"op":"move","from":"/x","path":")" + deepest + "\"}").status, 422);
}

/// The places of members are kept by path: paths must not multiply.
TEST_F(Hostile, LongNamesAboveManyMembers) {
  std::string body = R"({"metadata":{"name":"a"},")" + std::string(1'000'000, 'k') + "\":{";
  for (int i = 0; i < 100'000; ++i) body += "\"a" + std::to_string(i) + "\":1,";
  const Answer answer = post(kMaps, body + R"("z":1,"z":2}})");
  EXPECT_EQ(answer.status, 201) << answer.message().substr(0, 200);
  EXPECT_EQ(post(std::string(kMaps) + "?fieldValidation=Strict",
                 R"({"metadata":{"name":"b"},"data":{"a":"1","a":"2"}})")
                .status,
            400);
}

TEST_F(Hostile, TimesBeyondAnyCalendar) {
  ASSERT_EQ(
      post("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"s"}})").status,
      201);
  const auto token = [&](const char* seconds) {
    return post("/api/v1/namespaces/default/serviceaccounts/s/token",
                std::string(R"({"spec":{"expirationSeconds":)") + seconds + "}}");
  };
  EXPECT_EQ(token("4294967296").status, 201);
  const Answer refused = token("9223372036854775807");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.message().find("may not specify a duration larger than 2^32 seconds"),
            std::string::npos)
      << refused.message();
  const std::string pods = "/api/v1/namespaces/default/pods";
  const auto pod = [&](const std::string& name, const std::string& grace) {
    return post(pods, R"({"metadata":{"name":")" + name + R"("},"spec":{"nodeName":"n",)" + grace +
                          R"("containers":[{"name":"c","image":"i"}]}})");
  };
  ASSERT_EQ(pod("a", "").status, 201);
  ASSERT_EQ(pod("b", R"("terminationGracePeriodSeconds":9223372036854775807,)").status, 201);
  const Answer given = erase(pods + "/a", R"({"gracePeriodSeconds":9223372036854775807})");
  const Answer own = erase(pods + "/b");
  for (const Answer* answer : {&given, &own}) {
    ASSERT_EQ(answer->status, 200) << answer->message();
    EXPECT_EQ(answer->body["metadata"]["deletionTimestamp"].string_or("").substr(0, 4), "2162");
  }
  const Answer watch = get(std::string(kMaps) + "?watch=1&timeoutSeconds=9223372036854775807");
  ASSERT_EQ(watch.status, 200);
  watch.stream->take();
  EXPECT_FALSE(watch.stream->ended());
}

TEST_F(Hostile, SelectorsWithUnknownOperatorsChooseNothing) {
  const auto matches = [](const char* selector) {
    return api_server::LabelSelector::from(read(selector)).matches(json::Object{{"a", "b"}});
  };
  EXPECT_TRUE(matches(R"({"matchExpressions":[{"key":"z","operator":"DoesNotExist"}]})"));
  EXPECT_FALSE(matches(R"({"matchExpressions":[{"key":"z","operator":"doesnotexist"}]})"));
}

}  // namespace
}  // namespace windlass::testing_api
