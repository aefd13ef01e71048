#!/usr/bin/env bash
# Makes a Database Ready in the cluster of KUBECONFIG, with real PostgreSQL in a container, writes through its Service, takes
# its pod away, changes it, deletes it and creates it again over its volume, and finds every row.
# IMG             the operator's image                               postgres-operator:latest
# DATABASE_IMAGE  an image with PostgreSQL's programs                the one of config/samples/database.yaml
# LOAD_IMAGE      a command that brings an image to every node       none, as after docker-push
# BUILD=0         does not build the operator's image
# DEPLOY=0        takes the operator that is deployed, and leaves it
# CONTAINER_TOOL, CONTAINER_OPTIONS, PREBUILT   as for make docker-build
set -uo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
cd "$tree"
. test/e2e/steps.sh
[ -n "${KUBECONFIG:-}" ] || { echo "KUBECONFIG does not name a cluster of three nodes"; exit 77; }
IMG=${IMG:-postgres-operator:latest}
sample=config/samples/database.yaml
DATABASE_IMAGE=${DATABASE_IMAGE:-$(sed -n 's/^  image: //p' $sample)}
operators=postgres-operator-system
namespace=windlass-e2e
k() { kubectl -n $namespace "$@"; }

manifest() { sed "s|^  image: .*|  image: $DATABASE_IMAGE|" $sample; }
apply() { manifest | k apply -f -; }
ready() { k wait database/sample --for=condition=Ready --timeout="${1:-180}s"; }
status() { k get database sample -o jsonpath="{.status.$1}"; }
query() { k exec client -- psql -v ON_ERROR_STOP=1 -Atqc "$1" "$uri"; }
shows() { [ "$(query "show $1" 2>/dev/null)" = "$2" ]; }
# the change that was asked for is the one that the condition speaks of
settled() { [ "$(status observedGeneration)" = "$(k get database sample -o jsonpath='{.metadata.generation}')" ] && ready 5 >/dev/null 2>&1; }

echo "== the operator"
if [ "${DEPLOY:-1}" != 0 ]; then
  if [ "${BUILD:-1}" != 0 ]; then check "the operator's image is built" make docker-build IMG="$IMG"; fi
  if [ -n "${LOAD_IMAGE:-}" ]; then check "it is on the nodes" $LOAD_IMAGE "$IMG"; fi
  check "the operator is deployed" make deploy IMG="$IMG"
fi
if [ -n "${LOAD_IMAGE:-}" ]; then check "the database's image is on the nodes" $LOAD_IMAGE "$DATABASE_IMAGE"; fi
check "the operator is ready" kubectl rollout status -n $operators deployment/postgres-operator-controller-manager --timeout=180s

echo "== a Database"
kubectl create namespace $namespace --dry-run=client -o yaml | kubectl apply -f - >/dev/null
check "it is accepted" apply
check "it becomes Ready" ready 240
if ! ready 1 >/dev/null 2>&1; then
  k get database,pod,pvc,event
  k get database sample -o jsonpath='{range .status.conditions[*]}{.type} {.status} {.reason}: {.message}{"\n"}{end}'
  summary
  exit 1
fi
equal "its phase says so" "$(status phase)" Ready
identifier=$(status systemIdentifier)
check "it has a system identifier" test -n "$identifier"
equal "its endpoint is its Service" "$(status endpoint)" "sample.$namespace.svc:5432"
secret=$(status credentialsSecret)
uri=$(k get secret "$secret" -o jsonpath='{.data.uri}' | base64 -d)
k apply -f - >/dev/null <<POD
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: client, image: "$DATABASE_IMAGE", imagePullPolicy: IfNotPresent, command: [sleep, infinity]}
POD
check "a client runs" k wait pod/client --for=condition=Ready --timeout=60s
version=$(query 'select version()' 2>&1)
check "it is real PostgreSQL: ${version%% on *}" grep -q '^PostgreSQL [0-9]' <<<"$version"
check "the connection is encrypted" test "$(query 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')" = t
check "a thousand rows are written through the Service" \
  query 'create table kept (id int primary key, note text); insert into kept select i, md5(i::text) from generate_series(1, 1000) i'
fingerprint=$(query 'select count(*), md5(string_agg(id || note, chr(44) order by id)) from kept')
password=$(k get secret "$secret" -o jsonpath='{.data.password}' | base64 -d)
check "a wrong password is refused" bash -c \
  "kubectl -n $namespace exec client -- psql '${uri/"$password"/wrong}' -c 'select 1' 2>&1 | grep -q 'password authentication failed'"
logs=$(kubectl logs -n $operators -l control-plane=controller-manager --tail=-1; k logs sample-0 -c postgres --tail=-1)
equal "no log holds the password" "$(grep -cF -- "$password" <<<"$logs")" 0

echo "== its pod is deleted"
before=$(k get pod sample-0 -o jsonpath='{.metadata.uid}')
check "the pod goes" k delete pod sample-0 --timeout=240s
other_pod() { local now; now=$(k get pod sample-0 -o jsonpath='{.metadata.uid}' 2>/dev/null) && [ -n "$now" ] && [ "$now" != "$before" ]; }
check "another comes" within 60 other_pod
check "and is ready" k wait pod/sample-0 --for=condition=Ready --timeout=180s
check "the Database is Ready again" ready 180
equal "every row is there" "$(query 'select count(*), md5(string_agg(id || note, chr(44) order by id)) from kept')" "$fingerprint"
equal "it is the same data directory" "$(status systemIdentifier)" "$identifier"

echo "== it is changed"
k patch database sample --type=merge -p '{"spec":{"parameters":{"work_mem":"16MB"}}}' >/dev/null
check "a parameter is changed by a reload" within 120 shows work_mem 16MB
k patch database sample --type=merge -p '{"spec":{"parameters":{"max_connections":"60"}}}' >/dev/null
check "another by a restart" within 180 shows max_connections 60
check "the Database is Ready with the change" within 120 settled
refused() { local said; ! said=$(k patch database sample --type=merge -p "$1" 2>&1) && grep -q "$2" <<<"$said"; }
check "smaller storage is refused, and the field named" refused '{"spec":{"storage":{"size":"512Mi"}}}' 'spec.storage'
check "another owner is refused, and the field named" refused '{"spec":{"owner":"somebody"}}' 'spec.owner'

echo "== it is deleted, and created again over its volume"
check "it is deleted" k delete database sample --timeout=240s
check "its volume stays" k get pvc data-sample-0
gone() { ! k get "$@" >/dev/null 2>&1; }
check "its Secret goes" within 60 gone secret "$secret"
check "its pod goes" within 240 gone pod sample-0
check "it is created again" apply
check "it becomes Ready" ready 240
uri=$(k get secret "$(status credentialsSecret)" -o jsonpath='{.data.uri}' | base64 -d)
answers() { query 'select 1'; }
check "clients find it again, which may take as long as their DNS remembers that it was gone" within 60 answers
equal "every row is there" "$(query 'select count(*), md5(string_agg(id || note, chr(44) order by id)) from kept')" "$fingerprint"
equal "it is the same data directory" "$(status systemIdentifier)" "$identifier"

echo "== the end"
k delete pod client --wait=false >/dev/null
check "the Database is deleted" k delete database sample --timeout=240s
check "the namespace goes" kubectl delete namespace $namespace --timeout=240s
if [ "${DEPLOY:-1}" != 0 ]; then check "the operator is removed" make undeploy; fi
summary
