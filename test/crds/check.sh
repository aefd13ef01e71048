#!/bin/bash
# Takes folders of CRDs of well-known projects, which are nobody's to copy into this repository, through the generator:
# generates, compiles, and round-trips published examples and random objects; client-side validation must agree with the
# in-memory API server's, and a real one's.
#
#   test/crds/check.sh [--build DIR] [--work DIR] [--examples DIR] [--samples N] [--exact] [--whole] [--real] CRDS_DIR...
#
# CRDS_DIR/*.yaml are the CRDs of one project; DIR/<name of CRDS_DIR> under --examples holds its examples. The build
# (default build/release) must have the targets windlass-gen, crds_round_trip and windlass_api_core_v1, without a sanitizer.
# --exact makes types in which empty differs from absent and without the framework's types, and compares every byte's meaning.
# --whole makes types that say the whole schema, and compares what comes back from C++ with the CRD.
# --real asks the kube-apiserver in the folder KUBEBUILDER_ASSETS, too, about the examples and two hundred objects of each type
# (real_server.py).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/release work=$(mktemp -d) examples= samples=1000 exact= whole= real=
while [[ ${1:-} == --* ]]; do
  case $1 in
    --build) build=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    --examples) examples=$2; shift 2 ;;
    --samples) samples=$2; shift 2 ;;
    --exact) exact=1; shift ;;
    --whole) whole=1; shift ;;
    --real) real=1; shift ;;
    *) echo "unknown option $1"; exit 2 ;;
  esac
done
[ $# -gt 0 ] || { sed -n '2,14p' "$0"; exit 2; }
[ -z "$real" ] || : "${KUBEBUILDER_ASSETS:?is not set; name a folder with etcd and kube-apiserver}"
mkdir -p "$work"
lines=$(realpath "$work")/lines.jsonl
: > "$lines"
compiler=(ccache clang++-19 -std=c++20 -O0 -Wno-invalid-offsetof -DBOOST_ASIO_NO_DEPRECATED -DBOOST_ASIO_SEPARATE_COMPILATION
  -DBOOST_ASIO_HAS_STD_INVOKE_RESULT -DFMT_SHARED -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL -DSPDLOG_SHARED_LIB
  -I"$build/framework/api/include" -I"$root/codegen/include" -I"$root/test/crds")
for include in "$root"/framework/*/include; do compiler+=(-I"$include"); done
libraries=(-Wl,--start-group)
for name in crds_round_trip windlass_{api_server,codegen,http,json,meta,type,base,api_core_v1,cel}; do
  if [ -e "$build/lib/lib$name.a" ]; then libraries+=("$build/lib/lib$name.a"); fi
done
libraries+=(-Wl,--end-group -lyaml-cpp -lre2 -lssl -lcrypto -lboost_url -lfmt -lspdlog -lz -lpthread)

failed=0
for crds in "$@"; do
  name=$(basename "$crds") label=$(basename "$crds" | tr -c 'a-zA-Z0-9\n' _)
  out=$work/$label${exact:+_exact}${whole:+_whole}
  rm -rf "$out"; mkdir -p "$out"
  flags=(--by-group --namespace "crds_$label" --output-prefix "$label" --output-dir "$out")
  [ -z "$exact" ] || flags+=(--keep-empty --no-known-types)
  [ -z "$whole" ] || flags+=(--whole-schema)
  started=$(date +%s%N)
  if ! "$build/bin/windlass-gen" --input "$crds" "${flags[@]}" 2> "$out/generate.log"; then
    echo "$name: not generated: $(grep -v warning: "$out/generate.log" | head -3)"; failed=1; continue
  fi
  generated=$(( ($(date +%s%N) - started) / 1000000 ))
  {
    echo '#include "round_trip.hpp"'
    (cd "$out" && find "$label" -name '*.hpp' | sort | sed 's/.*/#include <&>/')
    echo 'namespace windlass::crds {'
    echo 'std::vector<Entry> entries() { return {'
    for header in $(cd "$out" && find "$label" -name '*.hpp' | sort); do
      type=$(awk '/^struct /{name=$2} /static constexpr windlass::meta::Resource/{print name}' "$out/$header")
      scope=$(awk '/^namespace /{print $2; exit}' "$out/$header")
      echo "  {$scope::$type::resource.group, $scope::$type::resource.version, $scope::$type::resource.kind, through<$scope::$type>, windlass::json::schema_of<$scope::$type>},"
    done
    echo '}; } }'
  } > "$out/entries.cpp"
  started=$(date +%s)
  # several sources as one, so that the headers are read once
  (cd "$out" && mv entries.cpp part_.cc && find . -name '*.cpp' -printf '#include "%P"\n' | sort | split -l 12 - part_ --additional-suffix=.cc)
  (cd "$out" && ls part_*.cc) | xargs -P "${JOBS:-2}" -I{} sh -c 'cd "$1"; shift; exec "$@" -c -x c++ {} -o {}.o' x "$out" "${compiler[@]}" -I"$out" ||
    { echo "$name: does not compile"; failed=1; continue; }
  clang++-19 -fuse-ld=lld "$out"/*.o "${libraries[@]}" -o "$out/round_trip" || { echo "$name: does not link"; failed=1; continue; }
  compiled=$(( $(date +%s) - started ))
  echo "$name: $(ls "$crds"/*.yaml | wc -l) CRDs, $(grep -c warning: "$out/generate.log" || true) warnings; generated in $generated ms, compiled in $compiled s"
  "$out/round_trip" --samples "$samples" ${exact:+--exact} ${whole:+--whole} ${real:+--write "$lines"} ${examples:+--examples "$examples/$name"} "$crds"/*.yaml || failed=1
  rm -f "$out"/*.o "$out/round_trip"
done
[ -z "$real" ] || python3 "$root/test/crds/real_server.py" "$lines" || failed=1
exit $failed
