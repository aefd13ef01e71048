#!/usr/bin/env bash
# Runs every command of docs/ha-lab.md against the cluster of KUBECONFIG (three nodes) and checks what the page claims.
#   test/e2e/ha_lab.sh            runs the lab
#   test/e2e/ha_lab.sh --check    only checks that every block of the page has its step here
# IMG           the operator's image                               postgres-operator:latest
# LOAD_IMAGE    a command that brings an image to every node       none, as after docker-push
# BUILD=0       does not build the image
# CONTAINER_TOOL, CONTAINER_OPTIONS, PREBUILT   as for make docker-build
# KEEP=1        leaves the operator deployed
set -uo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
cd "$tree"
page=docs/ha-lab.md
. test/e2e/steps.sh

block() { awk -v open="^\`\`\`bash $1\$" '$0 ~ open { inside = 1; next } /^```$/ { inside = 0 } inside' "$page"; }

if [ "${1:-}" = --check ]; then
  blocks=$(sed -n 's/^```bash \([a-z-]*\)$/\1/p' "$page" | sort)
  steps=$(grep -v '^#' "$0" | grep -oE '\b(run|step|block) [a-z]+(-[a-z]+)*' | cut -d' ' -f2 | sort -u)
  diff <(echo "$blocks") <(echo "$steps") && echo "the page and its steps agree"
  exit
fi

[ -n "${KUBECONFIG:-}" ] || { echo "KUBECONFIG does not name a cluster of three nodes"; exit 77; }
eval "$(block settings)"
scratch=$(mktemp -d)
deployment=postgres-operator-controller-manager
background=
cleanup() {
  [ -z "$background" ] || kill "$background" 2>/dev/null
  rm -rf "$scratch"
}
trap cleanup EXIT

# run NAME: runs that block of the page in a shell of its own; its output is in $output
run() {
  echo "---- $1"
  block "$1" >"$scratch/block"
  output=$(bash -euo pipefail "$scratch/block" 2>&1)
  local code=$?
  [ -z "$output" ] || sed 's/^/  /' <<<"$output"
  return $code
}
# step NAME WHAT: a block that only has to succeed
step() { if run "$1"; then pass "$2"; else fail "$2"; fi; }
# said FIELD: what a block printed after "FIELD: "
said() { sed -n "s/^$1: //p" <<<"$output" | tail -n 1; }

holder() { kubectl get lease -n "$NS" -o jsonpath='{.items[0].spec.holderIdentity}' | cut -d_ -f1; }
holder_is_pod() { local pod; pod=$(holder) && [ -n "$pod" ] && kubectl get pod -n "$NS" "$pod" >/dev/null 2>&1; }
pods() { kubectl get pods -n "$NS" -l control-plane=controller-manager "$@"; }
available_replicas() { kubectl get deployment -n "$NS" $deployment -o jsonpath='{.status.availableReplicas}'; }
exactly_three() { [ "$(pods -o name | wc -l)" -eq 3 ] && [ "$(available_replicas)" = 3 ]; }
allowed_is() { [ "$(kubectl get pdb -n "$NS" $deployment-pdb -o jsonpath='{.status.disruptionsAllowed}')" = "$1" ]; }
start_watch() { bash -c "exec $(block available)" >"$scratch/available" 2>/dev/null & background=$!; }
stop_watch() { kill "$background" 2>/dev/null; background=; }
# an absent number means none
least_available() { sed 's/^$/0/' "$scratch/available" | sort -n | head -n 1; }

echo "== image and deployment"
if [ "${BUILD:-1}" != 0 ]; then step build "the image is built"; fi
if [ -n "${LOAD_IMAGE:-}" ]; then check "the image is on the nodes" $LOAD_IMAGE "$IMG"; fi
step deploy "the operator is deployed"
step database "a Database is there to be looked after"
run pods && exactly_three && pass "three pods are ready" || fail "three pods are ready"
equal "on three nodes" "$(pods -o jsonpath='{range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u | wc -l)" 3
equal "the tree is unchanged" "$(git status --porcelain -- config dist)" ""

echo "== leader"
within 30 holder_is_pod
run lease && pass "the lease's holder is a pod" || fail "the lease's holder is a pod"
leader=$(said leader)
equal "there is one lease" "$(kubectl get lease -n "$NS" -o name | wc -l)" 1
run leader-logs
# logs that were rotated away since an earlier deployment say nothing: ask pods that have just started
for _ in 1 2; do
  [ "$(grep -c ': [1-9]' <<<"$output")" -ne 0 ] && break
  run restart && within 60 exactly_three && within 30 holder_is_pod && run lease && leader=$(said leader) && run leader-logs
