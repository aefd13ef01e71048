#!/usr/bin/env bash
# Installs BUILD, copies the consumer, operators/hello and the test of the guide "Test your operator" away from the tree,
# and builds and runs them with find_package(windlass) alone.
#   outside.sh TREE BUILD COMPILER
set -euo pipefail
tree=$1 build=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { tail -n 20 "$work/install.log"; exit 1; }
mkdir "$work/project"
cp -r "$tree/test/install/consumer/." "$work/project"
cp "$tree"/config/crd/bases/*.yaml "$work/project"
cp -r "$tree/operators/hello" "$tree/docs/snippets/hello_failover_test.cpp" "$work/project"
if grep -rlF "$tree" "$work/prefix" --include='*.cmake'; then
  echo "the installed package points back into the source tree"
  exit 1
fi

cmake -S "$work/project" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log" 2>&1 || { tail -n 30 "$work/configure.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log"; exit 1; }
"$work/build/consumer"
"$work/build/operator" --help | grep -q -e --leader-elect
"$work/build/hello/hello" --help | grep -q -e --leader-elect
(cd "$work" && build/hello_failover_test --seeds=3 --gtest_brief=1)
echo "an installed windlass builds operators and their tests outside its tree"
