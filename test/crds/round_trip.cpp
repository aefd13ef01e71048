// Takes CRDs through their generated types: published examples and random objects come back as they
// were, and client-side validation agrees with the API server's.
//
//   round_trip [--samples N] [--exact] [--whole] [--examples FOLDER] [--write FILE] CRDS...
//
// Prints one line per type and a summary; exits with 1 when something was lost or disagreed.

#include "round_trip.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <windlass/api_server/core.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/codegen/yaml.hpp>
#include <windlass/json/patch.hpp>
#include <windlass/json/schema.hpp>
#include <windlass/meta/quantity.hpp>
#include <windlass/meta/time.hpp>

namespace windlass::crds {
namespace {

using json::Value;

struct Options {
  int samples = 1000;
  bool exact = false;  ///< the types were made so that empty and absent differ
  bool whole = false;  ///< the types say the whole schema
  std::string examples;
  std::string write;  ///< a file for what real_server.py asks a real server
  std::vector<std::string> crds;
};

/// So many random objects of each type, and as many mutants, go to a real server.
constexpr int kWritten = 100;

struct Tally {
  int examples = 0, examples_refused = 0, samples = 0, lost = 0, mutants = 0, refused = 0,
      disagreements = 0, unreadable = 0;
  void add(const Tally& other) {
    examples += other.examples;
    examples_refused += other.examples_refused;
    samples += other.samples;
    lost += other.lost;
    mutants += other.mutants;
    refused += other.refused;
    disagreements += other.disagreements;
    unreadable += other.unreadable;
  }
};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

bool is_nothing(const Value& value) {
  switch (value.type()) {
    case json::Type::null:
      return true;
    case json::Type::string:
      return value.as_string().empty();
    case json::Type::array:
      return value.as_array().empty();
    case json::Type::object:
      return value.as_object().empty();
    default:
      return false;
  }
}

/// Empty and absent are the same for types that are made without --keep-empty.
Value without_nothing(const Value& value) {
  if (value.is_array()) {
    json::Array out;
    for (const auto& element : value.as_array()) out.push_back(without_nothing(element));
    return out;
  }
  if (!value.is_object()) return value;
  json::Object out;
  for (const auto& [key, member] : value.as_object()) {
    Value kept = without_nothing(member);
    if (!is_nothing(kept)) out.set(key, std::move(kept));
  }
  return out;
}

bool same_text(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto time = meta::Time::parse(a);
  if (time && meta::Time::parse(b) && *time == *meta::Time::parse(b)) return true;
  const auto amount = meta::Quantity::parse(a);
  return amount && meta::Quantity::parse(b) && *amount == *meta::Quantity::parse(b);
}

/// Quantities and times are the same in all their spellings.
bool same(const Value& a, const Value& b, std::string& where) {
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.as_object()) {
      const Value* other = b.find(key);
      if (other == nullptr || !same(value, *other, where)) {
        where.insert(0, '.' + key);
        return false;
      }
    }
    for (const auto& [key, value] : b.as_object()) {
      if (a.find(key) == nullptr) {
        where.insert(0, "+." + key);
        return false;
      }
    }
    return true;
  }
  if (a.is_array() && b.is_array()) {
    if (a.as_array().size() != b.as_array().size()) return false;
    for (std::size_t i = 0; i < a.as_array().size(); ++i) {
      if (!same(a.as_array()[i], b.as_array()[i], where)) {
        where.insert(0, '[' + std::to_string(i) + ']');
        return false;
      }
    }
    return true;
  }
  if (a.is_string() && b.is_string()) return same_text(a.as_string(), b.as_string());
  if (a.is_integer() && b.is_string())
    return same_text(std::to_string(a.as_integer()), b.as_string());
  if (a.is_number() && b.is_string()) return same_text(json::dump(a), b.as_string());
  return a == b;
}

/// One version of one CRD on an API server.
class Served {
 public:
  Served(api_server::Core& core, const Value& crd, std::string version)
      : core_(core), spec_(crd["spec"]), version_(std::move(version)) {}

  std::string collection() const {
    return "/apis/" + std::string(spec_["group"].string_or("")) + '/' + version_ +
           (spec_["scope"] == Value("Namespaced") ? "/namespaces/default/" : "/") +
           std::string(spec_["names"]["plural"].string_or(""));
  }