done
equal "one pod's log says that it became leader" "$(grep -c ': [1-9]' <<<"$output")" 1
equal "and it is the lease's holder" "$(sed -n 's|^pod/\(.*\): [1-9].*|\1|p' <<<"$output")" "$leader"
run metrics
equal "one pod's metric says so" "$(grep -cE ' 1(\.0+)?$' <<<"$output")" 1
equal "and it is the same" "$(sed -nE 's/^([^ ]*) .* 1(\.0+)?$/\1/p' <<<"$output")" "$leader"
run permissions
equal "the operator may update its lease" "$(said 'update its lease')" yes
equal "but no other" "$(said 'update another lease')" no
equal "and not list Secrets" "$(said 'list secrets')" no

echo "== failover"
run failover
old=$(said 'old leader') new=$(said 'new leader')
if [ -n "$new" ] && [ "$new" != "$old" ]; then pass "another pod took over"; else fail "another pod took over"; fi
check "the new leader says so" within 20 bash -c "kubectl logs -n $NS $new | grep -qi 'became leader'"
step recovered "three replicas again"
within 60 exactly_three
reconciles_again() {
  kubectl patch -f config/samples/database.yaml --type=merge -p "{\"spec\":{\"parameters\":{\"work_mem\":\"$((8 + RANDOM % 8))MB\"}}}" >/dev/null
  bash -euo pipefail -c "$(block reconciles)" >/dev/null 2>&1
}
check "the new leader carries out a change of the Database" within 30 reconciles_again
step reconciles "reconciliation goes on"

echo "== disruptions"
within 60 allowed_is 1
run budget
equal "one disruption is allowed" "$(tail -n 1 <<<"$output")" 1
run evict
if grep -q '^first: .*Success' <<<"$output"; then pass "an eviction is granted"; else fail "an eviction is granted"; fi
if grep -qE '^second: .*(TooManyRequests|429|disruption budget)' <<<"$output"; then pass "the second is refused (429)"; else fail "the second is refused (429)"; fi
within 90 exactly_three
start_watch
if run drain; then pass "two nodes drain"; else fail "two nodes drain"; fi
if grep -q 'will retry after' <<<"$output"; then pass "a drain waits for the budget"; else fail "a drain waits for the budget"; fi
step uncordon "the nodes are back"
stop_watch
check "two replicas or more while nodes drained (least: $(least_available))" test "$(least_available)" -ge 2
within 90 exactly_three
start_watch
step restart "a rolling restart ends"
stop_watch
check "two replicas or more during the restart (least: $(least_available))" test "$(least_available)" -ge 2
within 90 exactly_three

echo "== partition"
within 30 holder_is_pod
run partition
equal "exactly one pod is cut off" "$(said 'pods cut off')" 1
cut=$(kubectl get pods -n "$NS" -l lab=cut-off -o jsonpath='{.items[0].metadata.name}')
equal "it is the leader" "$cut" "$(holder)"
step partition-lift "the operator's own policy is out of the way"
renewed() { kubectl get lease -n "$NS" -o jsonpath='{.items[0].spec.renewTime}'; }
sleep 3
before=$(renewed)
sleep 6
if [ "$(renewed)" != "$before" ]; then
  echo "     network policies are not enforced here"
  step partition-iptables "iptables cuts the leader off"
fi
if run partition-takeover; then pass "the lab saw both sides"; else fail "the lab saw both sides"; fi
new=$(said 'new leader') stopped=$(said 'old leader stopped') started=$(said 'new leader started')
if [ -n "$new" ] && [ "$new" != "$cut" ]; then pass "another pod took over from the one cut off"; else fail "another pod took over from the one cut off"; fi
if [ -n "$stopped" ] && [ -n "$started" ] && LC_ALL=C test "$stopped" '<' "$started"; then
  pass "the old leader stopped before the new one started"
else
  fail "the old leader stopped before the new one started" "stopped '$stopped', started '$started'"
fi
step partition-mend "the partition is mended"
check "three replicas again, and no policy of the lab" within 90 exactly_three

echo "== tuning"
run tune
equal "the lease has the new duration" "$(said 'lease duration')" 30

echo "== the end"
step clean-database "the Database is deleted"
if [ "${KEEP:-}" = 1 ]; then
  summary
  exit
fi
step undeploy "the operator is removed"
left=$(kubectl get namespace,customresourcedefinition,clusterrole,clusterrolebinding -o name | grep -E 'postgres-operator|postgres\.windlass\.dev')
equal "and nothing of it is left" "$left" ""
summary
