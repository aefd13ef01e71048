#!/usr/bin/env bash
# `windlass dev` in a project whose build needs no compiler: what it does when files change, builds fail, or its server dies.
#   WINDLASS=build/release/bin/windlass project_dev.sh
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/steps.sh"
windlass=${WINDLASS:-$here/../../build/release/bin/windlass}
work=$(mktemp -d)
dev=
cleanup() {
  [ -z "$dev" ] || { kill "$dev"; wait "$dev"; } 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1

# refused WHAT WORDS COMMAND...: it fails and says so
refused() {
  local what=$1 words=$2 output
  shift 2
  if output=$(timeout 20 "$@" 2>&1); then
    fail "$what" "it succeeded: $output"
  elif grep -q -e "$words" <<<"$output"; then
    pass "$what"
  else
    fail "$what" "wanted '$words', got: $output"
  fi
}
refused "replicas without a project" "no operator for --replicas" "$windlass" dev --replicas 3
refused "a folder without a project" "no operator for --directory" "$windlass" dev -C "$work" --no-samples
refused "replicas of no operator" "--replicas means nothing" "$windlass" dev --server-only --replicas 3
refused "CRDs of no cluster" "--from-cluster" "$windlass" generate types "$work" --crd nothing
refused "credentials of no cluster" "--from-cluster" "$windlass" generate types "$work" --kubeconfig nothing

mkdir -p shop/config/samples && cd shop || exit 1
printf 'layout: windlass.dev/v1\nprojectName: shop\ndomain: example.com\n' >PROJECT
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sample}\n' >config/samples/sample.yaml
# a build waits until it may go on, fails when main.cpp says so, and writes a generated file
cat >Makefile <<'END'
build: always
	@echo begun; cp main.cpp .seen
	@while [ ! -e .go ]; do sleep 0.05; done; rm .go
	@mkdir -p build/bin api
	@printf '// Made by windlass-gen from x.yaml; do not edit.\n' >api/x.hpp
	@! grep -q broken .seen
	@printf '#!/bin/sh\necho runs %s\nexec sleep 1000\n' "$$(cat .seen)" >build/bin/manager
	@chmod +x build/bin/manager
always:
END
echo broken >main.cpp
log=$work/dev.log
"$windlass" dev --no-view >"$log" 2>&1 &
dev=$!
times() { [ "$(grep -c -e "$1" "$log")" -ge "$2" ]; }
check "it builds" within 20 times '\[build\] begun' 1
touch .go
check "a build fails" within 20 times 'the build failed' 1
echo one >main.cpp
check "the next one begins" within 20 times '\[build\] begun' 2
echo two >main.cpp # while it is building
touch .go
check "an edit during a build is not lost" within 20 times '\[build\] begun' 3
touch .go
check "what runs is the latest" within 20 times 'runs two' 1
check "samples are applied after a build that failed" within 20 times 'applied ConfigMap default/sample' 1
equal "a generated file is no reason to build" "$(grep -c begun "$log")" 3
[ "$failed" = 0 ] || cat "$log"

kill -KILL "$(pgrep -P "$dev" -f -- --server-only)"
within 20 grep -q 'the API server ended with exit code 137' "$log" && pass "a dead API server ends it" || fail "a dead API server ends it" "$(tail -n 5 "$log")"
if wait "$dev"; then fail "its exit code says so"; else pass "its exit code says so"; fi
dev=
summary
