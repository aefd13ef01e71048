#!/usr/bin/env bash
# Builds and runs the tests, says which were skipped and why, and ends with a line `N passed, N failed`.
#   scripts/test.sh           unit tests (test/unit) under Address and Undefined Behaviour Sanitizer, all others in the
#                             release build
#   scripts/test.sh --long    the tests with the label `long`, and the stress tests under Thread Sanitizer
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
passed=0 failed=0 skipped=0

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

# configure PRESET: so that its tests are known
configure() {
  mkdir -p "build/$1"
  cmake --preset "$1" >"build/$1/configure.log" 2>&1 && return
  tail -n 40 "build/$1/configure.log" >&2
  failed=$((failed + 1))
  return 1
}

# build PRESET ...: like build.sh; a build that fails counts as a failed test, and the others go on
build() {
  scripts/build.sh "$@" || { failed=$((failed + 1)); return 1; }
}

# sanitized PRESET NAME...: builds just these tests and runs them
sanitized() {
  local preset=$1 pattern
  shift
  [ $# -gt 0 ] || return 0
  pattern=$(IFS='|'; echo "$*")
  build "$preset" "$@" && run "$preset" -R "^($pattern)\$"
}

if [ "${1:-}" = --long ]; then
  build release -DWINDLASS_BUILD_TESTS=ON -DWINDLASS_BUILD_UNIT_TESTS=OFF && run release -L long
  configure tsan && mapfile -t stress < <(names tsan -L threads) && sanitized tsan "${stress[@]}"
else
  build release -DWINDLASS_BUILD_TESTS=ON -DWINDLASS_BUILD_UNIT_TESTS=OFF && run release -LE long
  # what the release build leaves out
  configure asan && mapfile -t unit < <(names asan -LE long | grep -vxFf <(names release)) && sanitized asan "${unit[@]}"
fi

echo
[ "$skipped" -eq 0 ] || echo "$skipped skipped (see above)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
