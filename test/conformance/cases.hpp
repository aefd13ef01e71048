#pragma once
// Conformance cases as text.
//
//   === group: name of the case
//   POST /api/v1/namespaces/$NS/configmaps
//   {"metadata":{"name":"a"}}
//
//   MERGE /api/v1/namespaces/$NS/configmaps/a?dryRun=All
//   Accept: application/json
//   {"data":{"x":"1"}}
//
// A request is a method and a target, headers (Name: value), and a body up to the next empty line.
// JSON, MERGE, STRATEGIC and APPLY are PATCH with the content type of that patch. WATCH is GET with
// watch=1 and a timeout of one second. $NS is a namespace made for the case, $U a name that no
// other case has; $RV1, $UID1, $CONTINUE1 are from the answer to the case's first request, and so
// on; $REPEAT(text,100) is a long text. AWAIT with paths, and a condition (Type=Status) of the last
// one's object, asks until all are there; it counts as a request and has no answer. A line that
// starts with # is a comment.

#include <filesystem>
#include <string>
#include <vector>

#include <windlass/http/message.hpp>
#include <windlass/json/value.hpp>

#include "exchange.hpp"

namespace windlass::conformance {

struct Case {
  std::string name;  ///< "group: what"
  std::string file;
  int line = 0;
  std::vector<http::Request> requests;
};

/// Every case of a folder's *.cases files. Throws Exception(parse) with file and line.
std::vector<Case> read_cases(const std::filesystem::path& folder);

/// A case's requests against `server`: the normalised answers.
json::Array run_case(Server& server, const Case& test);

}  // namespace windlass::conformance
