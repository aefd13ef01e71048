#!/usr/bin/env bash
# What people type: kubectl against `windlass dev`, its outputs compared. Nothing but API objects: no pod runs.
#   WINDLASS=build/release/bin/windlass kubectl.sh    KUBECTL: which kubectl (the one in PATH)
#   KUBECONFIG_OF=FILE kubectl.sh                     against another server (kube-apiserver passes too)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/steps.sh"
kubectl=${KUBECTL:-kubectl}
command -v "$kubectl" >/dev/null || { echo "skipped: there is no kubectl in PATH (or set KUBECTL)"; exit 77; }
work=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1

waits=true  # for what garbage collection and namespace deletion do
if [ -n "${KUBECONFIG_OF:-}" ]; then
  waits=${WAITS:-true}  # false: no kube-controller-manager stands beside that server
  cp "$KUBECONFIG_OF" config
else
  "${WINDLASS:-$root/build/release/bin/windlass}" dev --state-dir state --kubeconfig config >server.log 2>&1 &
  server=$!
  within 10 grep -q 'ready at' server.log || { cat server.log; exit 1; }
fi
export KUBECONFIG=$work/config HOME=$work KUBECTL_EXTERNAL_DIFF="diff -u"
ns=kubectl-test

k() { "$kubectl" -n $ns "$@"; }
# says WHAT WANTED COMMAND...: the command succeeds and its output is just this
says() {
  local what=$1 wanted=$2 output
  shift 2
  output=$("$@" 2>&1) || { fail "$what" "$output"; return; }
  equal "$what" "$output" "$wanted"
}
# like WHAT PATTERN COMMAND...: it succeeds and its output matches the extended regular expression
like() {
  local what=$1 pattern=$2 output
  shift 2
  if output=$("$@" 2>&1) && grep -qE -- "$pattern" <<<"$output"; then pass "$what"; else fail "$what" "wanted /$pattern/, got: $output"; fi
}
# refused WHAT PATTERN COMMAND...: it fails and says so
refused() {
  local what=$1 pattern=$2 output
  shift 2
  if output=$("$@" 2>&1); then
    fail "$what" "it succeeded: $output"
  elif grep -qE -- "$pattern" <<<"$output"; then
    pass "$what"
  else
    fail "$what" "wanted /$pattern/, got: $output"
  fi
}

# discovery
like "version" 'Server Version: v1\.[0-9]+' k version
like "cluster-info" 'Kubernetes control plane.* is running at' k cluster-info
like "api-versions" '^apps/v1$' k api-versions
like "api-resources" '^deployments +deploy +apps/v1 +true +Deployment' k api-resources
says "api-resources by group" deployments.apps sh -c "$kubectl api-resources --api-group=apps -o name | grep deploy"
like "explain" 'KIND: +Deployment' k explain deployment
like "explain a field" 'FIELD: replicas <integer>' k explain deployment.spec.replicas
like "explain the whole" 'selector.*required' k explain deployment.spec --recursive

# create KIND: bodies in protobuf
says "create namespace" "namespace/$ns created" k create namespace $ns
says "create configmap" "configmap/settings created" k create configmap settings --from-literal=a=1 --from-literal=b=two
says "create secret" "secret/password created" k create secret generic password --from-literal=key=value
says "create tls secret's refusal" "" sh -c "! $kubectl -n $ns create secret tls none --cert=none --key=none 2>/dev/null"
says "create serviceaccount" "serviceaccount/robot created" k create serviceaccount robot
says "create deployment" "deployment.apps/web created" k create deployment web --image=nginx:1 --replicas=2 --port=80
says "create job" "job.batch/once created" k create job once --image=busybox -- true
says "create cronjob" "cronjob.batch/often created" k create cronjob often --image=busybox --schedule='*/5 * * * *' -- true
says "create role" "role.rbac.authorization.k8s.io/reader created" k create role reader --verb=get,list --resource=pods,deployments.apps
says "create rolebinding" "rolebinding.rbac.authorization.k8s.io/reader created" \
  k create rolebinding reader --role=reader --serviceaccount=$ns:robot
