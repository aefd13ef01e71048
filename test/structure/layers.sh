#!/usr/bin/env bash
# An #include may only point downward: to the same component or to one of a lower layer.
#   layers.sh TREE
set -euo pipefail
cd "$1"

# lowest first; components of one line do not see each other
rank() {
  case $1 in
    base) echo 1 ;;
    type) echo 2 ;;
    json) echo 3 ;;
    meta) echo 4 ;;
    cel | queue | api | http) echo 5 ;;
    client) echo 6 ;;
    cache | leader_election | events | health | metrics | webhook | api_server) echo 7 ;;
    controller) echo 8 ;;
    manager) echo 9 ;;
    ha) echo 10 ;;
    codegen) echo 11 ;; # the library of the generator: only what stands up to cel, see below
    testing) echo 12 ;;
    windlass) echo 13 ;; # the umbrella
    *) echo 0 ;;
  esac
}

bad=0
report() { echo "$1"; bad=1; }

includes() { # file:line:component, of every include of a component's header below a folder
  find "$@" -type f \( -name '*.hpp' -o -name '*.cpp' \) -print0 2>/dev/null |
    xargs -0 -r grep -nHE '^ *# *include *[<"]windlass/[a-z_0-9]+/' |
    sed -E 's|^([^:]*:[0-9]+):.*[<"]windlass/([a-z_0-9]+)/.*|\1 \2|'
}

for folder in framework/*/; do
  component=$(basename "$folder")
  [ -d "$folder" ] || continue
  own=$(rank "$component")
  [ "$own" -gt 0 ] || { report "$folder is no known component: give it a layer in test/structure/layers.sh"; continue; }
  while read -r place other; do
    [ "$other" = "$component" ] && continue
    theirs=$(rank "$other")
    if [ "$theirs" -eq 0 ] || [ "$theirs" -ge "$own" ]; then
      report "$place: $component may not include windlass/$other, which does not stand below it"
    fi
  done < <(includes "$folder")
done

# the generator builds the API types, so it may use only what they are built upon
while read -r place other; do
  case $other in
    base | type | json | meta | cel | codegen) ;;
    *) report "$place: the generator may use base, type, json, meta and cel only, not windlass/$other" ;;
  esac
done < <(for folder in codegen/*/; do case $folder in codegen/windlass/ | codegen/schemas/) ;; *) includes "$folder" ;; esac; done)

# an operator is a user: nothing of the framework may know it, and it needs no test code to run
while read -r place other; do
  case $other in
    testing | api_server | codegen) report "$place: an operator may not include windlass/$other" ;;
  esac
done < <(includes operators)

[ "$bad" -eq 0 ] && echo "every include points downward"
exit "$bad"
