#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include <windlass/codegen/conversion.hpp>
#include <windlass/codegen/crd.hpp>
#include <windlass/codegen/emit.hpp>
#include <windlass/codegen/generate.hpp>
#include <windlass/codegen/input.hpp>
#include <windlass/codegen/openapi.hpp>
#include <windlass/codegen/reduce.hpp>
#include <windlass/codegen/yaml.hpp>

#include "definitions.hpp"
#include "schema_data.hpp"

namespace windlass::inline v0::codegen {
namespace {

namespace fs = std::filesystem;

Result<json::Value> read_json(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return text.error();
  auto value = json::parse(*text);
  if (!value) return value.error().within(path);
  return value;
}

/// A file that has this text already keeps its time, so that nothing is built anew.
Result<void> write_file(const fs::path& path, const std::string& text) {
  if (const auto present = read_text(path); present && *present == text) return {};
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path temporary = path.string() + ".tmp";
  std::ofstream out(temporary, std::ios::binary);
  out << text;
  out.close();
  if (!out) return Error{Errc::io, path.string() + ": cannot be written; check the folder"};
  fs::rename(temporary, path, error);
  if (error) return Error{Errc::io, path.string() + ": " + error.message()};
  return {};
}

Result<Generated> from_openapi(const GenerateOptions& options) {
  Generated out;
  for (const auto& input : options.inputs) {
    const auto document = read_json(input);
    if (!document) return document.error();
    const auto unit = parse_openapi(input, *document);
    if (!unit) return unit.error();
    out.files.merge(emit(*unit, {.parts = options.parts}));
  }
  return out;
}

Result<Generated> reduced_files(const GenerateOptions& options) {
  std::vector<Source> sources;
  for (const auto& input : options.inputs) {
    auto document = read_json(input);
    if (!document) return document.error();
    sources.push_back({input, std::move(*document)});
  }
  auto files = reduce(sources);
  if (!files) return files.error();
  return Generated{std::move(*files), {}};
}

KnownTypes known_types(bool wanted) {
  KnownTypes known;
  if (!wanted) return known;
  for (const auto text : kubernetes_schemas()) known.add(json::parse(text).value()["schemas"]);
  return known;
}

/// JSON that is JSON to the last comma is read as such, everything else as YAML.
Result<std::vector<Document>> read_documents(const Input& input) {
  const std::size_t first = input.text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (input.text[first] == '{' || input.text[first] == '[')) {
    if (auto value = json::parse(input.text)) {
      std::vector<Document> out;
      out.emplace_back(std::move(*value));
      return out;
    }
  }
  return read_yaml(input.name, input.text);
}

Result<void> add_units(const std::string& input, const std::vector<Unit>& units, Generated& out) {
  for (const auto& unit : units) {
    for (auto& [name, content] : emit(unit)) {
      if (out.files.contains(name)) {
        return Error{Errc::invalid_argument, input + ": a second CRD gives the file " + name +
                                                 "; use --by-group, or generate it with another "
                                                 "--output-prefix and --namespace"};
      }
      out.files.emplace(name, std::move(content));
    }
  }
  return {};
}

/// What the inputs say, each with the file that it came from.
struct ReadCrds {
  std::string first;  ///< the first input's name
  std::vector<std::pair<std::string, ParsedCrds>> files;
};

Result<ReadCrds> read_crds(const GenerateOptions& options) {
  const KnownTypes known = known_types(options.known_types);
  auto inputs = read_inputs(options.inputs);
  if (!inputs) return inputs.error();
  ReadCrds out;
  out.first = inputs->empty() ? "the input" : inputs->front().name;
  inputs->insert(inputs->end(), options.texts.begin(), options.texts.end());
  const CrdOptions crd{.namespace_name = options.namespace_name,
                       .output_prefix = options.output_prefix,
                       .keep_empty = options.keep_empty,
                       .by_group = options.by_group,
                       .whole_schema = options.whole_schema};
  bool any = false;
  for (const auto& input : *inputs) {
    const auto documents = read_documents(input);
    if (!documents) return documents.error();
    auto parsed = parse_crds(input.name, *documents, crd, known);
    if (!parsed) return parsed.error();
    if (parsed->units.empty() && input.by_name) {
      return Error{Errc::parse, input.name +
                                    ": no CustomResourceDefinition in it; give the YAML of a CRD, "
                                    "such as config/crd/bases/*.yaml"};
    }
    any = any || !parsed->units.empty();
    out.files.emplace_back(input.name, std::move(*parsed));
  }
  if (!any) {
    return Error{Errc::parse, "no CustomResourceDefinition in " + out.first +
                                  "; give the YAML of a CRD, such as config/crd/bases/*.yaml"};
  }
  return out;
}

Result<void> add_definitions(const GenerateOptions& options, const ReadCrds& crds, Generated& out) {
  if (!options.whole_schema) {
    return Error{Errc::invalid_argument,
                 "the program " + options.definitions +
                     " prints whole schemas; generate the types with --whole-schema too"};
  }
  std::vector<Definition> definitions;
  for (const auto& [name, parsed] : crds.files) {
    definitions.insert(definitions.end(), parsed.definitions.begin(), parsed.definitions.end());
  }
  try {
    out.files[options.definitions] = definitions_program(definitions);
  } catch (const Exception& error) {
    return error.error().within(crds.first);
  }
  return {};
}

Result<Generated> from_crds(const GenerateOptions& options) {
  const auto crds = read_crds(options);
  if (!crds) return crds.error();
  Generated out;
  for (const auto& [name, parsed] : crds->files) {
    if (auto added = add_units(name, parsed.units, out); !added) return added.error();
    out.warnings.insert(out.warnings.end(), parsed.warnings.begin(), parsed.warnings.end());
  }
  if (options.definitions.empty()) return out;
  if (auto added = add_definitions(options, *crds, out); !added) return added.error();
  return out;
}

Result<void> compare_with_expected(const GenerateOptions& options, const Generated& generated) {
  if (options.expected.empty()) return {};
  const std::set<std::string> expected(options.expected.begin(), options.expected.end());
  std::string wrong;
  for (const auto& name : expected) {
    if (!generated.files.contains(name)) wrong += "\n  expected, not made: " + name;
  }
  for (const auto& [name, text] : generated.files) {
    if (!expected.contains(name)) wrong += "\n  made, not expected: " + name;
  }
  if (wrong.empty()) return {};
  return Error{Errc::invalid_argument, options.inputs.front() +
                                           ": the build expects other files than this input gives; "
                                           "name the headers with HEADERS in windlass_generate()" +
                                           wrong};
}

Result<void> compare_with_disk(const GenerateOptions& options, const Generated& generated) {
  std::string stale;
  for (const auto& [name, text] : generated.files) {
    const auto path = fs::path(options.output_dir) / name;
    const auto present = read_text(path);
    if (!present || *present != text) stale += "\n  " + path.string();
  }
  if (stale.empty()) return {};
  return Error{Errc::invalid_argument,
               "out of date; run windlass-gen without --check to write:" + stale};
}

}  // namespace