says "create clusterrole" "clusterrole.rbac.authorization.k8s.io/$ns-nodes created" \
  k create clusterrole $ns-nodes --verb=get --resource=nodes
says "create clusterrolebinding" "clusterrolebinding.rbac.authorization.k8s.io/$ns-nodes created" \
  k create clusterrolebinding $ns-nodes --clusterrole=$ns-nodes --serviceaccount=$ns:robot
says "create ingress" "ingress.networking.k8s.io/front created" k create ingress front --rule="example.com/*=web:80"
says "create poddisruptionbudget" "poddisruptionbudget.policy/web created" \
  k create pdb web --selector=app=web --min-available=50%
like "create quota" "resourcequota/small created" k create quota small --hard=pods=10,configmaps=20
says "create priorityclass" "priorityclass.scheduling.k8s.io/$ns-high created" k create priorityclass $ns-high --value=1000
says "create service" "service/plain created" k create service clusterip plain --tcp=80:8080
says "create pod by run" "pod/one created" k run one --image=busybox --labels=tier=back --restart=Never -- sleep 1
like "create token" '^[^ ]+\.?[^ ]*$' k create token robot --duration=10m
says "create, dry run at the server" "configmap/dry created (server dry run)" \
  k create configmap dry --from-literal=a=1 --dry-run=server
refused "what a dry run made" 'configmaps "dry" not found' k get configmap dry
refused "create twice" 'configmaps "settings" already exists' k create configmap settings

# get
like "get" '^web +0/2 +0 +0 ' k get deployments
like "get -o wide" 'CONTAINERS +IMAGES +SELECTOR' k get deployments -o wide
says "get -o name" "deployment.apps/web" k get deploy -o name
says "get -o jsonpath" "nginx:1" k get deploy web -o 'jsonpath={.spec.template.spec.containers[0].image}'
says "get -o go-template" "1-two" k get configmap settings -o 'go-template={{.data.a}}-{{.data.b}}'
says "get -o custom-columns" "NAME   IMAGE
web    nginx:1" k get deploy web -o 'custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[0].image'
like "get -o yaml" '^  replicas: 2$' k get deploy web -o yaml
like "get -o json" '"replicas": 2,' k get deploy web -o json
like "get -A" "^$ns +web " k get deploy -A
says "get -l" "pod/one" k get pods -l tier=back -o name
says "get -l, a set" "pod/one" k get pods -l 'tier in (back,front),!gone' -o name
says "get --field-selector" "configmap/settings" k get configmaps --field-selector metadata.name=settings -o name
says "get --field-selector, pods" "pod/one" k get pods --field-selector status.phase=Pending,spec.nodeName= -o name
like "get --show-labels" 'app=web' k get deploy --show-labels
like "get -L" 'TIER' k get pods -L tier
like "get --show-kind" '^deployment.apps/web ' k get deploy --show-kind
says "get --sort-by" "configmap/settings
secret/password" k get configmap/settings secret/password --sort-by=.metadata.name -o name --sort-by=.kind
like "get all" '^service/plain ' k get all
like "get two kinds" '^configmap/settings ' k get configmap,secret
like "get with a limit" 'settings' k get configmaps --chunk-size=1
says "get --raw" "ok" k get --raw /readyz
refused "get what is not there" 'Error from server \(NotFound\): pods "none" not found' k get pod none
says "get --ignore-not-found" "" k get pod none --ignore-not-found
refused "get an unknown kind" "the server doesn't have a resource type \"gadgets\"" k get gadgets
like "get -w" '^settings  *2 ' sh -c "timeout 3 $kubectl -n $ns get configmap settings -w; true"
like "describe deployment" 'Replicas: +2 desired' k describe deployment web
like "describe pod" 'Image: +busybox' k describe pod one
like "describe configmap" '^two$' k describe configmap settings
like "describe service" 'TargetPort: +8080/TCP' k describe service plain
like "describe role" 'deployments.apps' k describe role reader
like "describe namespace" 'Status: +Active' k describe namespace $ns
like "describe by a selector" 'Name: +one' k describe pods -l tier=back

# apply
cat >app.yaml <<'END'
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: applied, labels: {set: app}}
  data: {a: "1"}