  struct Answer {
    std::string refusal;  ///< empty when the server takes the object, otherwise why not
    Value stored;         ///< what it would keep, without metadata
  };

  Answer answer(const Value& object) const {
    http::Request request{.method = "POST",
                          .target = collection() + "?dryRun=All&fieldValidation=Ignore",
                          .headers = {{"Content-Type", "application/json"}},
                          .body = json::dump(object)};
    const auto reply = core_.handle(request, api_server::Identity::admin());
    const auto body = json::parse(reply.response.body);
    if (reply.response.status < 300) {
      Value stored = body.value();
      stored.as_object().erase("metadata");
      return {{}, std::move(stored)};
    }
    return {std::to_string(reply.response.status) + ": " +
                (body ? std::string((*body)["message"].string_or("")) : reply.response.body),
            {}};
  }

 private:
  api_server::Core& core_;
  const Value& spec_;
  std::string version_;
};

/// For real_server.py.
void write_line(const Options& options, json::Object line) {
  if (options.write.empty()) return;
  std::ofstream(options.write, std::ios::app) << json::dump(Value(std::move(line))) << '\n';
}

class Check {
 public:
  Check(const Entry& entry, const Served& server, const Options& options, std::string name,
        const Value& version)
      : entry_(entry),
        server_(server),
        options_(options),
        name_(std::move(name)),
        status_apart_(version["subresources"].find("status") != nullptr),
        stored_(version["storage"].bool_or(false)) {}

  /// The way back from C++ gives the schema as it was.
  void schema(const Value& original) {
    const Value changes = json::create_json_patch(original, entry_.schema());
    if (!changes.as_array().empty()) complain("schema: " + json::dump(changes), tally.lost);
  }

  void example(const std::string& file, const Value& object) {
    ++tally.examples;
    const auto outcome = entry_.through(object, false);
    if (!outcome) {
      // examples that are wrong on purpose are refused by the server too
      ++tally.examples_refused;
      if (server_.answer(object).refusal.empty())
        complain(file + ": " + outcome.error().message, tally.unreadable);
    } else {
      compare(file, object, *outcome);
    }
    if (!object["metadata"]["name"].is_string()) return;
    Value here = object;
    here["metadata"].as_object().erase("namespace");
    agree(std::move(here), true);
  }

  void sample(const Value& schema, Random& random) {
    ++tally.samples;
    const Value object = made(schema, random);
    const auto outcome = entry_.through(object, false);
    if (!outcome) {
      if (server_.answer(object).refusal.empty())
        complain("sample: " + outcome.error().message, tally.unreadable);
      return;
    }
    compare("sample", object, *outcome);
    const bool keep = tally.samples <= kWritten;
    agree(object, keep);
    Value mutant = object;
    for (const char* part : {"spec", "status"}) {
      if (mutant.find(part) == nullptr) continue;
      mutate(mutant[part], random, 0);
      break;
    }
    ++tally.mutants;
    agree(std::move(mutant), keep);
  }

  Tally tally;

 private:
  Value made(const Value& schema, Random& random) const {
    const double density = random.uniform();
    Value object = json::sample(schema, random, {.optional = 0.1 + 0.7 * density * density});
    object["apiVersion"] = std::string(entry_.group) + '/' + std::string(entry_.version);
    object["kind"] = entry_.kind;
    json::Object metadata;
    metadata.set("name", "x" + random.suffix(5));
    object["metadata"] = std::move(metadata);
    return object;
  }

  void complain(const std::string& what, int& counter) {
    if (++counter <= 3) std::printf("    %s: %.400s\n", name_.c_str(), what.c_str());
  }

  void compare(const std::string& what, const Value& object, Outcome outcome) {
    // an absent spec or status is an empty one in types made without --keep-empty
    for (const char* part : {"spec", "status"}) {
      if (!options_.exact && is_nothing(object[part])) outcome.back.as_object().erase(part);
    }
    std::string where;
    const bool kept = options_.exact
                          ? same(object, outcome.back, where)
                          : same(without_nothing(object), without_nothing(outcome.back), where);
    if (!kept) complain(what + ": lost or changed at " + where, tally.lost);
    if (!outcome.equal_again) complain(what + ": decodes to another object", tally.lost);
  }