Result<Generated> generate(const GenerateOptions& options) {
  auto generated = options.format == InputFormat::crd       ? from_crds(options)
                   : options.format == InputFormat::openapi ? from_openapi(options)
                                                            : reduced_files(options);
  if (!generated) return generated;
  if (auto same = compare_with_expected(options, *generated); !same) return same.error();
  if (options.check) {
    if (auto same = compare_with_disk(options, *generated); !same) return same.error();
    return generated;
  }
  if (options.dry_run) return generated;
  for (const auto& [name, text] : generated->files) {
    if (auto written = write_file(fs::path(options.output_dir) / name, text); !written) {
      return written.error();
    }
  }
  return generated;
}

Result<GeneratedConversions> generate_conversions(const GenerateOptions& options,
                                                  const std::string& hub) {
  const auto crds = read_crds(options);
  if (!crds) return crds.error();
  GeneratedConversions out;
  const bool writes = !options.check && !options.dry_run;
  const auto write = [&](const std::string& name, const std::string& text,
                         bool users) -> Result<void> {
    const fs::path path = fs::path(options.output_dir) / name;
    const bool kept = users && fs::exists(path);
    (kept ? out.kept : out.written).push_back(name);
    return kept || !writes ? Result<void>() : write_file(path, text);
  };
  for (const auto& [name, parsed] : crds->files) {
    const auto made = conversions(parsed, hub);
    if (!made) return made.error().within(name);
    for (const auto& one : *made) {
      for (const auto& done :
           {write(one.header, one.header_text, true), write(one.source, one.source_text, true),
            write(one.test, one.test_text, false)}) {
        if (!done) return done.error();
      }
      out.differences.insert(out.differences.end(), one.differences.begin(), one.differences.end());
    }
  }
  if (out.written.empty() && out.kept.empty()) {
    return Error{Errc::invalid_argument,
                 crds->first + ": every kind has one version, so there is nothing to convert"};
  }
  return out;
}

}  // namespace windlass::inline v0::codegen