- apiVersion: v1
  kind: Service
  metadata: {name: applied, labels: {set: app}}
  spec:
    selector: {app: applied}
    ports: [{name: http, port: 80, targetPort: 8080}]
END
says "apply a List" "configmap/applied created
service/applied created" k apply -f app.yaml
says "apply again" "configmap/applied unchanged
service/applied unchanged" k apply -f app.yaml
sed -i 's/a: "1"/a: "2"/; s/port: 80,/port: 81,/' app.yaml
like "diff" '^\+ +- port: 81|^\+ *port: 81' sh -c "$kubectl -n $ns diff -f app.yaml; test \$? = 1"
says "apply a change" "configmap/applied configured
service/applied configured" k apply -f app.yaml
says "apply merges lists by their keys" 81 k get service applied -o 'jsonpath={.spec.ports[*].port}'
says "diff when there is none" "" k diff -f app.yaml
cat >second.yaml <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: second, labels: {set: app}}
data: {x: one}
END
like "apply --prune" 'configmap/applied pruned' k apply -f second.yaml --prune -l set=app \
  --prune-allowlist=core/v1/ConfigMap
like "apply view-last-applied" '^  x: one' k apply view-last-applied configmap second
says "apply --server-side" "configmap/second serverside-applied" k apply --server-side -f second.yaml
sed -i 's/second/third/' second.yaml
says "apply --server-side, from the start" "configmap/third serverside-applied" k apply --server-side -f second.yaml
sed -i 's/x: one/x: two/' second.yaml
refused "apply --server-side, a conflict" 'Apply failed with 1 conflict: conflict with "kubectl": .data.x' \
  k apply --server-side --field-manager=other -f second.yaml
says "apply --server-side by force" "configmap/third serverside-applied" \
  k apply --server-side --field-manager=other --force-conflicts -f second.yaml
refused "apply with an unknown field" 'unknown field "dat"|strict decoding error' \
  sh -c "printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: strict}\ndat: {}\n' | $kubectl -n $ns apply -f -"
says "create -f, a List" "configmap/listed created" \
  sh -c "printf 'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: listed}}]\n' | $kubectl -n $ns create -f -"
says "replace" "configmap/listed replaced" \
  sh -c "printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: listed}\ndata: {r: r}\n' | $kubectl -n $ns replace -f -"
says "edit" "configmap/listed edited" env KUBE_EDITOR="sed -i s/r:.r/r:\ edited/" "$kubectl" -n $ns edit configmap listed
says "what edit wrote" edited k get configmap listed -o 'jsonpath={.data.r}'

# changes
says "patch, strategic" "deployment.apps/web patched" \
  k patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","imagePullPolicy":"Always"}]}}}}'
says "patch, merge" "deployment.apps/web patched" k patch deploy web --type=merge -p '{"spec":{"minReadySeconds":3}}'
says "patch, json" "deployment.apps/web patched" \
  k patch deploy web --type=json -p '[{"op":"replace","path":"/spec/minReadySeconds","value":4}]'
says "patch of nothing" "deployment.apps/web patched (no change)" k patch deploy web --type=merge -p '{"spec":{"minReadySeconds":4}}'
says "what the patches made" "nginx:1 Always 4" \
  k get deploy web -o 'jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].imagePullPolicy} {.spec.minReadySeconds}'
says "label" "pod/one labeled" k label pod one color=red
refused "label without --overwrite" "already has a value" k label pod one color=blue
says "label --overwrite" "pod/one labeled" k label pod one color=blue --overwrite
says "label, removed" "pod/one unlabeled" k label pod one color-
says "annotate" "pod/one annotated" k annotate pod one note='some words'
says "scale" "deployment.apps/web scaled" k scale deploy web --replicas=3
refused "scale with a wrong count" "Expected replicas to be 1, was 3" k scale deploy web --replicas=2 --current-replicas=1
says "what scale wrote" 3 k get deploy web -o 'jsonpath={.spec.replicas}'
says "set image" "deployment.apps/web image updated" k set image deploy/web nginx=nginx:2
says "set env" "deployment.apps/web env updated" k set env deploy/web COLOR=green
says "set env --list" "# Deployment web, container nginx
COLOR=green" k set env deploy/web --list
says "set resources" "deployment.apps/web resource requirements updated" k set resources deploy web --limits=cpu=200m,memory=64Mi
says "set serviceaccount" "deployment.apps/web serviceaccount updated" k set serviceaccount deploy web robot
says "expose" "service/web exposed" k expose deploy web --port=80 --target-port=8080
# before 1.34 kubectl asks for autoscaling/v1, which the in-memory server does not have
"$kubectl" autoscale --help | grep -q -- '--cpu=' && says "autoscale" "horizontalpodautoscaler.autoscaling/web autoscaled" k autoscale deploy web --min=1 --max=4 --cpu=70%

