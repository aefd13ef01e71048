#!/usr/bin/env bash
# Deletes from the cluster what a folder of config/ describes, unless Databases are left: without the operator nobody
# would finish their deletion, and the definition that is deleted with it takes them along.
set -euo pipefail
if left=$(kubectl get databases.postgres.windlass.dev --all-namespaces --no-headers 2>/dev/null) && [ -n "$left" ]; then
  {
    echo "These Databases are still there:"
    sed 's/^/  /' <<<"$left"
    echo "Delete them first: kubectl delete databases --all --all-namespaces"
    echo "(the data stays on its volume unless spec.deletionPolicy is Delete)."
  } >&2
  exit 1
fi
"$(dirname "$0")/manifests.sh" "$@" | kubectl delete --ignore-not-found -f -
