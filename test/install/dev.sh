#!/usr/bin/env bash
# `windlass dev` in a built project with the kind Order, and what is made of the requests that it and a simulation record.
# Changes the project.
#   dev.sh PROJECT
set -euo pipefail
cd "$1"
unset KUBECONFIG
log=dev.log dev=
clean_up() { [ -z "$dev" ] || { kill "$dev" 2>/dev/null || true; wait "$dev" 2>/dev/null || true; }; }
trap clean_up EXIT
fail() { echo "$1"; cat "$log"; exit 1; }

# wait_for WHAT COMMAND...: until the command is true
wait_for() {
  local what=$1 until=$((SECONDS + 300))
  shift
  until "$@"; do
    kill -0 "$dev" 2>/dev/null || fail "windlass dev ended"
    [ "$SECONDS" -lt "$until" ] || fail "waited in vain: $what"
    sleep 0.2
  done
}
says() { grep -qE "$1" "$log"; }
leader() { sed -nE 's/^\[event\] .*: (replica-[0-9]) became leader$/\1/p' "$log" | tail -n 1; }
has_leader() { [ -n "$(leader)" ]; }
other_leads() { [ "$(leader)" != "$1" ]; }

windlass dev --replicas 3 --record requests.jsonl >"$log" 2>&1 &
dev=$!
wait_for "a reconcile" says 'order-sample\] Ready=True ConfigMapApplied'
wait_for "a leader" has_leader

# a leader that is killed is replaced; the command says so
killed=$(leader)
pkill -KILL -P "$dev" -f -- "--leader-election-identity $killed\$"
wait_for "the end of $killed" says "^\[$killed\] ended with exit code 137"
wait_for "another leader than $killed" other_leads "$killed"

# what does not compile leaves the operator as it is; what does is started
echo 'wrong' >>controllers/order_desired.cpp
wait_for "the failure of a build" says '^the build failed; waiting for a change'
sed -i -e '$d' -e 's/"ConfigMapApplied"/"Rebuilt"/' controllers/order_desired.cpp
wait_for "the operator that was built again" says 'order-sample\] Ready=True Rebuilt'

# what is made of config/ can be deployed: an API server takes every manifest
if command -v kubectl >/dev/null; then
  windlass generate manifests --no-build --helm --bundle >/dev/null
  kubectl --kubeconfig .windlass/kubeconfig apply --server-side --force-conflicts --validate=strict -f dist/install.yaml >apply.log 2>&1 || fail "$(cat apply.log)"
  if command -v helm >/dev/null; then
    helm lint --quiet dist/chart
    helm template shop dist/chart -n default >rendered.yaml
    kubectl --kubeconfig .windlass/kubeconfig apply --server-side --force-conflicts --validate=strict -f rendered.yaml >apply.log 2>&1 || fail "$(cat apply.log)"
  fi
fi

kill "$dev"
code=0
wait "$dev" || code=$?
dev=
[ "$code" = 0 ] || fail "windlass dev ended with $code"
! pgrep -f "$PWD/build/bin/manager" || fail "replicas outlive windlass dev"

# on a terminal: a screen. It is stopped once it shows an Order that is ready
if command -v script >/dev/null; then
  stop_screen() { pkill -INT -f "^windlass dev --state-dir $PWD/screen\$" || true; }
  (for _ in $(seq 600); do ! grep -qs 'Order .*True' screen.log || break; sleep 0.2; done; stop_screen) &
  watcher=$!
  script -qec "windlass dev --state-dir $PWD/screen" screen.log </dev/null >/dev/null || true
  wait "$watcher"
  log=screen.log
  says 'Order .*True .*Rebuilt' && says $'\x1b\\[H' || fail "the screen shows no Order"
fi

# the Role allows what was recorded, of the operator alone
compared=$(windlass generate manifests --no-build --from-recording requests.jsonl) || fail "$compared"
grep -q '^0 rights are missing' <<<"$compared"
build/bin/operator_tests --gtest_filter='Simulation.OrderIs*' --record=simulated.jsonl --gtest_brief=1 >/dev/null
windlass generate manifests --no-build --from-recording simulated.jsonl | grep -q '^0 rights are missing'

windlass simulate --seeds 2 --test 'OrderIs*' >simulate.log 2>&1 || { cat simulate.log; exit 1; }

# a right that the code does not ask for is found missing
build/bin/manager --describe | sed 's/updateStatus/get/g' >less.json
code=0
compared=$(windlass generate manifests --no-build --description less.json --from-recording requests.jsonl) || code=$?
[ "$code" = 1 ] && grep -q '^missing  update   orders/status.shop.example.com' <<<"$compared" || fail "$compared"
echo "windlass dev runs, elects, builds again and records"