# rollouts: nobody rolls out here, so the test writes what the controllers would
says "rollout restart" "deployment.apps/web restarted" k rollout restart deploy web
says "rollout pause" "deployment.apps/web paused" k rollout pause deploy web
says "rollout resume" "deployment.apps/web resumed" k rollout resume deploy web
generation=$(k get deploy web -o 'jsonpath={.metadata.generation}')
k patch deploy web --subresource=status --type=merge -p \
  "{\"status\":{\"observedGeneration\":$generation,\"replicas\":3,\"updatedReplicas\":3,\"readyReplicas\":3,\"availableReplicas\":3,
    \"conditions\":[{\"type\":\"Available\",\"status\":\"True\",\"reason\":\"x\",\"message\":\"x\"}]}}" >/dev/null
says "rollout status" 'deployment "web" successfully rolled out' k rollout status deploy web --timeout=10s
says "wait for a condition" "deployment.apps/web condition met" k wait deploy/web --for=condition=Available --timeout=10s
says "wait for a field" "deployment.apps/web condition met" k wait deploy/web --for=jsonpath='{.status.readyReplicas}'=3 --timeout=10s
refused "wait that ends" "timed out waiting for the condition" k wait deploy/web --for=condition=Never --timeout=1s
uid=$(k get deploy web -o 'jsonpath={.metadata.uid}')
for revision in 1 2; do
  k create -f - >/dev/null <<END
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-$revision
  labels: {app: web, pod-template-hash: h$revision}
  annotations: {deployment.kubernetes.io/revision: "$revision"}
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: $uid, controller: true}]
spec:
  replicas: 0
  selector: {matchLabels: {app: web, pod-template-hash: h$revision}}
  template:
    metadata: {labels: {app: web, pod-template-hash: h$revision}}
    spec: {containers: [{name: nginx, image: "nginx:$revision"}]}
END
done
like "rollout history" '^2 +<none>' k rollout history deploy web
says "rollout undo" "deployment.apps/web rolled back" k rollout undo deploy web --to-revision=1
says "what undo wrote" "nginx:1" k get deploy web -o 'jsonpath={.spec.template.spec.containers[0].image}'

# nodes
k create -f - >/dev/null <<END
apiVersion: v1
kind: Node
metadata: {name: $ns-node}
END
says "taint" "node/$ns-node tainted" k taint node $ns-node color=red:NoSchedule
says "taint, removed" "node/$ns-node untainted" k taint node $ns-node color-
says "cordon" "node/$ns-node cordoned" k cordon $ns-node
like "get nodes" "^$ns-node +.*SchedulingDisabled" k get nodes
says "uncordon" "node/$ns-node uncordoned" k uncordon $ns-node
like "drain" "node/$ns-node drained" k drain $ns-node --ignore-daemonsets --force --timeout=20s

# events
k create -f - >/dev/null <<END
apiVersion: v1
kind: Event
metadata: {name: one.1, namespace: $ns}
involvedObject: {apiVersion: v1, kind: Pod, name: one, namespace: $ns, uid: $(k get pod one -o 'jsonpath={.metadata.uid}')}
reason: Started
message: it began
type: Normal
lastTimestamp: "2026-01-02T03:04:05Z"
END
like "events" 'Normal +Started +Pod/one +it began' k events
like "events --for" 'it began' k events --for pod/one
like "describe shows events" 'Started' k describe pod one

