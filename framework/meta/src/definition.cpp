#include <algorithm>
#include <cstdio>
#include <utility>

#include <windlass/json/patch.hpp>
#include <windlass/meta/definition.hpp>

namespace windlass::inline v0::meta {
namespace {

using json::Array;
using json::Object;
using json::Value;

Value texts(const auto& list) {
  Array out;
  for (const auto& text : list) out.emplace_back(std::string_view(text));
  return out;
}

void set_text(Object& out, std::string_view key, std::string_view text) {
  if (!text.empty()) out.set(key, text);
}

Value column(const type::Column& column) {
  Object out;
  out.set("name", column.name);
  out.set("type", column.type);
  out.set("jsonPath", column.json_path);
  set_text(out, "format", column.format);
  set_text(out, "description", column.description);
  if (column.priority != 0) out.set("priority", column.priority);
  return out;
}

Value subresources(const Resource& resource, const Scale& scale) {
  Object out;
  if (resource.has_status) out.set("status", Object());
  if (!scale.spec_replicas.empty()) {
    Object paths;
    paths.set("specReplicasPath", scale.spec_replicas);
    set_text(paths, "statusReplicasPath", scale.status_replicas);
    set_text(paths, "labelSelectorPath", scale.label_selector);
    out.set("scale", std::move(paths));
  }
  return out;
}

Value map_of(const std::map<std::string, std::string>& texts) {
  Object out;
  for (const auto& [key, text] : texts) out.set(key, text);
  return out;
}

[[noreturn]] void refuse(const Resource& resource, const std::string& problem) {
  throw Exception(Errc::invalid_argument,
                  "the definition of " + resource.group_resource() + ": " + problem);
}

bool is_stored(const Version& version) { return version.entry["storage"].bool_or(false); }

void check(std::vector<Version>& versions) {
  if (versions.empty()) {
    throw Exception(Errc::invalid_argument, "a definition without versions; name at least one");
  }
  const Resource first = versions.front().resource.view();
  for (const auto& version : versions) {
    Resource other = version.resource.view();
    other.version = first.version;
    other.has_status = first.has_status;
    if (other != first) {
      refuse(first, "its versions " + std::string(first.version) + " and " +
                        version.resource.version +
                        " differ in group, kind, plural or scope; make these equal");
    }
  }
  if (versions.size() == 1) versions.front().entry["storage"] = true;
  const auto stored = std::count_if(versions.begin(), versions.end(), is_stored);
  if (stored != 1) {
    refuse(first, std::to_string(stored) +
                      " versions are stored; write version<...>({.storage = true}) for one");
  }
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

Version make_version(const Resource& resource, std::span<const type::Column> columns, Value schema,
                     const VersionOptions& options) {
  Object entry, holder;
  entry.set("name", resource.version);
  entry.set("served", options.served);
  entry.set("storage", options.storage);
  if (options.deprecated) entry.set("deprecated", true);
  set_text(entry, "deprecationWarning", options.deprecation_warning);
  holder.set("openAPIV3Schema", std::move(schema));
  entry.set("schema", std::move(holder));
  Value sub = subresources(resource, options.scale);
  if (!sub.as_object().empty()) entry.set("subresources", std::move(sub));
  Array shown, selectable;
  for (const auto& one : columns) shown.push_back(column(one));
  if (!shown.empty()) entry.set("additionalPrinterColumns", std::move(shown));
  for (const auto& path : options.selectable_fields) {
    Object field;
    field.set("jsonPath", path);
    selectable.emplace_back(std::move(field));
  }
  if (!selectable.empty()) entry.set("selectableFields", std::move(selectable));
  Value patched = std::move(entry);
  if (!options.more.is_null()) {
    patched = json::apply_merge_patch(std::move(patched), options.more);
  }
  return {OwnedResource(resource), {}, {}, std::move(patched)};
}

Value definition(std::vector<Version> versions, const DefinitionOptions& options) {
  check(versions);
  const Version& first = versions.front();
  const Resource resource = first.resource.view();
  Object names;
  names.set("kind", resource.kind);
  names.set("listKind",
            options.list_kind.empty() ? first.resource.kind + "List" : options.list_kind);
  names.set("plural", resource.plural);
  names.set("singular", options.singular.empty() ? lower(first.resource.kind) : options.singular);
  const Version& stored = *std::find_if(versions.begin(), versions.end(), is_stored);
  if (!stored.short_names.empty()) names.set("shortNames", texts(stored.short_names));
  if (!stored.categories.empty()) names.set("categories", texts(stored.categories));
  Array entries;
  Object metadata, spec, out;
  metadata.set("name", resource.group_resource());
  if (!options.labels.empty()) metadata.set("labels", map_of(options.labels));
  if (!options.annotations.empty()) metadata.set("annotations", map_of(options.annotations));
  spec.set("group", resource.group);
  spec.set("scope", resource.namespaced ? "Namespaced" : "Cluster");
  spec.set("names", std::move(names));
  for (auto& version : versions) entries.push_back(version.entry);
  spec.set("versions", std::move(entries));
  out.set("apiVersion", "apiextensions.k8s.io/v1");
  out.set("kind", "CustomResourceDefinition");
  out.set("metadata", std::move(metadata));
  out.set("spec", std::move(spec));
  if (options.more.is_null()) return out;
  return json::apply_merge_patch(std::move(out), options.more);
}

int print(const std::vector<Value>& definitions) {
  for (const auto& one : definitions) {
    const std::string text = "---\n" + json::dump_pretty(one);
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace windlass::inline v0::meta
