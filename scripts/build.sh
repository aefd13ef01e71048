#!/usr/bin/env bash
# Configures and builds a preset of CMakePresets.json into build/<preset>.
#   scripts/build.sh PRESET [-D...] [TARGET...]     without targets: everything
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
settings=() targets=()
for word in "$@"; do case $word in -D*) settings+=("$word") ;; *) targets+=("$word") ;; esac; done

# a compiler cache, where there is one, serves every checkout
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1

mkdir -p "build/$preset"
log=build/$preset/configure.log
cmake --preset "$preset" ${settings[@]+"${settings[@]}"} >"$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }
started=$SECONDS
cmake --build "build/$preset" -j "${JOBS:-$(nproc)}" ${targets[@]+--target "${targets[@]}"} ||
  { echo "The build in build/$preset failed: see above." >&2; exit 1; }
echo "Built build/$preset in $((SECONDS - started)) s"
