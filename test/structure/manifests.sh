#!/usr/bin/env bash
# dist/install.yaml is what config/default says, and the names that one manifest gives another agree.
#   manifests.sh TREE
set -euo pipefail
cd "$1"
bad=0
fail() { echo "$1"; bad=1; }

# these need no kubectl
grep -qE "['\"]\*['\"]|\[\*\]|- \*$" config/rbac/*.yaml && fail "config/rbac uses a wildcard"
awk '/^- apiGroups/ { resources = "" } /resources:/ { resources = $0 } /verbs:.*(list|watch)/ && resources ~ /secrets/ { found = 1 } END { exit !found }' \
  config/rbac/role.yaml && fail "config/rbac/role.yaml lets the operator list Secrets"
lease=$(sed -n '/name: LEASE_NAME/{n;s/.*value: //p}' config/manager/manager.yaml)
grep -q "resourceNames: \[$lease\]" config/rbac/leader_election_role.yaml ||
  fail "manager.yaml calls the lease '$lease', leader_election_role.yaml permits another"

if ! command -v kubectl >/dev/null; then
  [ "$bad" -eq 0 ] || exit 1
  echo "kubectl is not installed, so dist/install.yaml is not compared with config/default"
  exit 77
fi
kubectl kustomize config/default | diff -u dist/install.yaml - ||
  fail "dist/install.yaml is not what config/default says: run make build-installer"
other=registry.example.com/team/operator:1.2
count=$(scripts/manifests.sh config/default "$other" | grep -cE "(image|value): $other\$" || true)
[ "$count" -eq 2 ] || fail "make deploy IMG=$other sets $count places, not the container's image and OPERATOR_IMAGE"
[ "$bad" -eq 0 ] && echo "the manifests agree"
exit "$bad"