  /// What a type cannot hold (an empty text where none is allowed) is not sent: the server is asked
  /// about what would be.
  void agree(Value object, bool keep) {
    if (status_apart_) object.as_object().erase("status");  // the server takes no notice of it
    const auto outcome = entry_.through(object, true);
    const Value& sent = outcome ? outcome->back : object;
    const auto [refusal, stored] = server_.answer(sent);
    const std::string mine = verdict(outcome);
    if (keep) write(sent, mine, stored);
    if (!refusal.empty()) ++tally.refused;
    if ((mine == "accepted") != refusal.empty()) {
      complain("client: " + mine + " | server: " + (refusal.empty() ? "accepted" : refusal),
               tally.disagreements);
    } else if (refusal.empty() && stored_) {
      same_defaults(sent, outcome->defaulted, stored);
    }
  }

  /// The defaults that json::apply_defaults sets are the server's.
  void same_defaults(const Value& sent, Value mine, Value stored) {
    mine.as_object().erase("metadata");
    if (status_apart_) {
      mine.as_object().erase("status");
      stored.as_object().erase("status");
    }
    // a part that is absent on the wire is an empty one in these types, and its members get
    // defaults
    for (const char* part : {"spec", "status"}) {
      if (sent.find(part) == nullptr && stored.find(part) == nullptr) mine.as_object().erase(part);
    }
    std::string where;
    if (!same(without_nothing(stored), without_nothing(mine), where)) {
      complain("the server's defaults are others at " + where, tally.disagreements);
    }
  }

  static std::string verdict(const Result<Outcome>& outcome) {
    if (!outcome) return outcome.error().message;
    if (outcome->violations.empty()) return "accepted";
    return outcome->violations[0].path + ": " + outcome->violations[0].message;
  }

  /// `stored` is null when the server in memory refused the object.
  void write(const Value& object, const std::string& client, const Value& stored) const {
    json::Object line;
    line.set("collection", server_.collection());
    line.set("client", client);
    line.set("object", object);
    line.set("stored", stored);
    write_line(options_, std::move(line));
  }

  /// Makes one thing wrong, perhaps.
  static void mutate(Value& value, Random& random, int depth) {
    const auto pick = [&](std::size_t count) {
      return static_cast<std::size_t>(random.next() % count);
    };
    if (value.is_object() && !value.as_object().empty()) {
      auto& object = value.as_object();
      auto chosen = object.begin() + static_cast<std::ptrdiff_t>(pick(object.size()));
      if (random.uniform() < 0.15) {
        object.erase(chosen);
      } else {
        mutate(chosen->value, random, depth + 1);
      }
      return;
    }
    if (value.is_array() && !value.as_array().empty() && random.uniform() < 0.8) {
      auto& list = value.as_array();
      if (random.uniform() < 0.3) {
        Value copy = list[pick(list.size())];
        list.push_back(std::move(copy));
      } else {
        mutate(list[pick(list.size())], random, depth + 1);
      }
      return;
    }
    if (random.uniform() < 0.2) {
      const Value wrong[] = {true, 7, "text", json::Array{}, json::Object{}, nullptr};
      value = wrong[pick(6)];
    } else if (value.is_string()) {
      const Value others[] = {"", "Not Valid!", std::string(300, 'x'), "0", "a"};
      value = others[pick(5)];
    } else if (value.is_integer()) {
      const Value others[] = {-1, 0, 1, 100000, -2000000000};
      value = others[pick(5)];
    }
  }

  const Entry& entry_;
  const Served& server_;
  const Options& options_;
  std::string name_;
  bool status_apart_;  ///< a subresource
  bool stored_;        ///< otherwise the stored version's defaults come on top
};

using Examples = std::map<std::string, std::vector<std::pair<std::string, Value>>>;

Examples read_examples(const std::string& folder) {
  Examples out;
  if (folder.empty() || !std::filesystem::is_directory(folder)) return out;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    auto documents = codegen::parse_yaml(file.path().string(), read_file(file.path().string()));
    if (!documents) continue;  // templates and the like
    for (auto& document : *documents) {
      if (!document.is_object()) continue;
      const std::string key = std::string(document["apiVersion"].string_or("")) + ' ' +
                              std::string(document["kind"].string_or(""));
      out[key].emplace_back(file.path().filename().string(), std::move(document));
    }
  }
  return out;
}

