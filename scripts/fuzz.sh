#!/usr/bin/env bash
# Fuzzes for FUZZ_SECONDS of processor time each (default 60). What makes a target fail is kept in
# test/fuzz/findings/<target>/, where every later test run tries it again; what it learned, in build/fuzz/corpus/.
#   scripts/fuzz.sh [TARGET...]       targets: request patch selector cel crd json yaml codegen http stream
#   (default: all)
set -uo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- request patch selector cel crd json yaml codegen http stream
scripts/build.sh fuzz "${@/#/fuzz_}" || exit 1
limit=${FUZZ_SECONDS:-60}
interrupted=72  # libFuzzer's exit code after SIGINT
ticks=$(getconf CLK_TCK)
# seconds of processor time that a process has used; nothing when it is gone
used() { awk -v ticks="$ticks" '$3 != "Z" {print int(($14 + $15) / ticks)}' "/proc/$1/stat" 2>/dev/null; }
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT

failed=0
for target in "$@"; do
  mkdir -p "build/fuzz/corpus/$target" "test/fuzz/findings/$target"
  "build/fuzz/bin/fuzz_$target" "build/fuzz/corpus/$target" "test/fuzz/seeds/$target" -timeout=60 -rss_limit_mb=4096 \
    -artifact_prefix="test/fuzz/findings/$target/" -print_final_stats=1 >"build/fuzz/$target.log" 2>&1 &
  pid=$!
  spent=0
  while seconds=$(used "$pid") && [ -n "$seconds" ] && kill -0 "$pid" 2>/dev/null; do
    spent=$seconds
    [ "$spent" -lt "$limit" ] || kill -INT "$pid" 2>/dev/null
    sleep 1
  done
  wait "$pid"
  code=$?
  pid=
  [ "$code" -eq 0 ] || [ "$code" -eq "$interrupted" ] || { failed=1; tail -n 40 "build/fuzz/$target.log"; }
  echo "fuzz_$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log") inputs in $spent s of processor time"
  rmdir "test/fuzz/findings/$target" 2>/dev/null
done
rmdir test/fuzz/findings 2>/dev/null
exit $failed
