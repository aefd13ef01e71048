#!/usr/bin/env bash
# A new user's way: installs BUILD, makes projects with the command, and builds and tests them with their own Makefile.
#   scaffold.sh BUILD COMPILER
set -euo pipefail
build=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { tail -n 20 "$work/install.log"; exit 1; }
export PATH="$work/prefix/bin:$PATH" CXX=$compiler
fail() { echo "$1"; exit 1; }

mkdir "$work/shop" && cd "$work/shop"
windlass init --domain example.com >/dev/null
windlass create api --group shop --version v1 --kind Order >/dev/null
windlass create api --group shop --version v1 --kind Region --namespaced=false >/dev/null

# a user's change survives whatever the command does later
sed -i 's/"app.kubernetes.io\/managed-by"/"example.com\/made-by"/' controllers/order_desired.cpp
echo '// mine' >>controllers/controllers.cpp
windlass edit --multigroup >/dev/null
windlass create api --group geo --version v1alpha1 --kind HTTPRoute >/dev/null
grep -q '"example.com/made-by"' controllers/order_desired.cpp || fail "a user's change was lost"
grep -q '// mine' controllers/controllers.cpp || fail "a user's change was lost in a merged file"
windlass upgrade --dry-run --output json | grep -q '"updated"\|"created"\|"merged"' && fail "an upgrade to the same version changes something"

make test >"$work/test.log" 2>&1 || { tail -n 60 "$work/test.log"; exit 1; }
grep -E 'tests passed' "$work/test.log"
build/bin/manager --help | grep -q -e --leader-elect
if command -v kubectl >/dev/null; then
  kubectl kustomize config/default >"$work/install.yaml"
  [ "$(grep -c 'kind: CustomResourceDefinition' "$work/install.yaml")" = 3 ] || fail "config/default does not hold the three definitions"
fi
echo "scaffolded projects build and pass their tests"
