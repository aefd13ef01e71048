#!/usr/bin/env bash
# Operators that other frameworks' own clients make up, against `windlass dev`: controller-runtime (Go) and kube-rs (Rust)
# reconcile a custom resource with owned objects, server-side apply, status, a finalizer and leader election.
#   WINDLASS=build/release/bin/windlass clients.sh controller-runtime|kube-rs     KUBECTL: which kubectl (the one in PATH)
#   KUBECONFIG_OF=FILE clients.sh ...                                             against another server
# What it builds stays in build/clients. Skipped without kubectl, or without go or cargo.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/steps.sh"
client=$1
kubectl=${KUBECTL:-kubectl}
built=$root/build/clients
skip() { echo "skipped: $1"; exit 77; }
command -v "$kubectl" >/dev/null || skip "there is no kubectl in PATH (or set KUBECTL)"
case $client in
  controller-runtime)
    command -v go >/dev/null || skip "there is no go in PATH"
    program=$built/website-controller-runtime
    build() { (cd "$here/clients/$client" && go build -o "$program" .); } ;;
  kube-rs)
    command -v cargo >/dev/null || skip "there is no cargo in PATH"
    program=$built/kube-rs/debug/website-kube-rs
    build() { (cd "$here/clients/$client" && CARGO_TARGET_DIR=$built/kube-rs cargo build --quiet --locked); } ;;
  *) echo "usage: clients.sh controller-runtime|kube-rs" >&2; exit 2 ;;
esac
mkdir -p "$built"
build || { echo "the operator in test/e2e/clients/$client cannot be built"; exit 1; }

work=$(mktemp -d)
server= operators=()
cleanup() {
  for pid in ${operators[@]+"${operators[@]}"} $server; do kill "$pid" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
if [ -n "${KUBECONFIG_OF:-}" ]; then
  cp "$KUBECONFIG_OF" config
else
  "${WINDLASS:-$root/build/release/bin/windlass}" dev --server-only --state-dir state --kubeconfig config >server.log 2>&1 &
  server=$!
  within 20 grep -q 'ready at' server.log || { cat server.log; exit 1; }
fi
export KUBECONFIG=$work/config HOME=$work
k() { "$kubectl" "$@"; }
count=50
site() { printf 'apiVersion: clients.example.com/v1\nkind: Website\nmetadata: {name: %s}\nspec: {text: %s}\n---\n' "$1" "$2"; }
sites() { for i in $(seq $count); do site "site-$i" "$1"; done; }
all() { [ "$(k get "$1" -o name 2>/dev/null | grep -c "$2")" = "$3" ]; }
# seen GENERATION: every website is reconciled at this generation
seen() { [ "$(k get websites -o 'jsonpath={range .items[*]}{.status.observedGeneration}{"\n"}{end}' | grep -cx "$1")" = $count ]; }
holder() { k get lease websites -o 'jsonpath={.spec.holderIdentity}'; }
start() { "$program" >"operator-$1.log" 2>&1 & operators+=($!); }

k apply -f "$here/clients/website-crd.yaml" >/dev/null
check "the definition is established" k wait --for=condition=Established crd/websites.clients.example.com --timeout=20s
sites first | k create -f - >/dev/null
start 1
check "one leads" within 20 sh -c "test -n \"\$($kubectl get lease websites -o 'jsonpath={.spec.holderIdentity}' 2>/dev/null)\""
check "everything is reconciled" within 60 seen 1
check "deployments are applied" all deployments '/site-' $count
check "config maps are created" all configmaps '/site-' $((2 * count))
equal "the deployment's owner" "$(k get deployment site-7 -o 'jsonpath={.metadata.ownerReferences[0].kind} {.metadata.managedFields[0].manager} {.metadata.managedFields[0].operation}')" \
  "Website websites Apply"
equal "defaults of the definition and of the server" "$(k get deployment site-7 -o 'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].ports[0].protocol}')" "1 TCP"

sites second | k apply --server-side --force-conflicts -f - >/dev/null
check "changes are reconciled" within 60 seen 2
equal "what a change wrote" "$(k get configmap site-50 -o 'jsonpath={.data.index\.html}')" second
k delete deployment site-3 --wait=false >/dev/null
check "a deployment that was deleted comes back" within 20 k get deployment site-3
k patch deployment site-4 --type=merge -p '{"spec":{"replicas":9}}' >/dev/null
check "what another writes is set right" within 20 sh -c "test \"\$($kubectl get deployment site-4 -o 'jsonpath={.spec.replicas}')\" = 1"

leader=$(holder)
start 2
kill -KILL "${operators[0]}"
wait "${operators[0]}" 2>/dev/null
operators=("${operators[1]}")
count=$((count + 1))
site site-$count third | k create -f - >/dev/null
sites third | k apply --server-side --force-conflicts -f - >/dev/null
check "the other one takes over" within 30 sh -c "test \"\$($kubectl get lease websites -o 'jsonpath={.spec.holderIdentity}')\" != '$leader'"
check "and reconciles what is new" within 60 sh -c "test \"\$($kubectl get website site-$count -o 'jsonpath={.status.phase}')\" = Ready"

k delete websites --all --wait=false >/dev/null
check "finalizers let them go" within 60 all websites '/site-' 0
if [ "${WAITS:-true}" = true ]; then
  check "what they owned goes with them" within 30 all deployments '/site-' 0
  check "and so do the config maps" within 30 all configmaps '/site-' 0
fi
# A lease that both find missing, versions that another write overtook, and (kube-rs) objects that are gone when what they owned goes
# are what these clients expect.
errors=$(grep -iE '"level":"error"|^error' operator-*.log | grep -vE 'leaderelection|the object has been modified|ObjectNotFound')
equal "no error is logged" "$errors" ""
summary
