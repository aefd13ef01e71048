// windlass-gen: C++ types from CRDs and from Kubernetes' OpenAPI documents.

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <windlass/codegen/generate.hpp>

namespace {

using windlass::codegen::GenerateOptions;
using windlass::codegen::InputFormat;

void add_options(CLI::App& app, GenerateOptions& options) {
  const std::map<std::string, InputFormat> formats = {{"crd", InputFormat::crd},
                                                      {"openapi", InputFormat::openapi},
                                                      {"kubernetes", InputFormat::kubernetes}};
  app.add_option("--input", options.inputs,
                 "What to read: files, folders, patterns such as 'config/crd/*.yaml', or - for "
                 "standard input")
      ->required();
  app.add_option("--output-dir", options.output_dir, "Where to write")->required();
  app.add_option(
         "--format", options.format,
         "crd: CustomResourceDefinitions, YAML or JSON (the default); openapi: a reduced "
         "schema file; kubernetes: OpenAPI v3 documents of an API server, which are reduced "
         "to schema files")
      ->transform(CLI::CheckedTransformer(formats));
  app.add_option("--namespace", options.namespace_name,
                 "C++ namespace of the types; the API version is added: api becomes api::v1");
  app.add_option("--output-prefix", options.output_prefix,
                 "Folder of the headers in #include lines: <prefix>/v1/database.hpp");
  app.add_flag("--keep-empty", options.keep_empty,
               "Empty optional lists, maps and objects differ from absent ones: they become "
               "std::optional and Box");
  app.add_flag("--by-group", options.by_group,
               "The first label of the group comes before the version, in folders and namespaces");
  app.add_flag("--whole-schema", options.whole_schema,
               "The tables also say what only the text of a CRD needs, such as descriptions");
  app.add_option("--definitions", options.definitions,
                 "Also write this file: a program that prints the CRDs (with --whole-schema)");
  app.add_flag("!--no-known-types", options.known_types,
               "Copies of Kubernetes' own shapes (PodTemplateSpec, Condition, ...) become types of "
               "their own, not the framework's");
  app.add_option("--parts", options.parts, "Number of .cpp files (format openapi)")
      ->check(CLI::Range(1, 16));
  app.add_option("--expect", options.expected,
                 "The files that the build expects; others are an error");
  app.add_flag("--check", options.check, "Write nothing; fail when a file would change");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Writes C++ types for Windlass."};
  app.name("windlass-gen");
  GenerateOptions options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  const auto done = windlass::codegen::generate(options);
  if (!done) {
    std::fprintf(stderr, "windlass-gen: %s\n", done.error().message.c_str());
    return 1;
  }
  for (const auto& warning : done->warnings) {
    std::fprintf(stderr, "windlass-gen: warning: %s: %s\n", warning.place.c_str(),
                 warning.text.c_str());
  }
  return 0;
}