# who may do what
says "auth can-i" yes k auth can-i create pods
says "auth can-i --as" yes k auth can-i list pods --as=system:serviceaccount:$ns:robot
refused "auth can-i --as, refused" '^no' k auth can-i delete pods --as=system:serviceaccount:$ns:robot
like "auth can-i --list" 'deployments.apps +\[\] +\[\] +\[get list\]' k auth can-i --list --as=system:serviceaccount:$ns:robot
like "auth whoami" 'Username' k auth whoami
like "auth whoami --as" "system:serviceaccount:$ns:robot" k auth whoami --as=system:serviceaccount:$ns:robot
refused "a request that is forbidden" \
  "pods \"one\" is forbidden: User \"system:serviceaccount:$ns:robot\" cannot delete resource \"pods\" in API group \"\" in the namespace \"$ns\"" \
  k delete pod one --as=system:serviceaccount:$ns:robot
token=$(k create token robot)
"$kubectl" config view --flatten --raw >anonymous
KUBECONFIG=anonymous "$kubectl" config delete-user "$("$kubectl" config view -o 'jsonpath={.users[0].name}')" >/dev/null 2>&1
says "a token's request" "pod/one" "$kubectl" --kubeconfig anonymous \
  -n $ns get pods -o name --token="$token"
says "auth reconcile" "role.rbac.authorization.k8s.io/reader reconciled" sh -c "$kubectl -n $ns get role reader -o yaml | $kubectl -n $ns auth reconcile -f - | head -n 1"

# custom resources and the sample's own manifests
says "create a CRD" "customresourcedefinition.apiextensions.k8s.io/widgets.$ns.example.com created" k create -f - <<END
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.$ns.example.com}
spec:
  group: $ns.example.com
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {size: {type: integer, minimum: 1, default: 3}}
          status: {type: object, properties: {size: {type: integer}}}
END
says "wait for the CRD" "customresourcedefinition.apiextensions.k8s.io/widgets.$ns.example.com condition met" \
  k wait --for=condition=Established crd/widgets.$ns.example.com --timeout=10s
widget() { printf 'apiVersion: %s.example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: kubectl-test}\nspec: {%s}\n' "$ns" "${1:-}"; }
says "apply a custom resource" "widget.$ns.example.com/w created" k apply -f <(widget)
like "get with its columns" '^w +3$' k get wd
like "explain a custom resource" 'size.*<integer>' k explain widgets.$ns.example.com --recursive
says "scale a custom resource" "widget.$ns.example.com/w scaled" k scale wd w --replicas=5
refused "apply an invalid one" 'spec.size in body should be greater than or equal to 1' k apply -f <(widget 'size: 0')
refused "strategic merge patch of it" 'json-patch\+json' k patch wd w --type=strategic -p '{"spec":{"size":2}}'
like "apply -k config/default" 'deployment.apps/postgres-operator.* created' "$kubectl" apply -k "$root/config/default"
like "apply -k again" 'deployment.apps/postgres-operator.* unchanged' "$kubectl" apply -k "$root/config/default"
like "delete -k" 'databases.postgres.windlass.dev.* deleted' "$kubectl" delete -k "$root/config/default" --ignore-not-found --wait=false

# delete
like "delete by a selector" '(pod|configmap|service).* deleted' k delete configmap,service -l set=app
like "delete --dry-run" 'pod "one" .*\(dry run\)' k delete pod one --dry-run=client
like "delete pod" 'pod "one" (force )?deleted' k delete pod one --grace-period=0 --force
like "delete, cascading in the foreground" 'deployment.apps "web" deleted' k delete deploy web --cascade=foreground --wait=$waits --timeout=20s
like "delete all of a kind" 'deleted' k delete configmaps --all
says "wait for a deletion" "" k wait --for=delete configmap/settings --timeout=10s
k delete clusterrole/$ns-nodes clusterrolebinding/$ns-nodes priorityclass/$ns-high node/$ns-node crd/widgets.$ns.example.com >/dev/null
like "delete namespace" "namespace \"$ns\" deleted" k delete namespace $ns --wait=$waits --timeout=30s

summary
