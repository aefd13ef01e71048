#!/usr/bin/env bash
# What people type about running pods: kubectl exec, attach, port-forward and logs against `windlass dev --pods`.
#   WINDLASS=build/release/bin/windlass kubectl_pods.sh     KUBECTL: which kubectl (the one in PATH)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/steps.sh"
kubectl=${KUBECTL:-kubectl}
skip() { echo "skipped: $1"; exit 77; }
command -v "$kubectl" >/dev/null || skip "there is no kubectl in PATH (or set KUBECTL)"
command -v bwrap >/dev/null || skip "bubblewrap is not installed: scripts/bootstrap.sh installs it"
ordinary=()
[ "$(id -u)" -ne 0 ] || ordinary=(setpriv --reuid 65532 --regid 65532 --clear-groups)
${ordinary[@]+"${ordinary[@]}"} bwrap --unshare-user --unshare-pid --ro-bind / / true 2>/dev/null ||
  skip "ordinary users may make no user namespaces here: sysctl kernel.unprivileged_userns_clone=1"
work=$(mktemp -d)
chmod 711 "$work"  # pods run as other users
server=
cleanup() {
  [ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
echo 'images: [{image: shell}]' >images.yaml
"${WINDLASS:-$root/build/release/bin/windlass}" dev --server-only --pods --images images.yaml --state-dir state \
  --kubeconfig config >server.log 2>&1 &
server=$!
within 20 grep -q 'ready at' server.log || { cat server.log; exit 1; }
export KUBECONFIG=$work/config HOME=$work
k() { timeout 30 "$kubectl" "$@"; }

k apply -f - <<'POD' >/dev/null
apiVersion: v1
kind: Pod
metadata: {name: talker}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: ear, image: shell, stdin: true, command: [sh, -c, 'while read line; do echo "heard $line"; done; echo over']}
  - name: web
    image: shell
    env: [{name: ADDRESS, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
    command: [perl, -MIO::Socket::INET, -e, 'my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => $ENV{ADDRESS}, LocalPort => 8080, ReuseAddr => 1) or die;
      while (my $c = $l->accept) { my $line = <$c>; print $c "answer to $line"; close $c }']
  - {name: clock, image: shell, command: [sh, -c, 'while :; do echo tick; sleep 0.2; done']}
POD
check "the pod runs" k wait --for=condition=Ready pod/talker --timeout=20s

equal "exec" "$(k exec talker -c ear -- echo hello)" hello
equal "exec, two streams" "$(k exec talker -c ear -- sh -c 'echo out; echo err >&2' 2>/dev/null)" out
k exec talker -c ear -- sh -c 'exit 3' 2>said
equal "exec, the exit code" "$?" 3
check "exec, the exit code in words" grep -q 'command terminated with exit code 3' said
equal "exec -i" "$(printf 'one\ntwo\n' | k exec -i talker -c ear -- sort -r | tr '\n' ' ')" "two one "
equal "exec -i, much of it" "$(head -c 3000000 /dev/zero | k exec -i talker -c ear -- wc -c | tr -d ' ')" 3000000
equal "exec, much output" "$(k exec talker -c clock -- head -c 3000000 /dev/zero | wc -c | tr -d ' ')" 3000000
# kubectl asks for a terminal only when it has one itself
equal "exec -it" "$(timeout 30 script -qec "$kubectl exec -it talker -c ear -- sh -c 'test -t 1 && echo terminal'" /dev/null \
  </dev/null 2>/dev/null | tr -cd 'a-z')" terminal
equal "exec, the default container" "$(k exec talker -- sh -c 'echo here' 2>/dev/null)" here
k exec talker -c ear -- /no/such/program >said 2>&1
equal "exec, no such program" "$?" 127
k exec none -- true >said 2>&1 && fail "exec, no such pod" || check "exec, no such pod" grep -q 'pods "none" not found' said
k exec talker -c nobody -- true >said 2>&1
check "exec, no such container" grep -q 'container nobody is not valid for pod talker' said
k auth can-i create pods/exec >/dev/null && pass "auth can-i create pods/exec" || fail "auth can-i create pods/exec"

timeout 3 "$kubectl" attach talker -c clock >said 2>/dev/null
check "attach" grep -q tick said
{ echo word; sleep 2; } | timeout 3 "$kubectl" attach -i talker -c ear >said 2>/dev/null
check "attach -i" grep -q 'heard word' said
timeout 2 "$kubectl" logs -f talker -c clock >said 2>/dev/null
check "logs -f" [ "$(wc -l <said)" -gt 5 ]
equal "logs" "$(k logs talker -c ear)" "heard word"

# a server inside the pod, at the pod's own address
k exec talker -c ear -- true
"$kubectl" port-forward pod/talker :8080 >forward 2>&1 &
forward=$!
within 10 grep -q 'Forwarding from 127.0.0.1' forward || cat forward
port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' forward)
equal "port-forward" "$(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; echo question >&3; head -n1 <&3")" "answer to question"
equal "port-forward, again" "$(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; echo more >&3; head -n1 <&3")" "answer to more"
{ kill "$forward"; wait "$forward"; } 2>/dev/null
summary
