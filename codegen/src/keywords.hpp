#pragma once
// What a schema says and a table does not.

#include <windlass/codegen/model.hpp>

namespace windlass::inline v0::codegen {

/// `nullable` says nothing where an enum leaves null out: the server refuses null then.
bool may_be_null(const json::Value& schema);

/// The merge patch from the schema that json::schema_of makes of a member with this type and these
/// constraints to `schema`, without what stands below it (properties, items,
/// additionalProperties). `structure` is the type's own struct, or null. Null when there is nothing
/// to add.
json::Value missing_keywords(const Type& type, const Constraints& constraints,
                             const json::Value& schema, const Struct* structure);

/// The same for the root of a CRD's schema.
json::Value missing_keywords_of_root(const Struct& root, const json::Value& schema);

}  // namespace windlass::inline v0::codegen
