#!/usr/bin/env bash
# The demo from end to end: `windlass dev`, `windlass apply`, the operator as three pods, a real PostgreSQL. It may run
# beside other clusters of this machine, and leaves nothing behind.
#   demo.sh PROJECT PROGRAMS
set -uo pipefail
project=$1 demo=$2/postgres-demo

skip() { echo "$1"; exit 77; }
command -v bwrap >/dev/null || skip "bubblewrap is not installed: scripts/bootstrap.sh installs it"
[ -x /usr/lib/postgresql/15/bin/postgres ] || skip "PostgreSQL 15 is not installed: scripts/bootstrap.sh installs it"
ordinary=()
[ "$(id -u)" -ne 0 ] || ordinary=(setpriv --reuid 65532 --regid 65532 --clear-groups)
${ordinary[@]+"${ordinary[@]}"} bwrap --unshare-user --unshare-pid --ro-bind / / true ||
  skip "ordinary users may make no user namespaces here: sysctl kernel.unprivileged_userns_clone=1"

TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/demo-test-XXXXXX") || exit 1
export TMPDIR
chmod 711 "$TMPDIR"  # pods run as other users
trap 'rm -rf "$TMPDIR"' EXIT

bad=0
env -u KEEP -u KUBECONFIG "$demo" "$project" || bad=1
for log in "$TMPDIR"/*/dev.log; do
  [ -e "$log" ] || continue
  echo "--- the cluster's whole log"
  cat "$log"
done
if [ "$bad" -eq 0 ] && [ -n "$(ls -A "$TMPDIR")" ]; then
  echo "the demo left these behind: $(ls -A "$TMPDIR")"
  bad=1
fi
left=$(grep -lzF -- "$TMPDIR" /proc/[0-9]*/cmdline 2>/dev/null)
if [ -n "$left" ]; then
  echo "the demo left processes behind:"
  for process in $left; do tr '\0' ' ' <"$process"; echo; done
  bad=1
fi
exit "$bad"
