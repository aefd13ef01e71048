#!/usr/bin/env bash
# A new user's way: installs BUILD, makes projects with the command, and builds and tests them with their own Makefile.
#   scaffold.sh TREE BUILD COMPILER
set -euo pipefail
tree=$1 build=$2 compiler=$3
# always the same folder, so that a compiler cache serves the next run
work=$build/test/install_scaffold
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { tail -n 20 "$work/install.log"; exit 1; }
export PATH="$work/prefix/bin:$PATH" CXX=$compiler
fail() { echo "$1"; exit 1; }

mkdir "$work/shop" && cd "$work/shop"
windlass init --domain example.com >/dev/null
windlass create api --group shop --version v1 --kind Order >/dev/null

# a user's change survives whatever the command does later
sed -i 's/"app.kubernetes.io\/managed-by"/"example.com\/made-by"/' controllers/order_desired.cpp
echo '// mine' >>controllers/controllers.cpp
windlass edit --multigroup >/dev/null
windlass create api --group geo --version v1alpha1 --kind HTTPRoute --cluster >/dev/null
grep -q '"example.com/made-by"' controllers/order_desired.cpp || fail "a user's change was lost"
grep -q '// mine' controllers/controllers.cpp || fail "a user's change was lost in a merged file"
upgrade=$(windlass upgrade --dry-run --output json) || fail "an upgrade to the same version fails"
grep -q '"updated"\|"created"\|"merged"' <<<"$upgrade" && fail "an upgrade to the same version changes something"

# kinds of others: one of Kubernetes' own, one of a CRD
windlass create controller --group apps --version v1 --kind Deployment >/dev/null
windlass create controller --crd "$tree/operators/hello/config/crd.yaml" >/dev/null

make test >"$work/test.log" 2>&1 || { tail -n 60 "$work/test.log"; exit 1; }
grep -E 'tests passed' "$work/test.log"
build/bin/manager --help | grep -q -e --leader-elect
if command -v kubectl >/dev/null; then
  kubectl kustomize config/default >"$work/install.yaml"
  [ "$(grep -c 'kind: CustomResourceDefinition' "$work/install.yaml")" = 2 ] || fail "config/default does not hold the two definitions"
fi
for level in 'OrderDesired\.' 'OrderApi\.' 'Simulation\.Order' 'Systematic\.GeoHTTPRoute' 'AppsDeploymentDesired\.'; do
  grep -qE "$level.* Passed" "$work/test.log" || { cat "$work/test.log"; fail "no test of $level ran"; }
done

# an operator that sees its own namespace only
mkdir "$work/narrow" && cd "$work/narrow"
windlass init --domain example.com --namespaced >/dev/null
windlass create api --group shop --version v1 --kind Order >/dev/null
make test >"$work/test.log" 2>&1 || { tail -n 60 "$work/test.log"; exit 1; }
grep -E 'tests passed' "$work/test.log"

"$tree/test/install/dev.sh" "$work/narrow"

# a project that finds Windlass in its source tree instead is at least configured
cmake -S . -B build-tree -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DWINDLASS_SOURCE_DIR="$tree" >"$work/configure.log" 2>&1 ||
  { tail -n 40 "$work/configure.log"; exit 1; }
echo "scaffolded projects build and pass their tests"
