#!/bin/bash
# Random CRDs through check.sh, twice: as types are made by default, and with all that their schemas say.
#   random.sh BUILD RANDOM_CRDS SEED COUNT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$2" "$3" "$4" "$work/random"
"$here/check.sh" --build "$1" --work "$work/a" --samples 300 "$work/random"
"$here/check.sh" --build "$1" --work "$work/b" --samples 300 --exact --whole "$work/random"
