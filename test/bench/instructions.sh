#!/usr/bin/env bash
# Counts instructions per object with callgrind: they do not depend on what else the machine does.
#   test/bench/instructions.sh [build/release/bin/bench_instructions]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build/release/bin/bench_instructions}
workloads=${WORKLOADS:-baseline baseline-plain decode split-decode}
command -v valgrind >/dev/null || { echo "valgrind is needed: apt-get install valgrind" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for kind in pods databases; do
  for workload in $workloads; do
    objects=$(valgrind --tool=callgrind --callgrind-out-file="$scratch/out" --collect-atstart=no \
      --toggle-collect='*measured*' "$program" "$kind" "$workload" 2>"$scratch/log") || { cat "$scratch/log" >&2; exit 1; }
    total=$(sed -n 's/^totals: //p; s/^summary: //p' "$scratch/out" | head -n 1)
    printf '%-10s %-16s %9d instructions per object\n' "$kind" "$workload" $((total / objects))
  done
done