bool has_rules(const Value& schema) {
  return json::dump(schema).find("\"x-kubernetes-validations\"") != std::string::npos;
}

Tally check_crd(const Value& crd, api_server::Core& core, const Examples& examples,
                const Options& options) {
  Tally total;
  const std::string group(crd["spec"]["group"].string_or(""));
  const std::string kind(crd["spec"]["names"]["kind"].string_or(""));
  for (const auto& version : crd["spec"]["versions"].as_array()) {
    const std::string name(version["name"].string_or(""));
    for (const auto& entry : entries()) {
      if (entry.group != group || entry.version != name || entry.kind != kind) continue;
      const Served server(core, crd, name);
      Value schema = version["schema"]["openAPIV3Schema"];
      // an absent spec or status is an empty one in these types
      for (const char* part : {"spec", "status"}) {
        if (options.exact || schema["properties"].find(part) == nullptr) continue;
        if (!schema["required"].is_array()) schema["required"] = json::Array();
        schema["required"].as_array().emplace_back(part);
      }
      const std::string label = kind + '.' + name + '.' + group;
      Check check(entry, server, options, label, version);
      if (options.whole) check.schema(version["schema"]["openAPIV3Schema"]);
      if (const auto found = examples.find(group + '/' + name + ' ' + kind);
          found != examples.end()) {
        for (const auto& [file, object] : found->second) check.example(file, object);
      }
      SeededRandom random(42);
      for (int i = 0; i < options.samples; ++i) check.sample(schema, random);
      const Tally& t = check.tally;
      std::printf(
          "%s: %d examples (%d refused), %d samples, %d mutants (%d objects refused), "
          "%d lost, %d unreadable, %d disagreements%s\n",
          label.c_str(), t.examples, t.examples_refused, t.samples, t.mutants, t.refused, t.lost,
          t.unreadable, t.disagreements, has_rules(schema) ? ", has CEL rules" : "");
      std::fflush(stdout);
      total.add(t);
    }
  }
  return total;
}

/// All versions served, no conversion webhook, which the server in memory does not call.
Value served(Value crd) {
  for (auto& version : crd["spec"]["versions"].as_array()) version["served"] = true;
  crd["spec"].as_object().erase("conversion");
  crd.as_object().erase("status");
  return crd;
}

int run(const Options& options) {
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  const Examples examples = read_examples(options.examples);
  Tally total;
  int crds = 0;
  for (const auto& file : options.crds) {
    const auto documents = codegen::parse_yaml(file, read_file(file)).value();
    for (const auto& document : documents) {
      if (document["kind"] != Value("CustomResourceDefinition")) continue;
      api_server::Core core(*environment, {.namespace_defaults = false});
      const Value crd = served(document);
      try {
        core.seed({crd});
      } catch (const std::exception& error) {
        std::printf("    %s: the server refuses the CRD: %.300s\n", file.c_str(), error.what());
        ++total.disagreements;
        continue;
      }
      json::Object line;
      line.set("definition", crd);
      write_line(options, std::move(line));
      total.add(check_crd(crd, core, examples, options));
      ++crds;
    }
  }
  std::printf(
      "%d CRDs: %d examples (%d refused), %d samples, %d mutants, %d objects refused, %d lost, "
      "%d unreadable, %d disagreements\n",
      crds, total.examples, total.examples_refused, total.samples, total.mutants, total.refused,
      total.lost, total.unreadable, total.disagreements);
  return total.lost + total.unreadable + total.disagreements == 0 ? 0 : 1;
}

}  // namespace
}  // namespace windlass::crds

int main(int argc, char** argv) {
  windlass::crds::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--whole") {
      options.whole = true;
    } else if (argument == "--samples" && i + 1 < argc) {
      options.samples = std::atoi(argv[++i]);
    } else if (argument == "--write" && i + 1 < argc) {
      options.write = argv[++i];
    } else if (argument == "--examples" && i + 1 < argc) {
      options.examples = argv[++i];
    } else if (argument == "--exact") {
      options.exact = true;
    } else {
      options.crds.push_back(argument);
    }
  }
  return windlass::crds::run(options);
}
