#!/usr/bin/env bash
# windlass simulate: stops at the first failure, says how to repeat it, keeps it, and forgets it when it is mended.
#   simulate.sh WINDLASS PROGRAM
set -euo pipefail
windlass=$1
program=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

run() { # run CODE ARGUMENTS...: into the file output
  local wanted=$1 code=0
  shift
  "$windlass" simulate --program "$program" --report-dir reports "$@" >output 2>&1 || code=$?
  [ "$code" -eq "$wanted" ] && return
  echo "windlass simulate $* ended with $code, not $wanted:"
  cat output
  exit 1
}
says() {
  grep -q -- "$1" output && return
  echo "it does not say \"$1\":"
  cat output
  exit 1
}

run 0 --seeds 40 --jobs 2
says 'FailsWhereItIsTold: 40 seeds, '
export FAILING_SEED=37
run 1 --seeds 40 --jobs 2
says "Again: $program --gtest_filter='\*.FailsWhereItIsTold' --seed=37"
says 'The last events:'
test -s reports/FailsWhereItIsTold-37.html
test "$(cat reports/FailsWhereItIsTold.seed)" = 37
run 1 --seeds 1 # it comes first, though it is not among these
says '--seed=37'
unset FAILING_SEED
run 0 --seeds 3 --test 'Fails*'
says 'seed 37, which failed before, passes now'
test ! -e reports/FailsWhereItIsTold.seed
run 2 --test 'NoSuchTest'
says 'no test has a name that matches'
run 2 --seeds 0

# in a project it builds the tests, which `make build` does not
mkdir project
cd project
touch PROJECT
printf 'build/CMakeCache.txt:\n\t@cmake -S . -B build >/dev/null\n' >Makefile
cat >CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.25)
project(shop LANGUAGES NONE)
add_custom_target(operator_tests
  COMMAND \${CMAKE_COMMAND} -E make_directory bin
  COMMAND \${CMAKE_COMMAND} -E copy $program bin/operator_tests)
END
mkdir config
(cd config && "$windlass" simulate --seeds 2) >"$folder/output" 2>&1 || { cat "$folder/output"; exit 1; }
cd "$folder"
says 'FailsWhereItIsTold: 2 seeds, '
test -d project/.windlass/simulation
(cd / && "$windlass" simulate >"$folder/output" 2>&1) && exit 1
says 'there is no project here'
echo "windlass simulate keeps its word"
