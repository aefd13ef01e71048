#!/usr/bin/env bash
# Fuzzes for FUZZ_SECONDS each (default 60). What makes a target fail is kept in test/fuzz/findings/<target>/,
# where every later test run tries it again; what it learned, in build/fuzz/corpus/.
#   scripts/fuzz.sh [TARGET...]       targets: request patch selector cel crd json yaml codegen http
#   (default: all)
set -uo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- request patch selector cel crd json yaml codegen http
scripts/build.sh fuzz "${@/#/fuzz_}" || exit 1
failed=0
for target in "$@"; do
  mkdir -p "build/fuzz/corpus/$target" "test/fuzz/findings/$target"
  echo "fuzz_$target for ${FUZZ_SECONDS:-60} s"
  "build/fuzz/bin/fuzz_$target" "build/fuzz/corpus/$target" "test/fuzz/seeds/$target" -timeout=20 -rss_limit_mb=4096 \
    -max_total_time="${FUZZ_SECONDS:-60}" -artifact_prefix="test/fuzz/findings/$target/" -print_final_stats=1 \
    >"build/fuzz/$target.log" 2>&1 || { failed=1; tail -n 40 "build/fuzz/$target.log"; }
  grep -E 'number_of_executed_units|average_exec_per_sec|DONE' "build/fuzz/$target.log"
  rmdir "test/fuzz/findings/$target" 2>/dev/null
done
rmdir test/fuzz/findings 2>/dev/null
exit $failed
