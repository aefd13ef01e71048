#!/usr/bin/env bash
# Builds and runs the tests, says which were skipped and why, and ends with a line `N passed, N failed`.
#   scripts/test.sh           unit tests under Address and Undefined Behaviour Sanitizer, all others in the release build
#   scripts/test.sh --long    the tests with the label `long`, and the stress tests under Thread Sanitizer
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
passed=0 failed=0 skipped=0
build_failed=0

# run PRESET CTEST_OPTIONS...: runs tests and adds up what they report. A GoogleTest program counts by its cases, by the
# report it leaves in test-results/; every other test, and a program that dies, counts as one.
run() {
  local preset=$1 p f s
  shift
  rm -rf "build/$preset/test-results" "build/$preset/ctest.xml"
  ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --no-tests=ignore \
    --output-junit "$PWD/build/$preset/ctest.xml" "$@" || true
  [ -s "build/$preset/ctest.xml" ] || { echo "ctest left no report in build/$preset" >&2; failed=$((failed + 1)); return; }
  read -r p f s < <(awk -f scripts/count_tests.awk -v results="build/$preset/test-results" "build/$preset/ctest.xml")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# names PRESET CTEST_OPTIONS...: the tests so chosen; each is also the name of its program's target
names() {
  ctest --test-dir "build/$1" -N "${@:2}" | sed -n 's/^ *Test *#[0-9]*: \([^ ]*\).*/\1/p'
}

# build PRESET ...: like build.sh; a build that fails counts as a failed test, and the others go on
build() {
  scripts/build.sh "$@" || { failed=$((failed + 1)) build_failed=1; return 1; }
}

# Only the programs of the chosen tests are built in a sanitizer's build.
build_and_run() {
  local preset=$1 targets
  shift
  mkdir -p "build/$preset"
  cmake --preset "$preset" >"build/$preset/configure.log" 2>&1 || { tail -n 40 "build/$preset/configure.log" >&2; failed=$((failed + 1)); return; }
  mapfile -t targets < <(names "$preset" "$@")
  [ ${#targets[@]} -gt 0 ] || return 0
  build "$preset" "${targets[@]}" && run "$preset" "$@"
}

if [ "${1:-}" = --long ]; then
  build release -DWINDLASS_BUILD_UNIT_TESTS=OFF && run release -L long
  build_and_run tsan -R '^threads_' || true
else
  build release -DWINDLASS_BUILD_UNIT_TESTS=OFF && run release -E '^unit_' -LE long
  build_and_run asan -R '^unit_' -LE long || true
fi

echo
[ "$skipped" -eq 0 ] || echo "$skipped skipped (see above)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
