#!/usr/bin/env bash
# Runs the commands of docs/tutorial.md from the page itself, against an installed Windlass, and says how long it took to
# the first reconcile.
#   tutorial.sh TREE BUILD COMPILER
set -euo pipefail
tree=$1 build=$2 compiler=$3
work=$(mktemp -d)
dev=
clean_up() {
  [ -z "$dev" ] || kill "$dev" 2>/dev/null || true
  [ -z "$dev" ] || wait "$dev" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { tail -n 20 "$work/install.log"; exit 1; }
export PATH="$work/prefix/bin:$PATH" CXX=$compiler
unset KUBECONFIG
# no help from earlier builds
export CCACHE_DISABLE=1

# the fenced blocks, each to a file of its own
awk -v folder="$work" '/^```bash$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print > (folder "/step" n ".sh") }' "$tree/docs/tutorial.md"
[ -f "$work/step5.sh" ] || { echo "docs/tutorial.md has fewer than five blocks of commands"; exit 1; }

cd "$work"
started=$SECONDS
for step in 1 2 3 4 5; do
  echo "--- step $step after $((SECONDS - started)) s"
  if grep -qx 'make run' "$work/step$step.sh"; then
    make run >"$work/run.log" 2>&1 &
    dev=$!
    while ! grep -q 'order-sample\] Ready=True' "$work/run.log"; do
      kill -0 "$dev" 2>/dev/null || { cat "$work/run.log"; echo "make run ended"; exit 1; }
      [ $((SECONDS - started)) -lt 1500 ] || { cat "$work/run.log"; echo "no reconcile"; exit 1; }
      sleep 0.2
    done
    echo "first reconcile $((SECONDS - started)) s after windlass init"
    # the whole tree of `make run` ends with the command's process
    pkill -TERM -P "$dev" windlass
    wait "$dev" || true
    dev=
    continue
  fi
  # shellcheck disable=SC1090
  source "$work/step$step.sh" >"$work/step.log" 2>&1 || { tail -n 60 "$work/step.log"; exit 1; }
  ! grep -q 'make test' "$work/step$step.sh" || grep 'tests passed' "$work/step.log"
done
grep -q 'quantity' api/v1/order.hpp || { echo "the types did not follow the schema"; exit 1; }
grep -q 'resources: \[configmaps\]' config/rbac/role.yaml || { cat config/rbac/role.yaml; exit 1; }
echo "the tutorial works"
