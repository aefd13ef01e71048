#!/usr/bin/env bash
# Every command of windlass: help with examples, refusals with a remedy and exit codes, dry runs that write nothing, JSON, no
# colours but on a terminal, no network.
#   WINDLASS=build/release/bin/windlass commands.sh
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/steps.sh"
windlass=$(realpath "${WINDLASS:-$here/../../build/release/bin/windlass}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset KUBECONFIG

# where the kernel allows it, without any network
if unshare -rn true 2>/dev/null; then alone=(unshare -rn); else alone=(); fi
run() { ${alone[@]+"${alone[@]}"} "$windlass" "$@"; }

# says WHAT CODE WORDS ARGUMENT...: the command ends with that code and says that (an extended regular expression)
says() {
  local what=$1 wanted=$2 words=$3 output code=0
  shift 3
  output=$(timeout 60 ${alone[@]+"${alone[@]}"} "$windlass" "$@" 2>&1 </dev/null) || code=$?
  if [ "$code" != "$wanted" ]; then
    fail "$what" "ended with $code, wanted $wanted: $output"
  elif ! grep -qE -e "$words" <<<"$output"; then
    fail "$what" "wanted '$words', got: $output"
  elif grep -q $'\x1b' <<<"$output"; then
    fail "$what" "colours: $output"
  else
    pass "$what"
  fi
}
subcommands() { "$windlass" "$@" --help | sed -n '/^S[Uu][Bb][Cc][Oo][Mm][Mm][Aa][Nn][Dd][Ss]:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'; }

# help of all that there are
found=()
for word in $(subcommands); do
  inner=$(subcommands "$word")
  if [ -z "$inner" ]; then found+=("$word"); else for more in $inner; do found+=("$word $more"); done; fi
done
[ "${#found[@]}" -ge 11 ] && pass "${#found[@]} commands" || fail "commands" "found only ${found[*]}"
for command in "${found[@]}"; do
  # shellcheck disable=SC2086
  says "windlass $command --help has examples" 0 '^ *windlass '"${command}" $command --help
  # shellcheck disable=SC2086
  says "windlass $command --nonsense" 2 '--help' $command --nonsense
done
says "no command" 2 '--help'
says "a command that is not there" 2 '--help' destroy

# outside a project
for command in "create api --group shop --version v1 --kind Order" "create controller --version v1 --kind Secret" \
  "edit --multigroup" "upgrade" "generate manifests --no-build"; do
  # shellcheck disable=SC2086
  says "windlass $command outside a project" 1 'windlass init' $command
done

# files FOLDER: what is in it
files() { find "$1" -type f | sort | xargs -r sha256sum; }

mkdir shop && cd shop || exit 1
# dry WHAT ARGUMENT...: writes nothing, and prints JSON
dry() {
  local what=$1 before after output
  shift
  before=$(files .)
  output=$(run "$@" --dry-run --output json 2>"$work/errors") ||
    { fail "$what --dry-run" "$output$(cat "$work/errors")"; return; }
  after=$(files .)
  equal "$what --dry-run writes nothing" "$after" "$before"
  case $output in
    '{'*'"dryRun": true'*'}') pass "$what --output json" ;;
    *) fail "$what --output json" "$output" ;;
  esac
}
says "init with a wrong domain" 1 'DNS name.*--domain' init --domain 'Not A Domain'
dry init init --domain example.com
says init 0 'Next:' init --domain example.com
for command in "create api --group shop --version v1 --kind Order" "create controller --group apps --version v1 --kind Deployment" \
  "edit --namespaced" "upgrade"; do
  # shellcheck disable=SC2086
  dry "$command" $command
done
says "create api" 0 'make test' create api --group shop --version v1 --kind Order
says "create api again" 0 'need no change' create api --group shop --version v1 --kind Order
says "a kind in lower case" 1 'PascalCase.*--kind' create api --group shop --version v1 --kind order
says "a version that is none" 1 'v1alpha1.*--version' create api --group shop --version one --kind Price
says "a kind that Kubernetes has not" 1 '--crd FILE' create controller --group apps --version v1 --kind Deploiment
says "a second group" 1 'edit --multigroup' create api --group geo --version v1 --kind Region
says "an edit of nothing" 1 'say --multigroup, --namespaced' edit
says "a folder below the project" 0 'need no change' upgrade -C config
echo '{"uses":[{"group":"shop.example.com","plural":"orders","use":"reconcile"}]}' >described.json
alone+=(env PATH=/nowhere)
says "manifests without kubectl" 0 'kubectl is not installed' generate manifests --no-build --description "$PWD/described.json"
unset "alone[-1]" "alone[-1]"
says "stale manifests" 1 'windlass generate manifests' generate manifests --no-build --check --description <(echo '{"uses":[]}')
says "an operator that is not built" 1 'make build' generate manifests --no-build
dry "generate manifests" generate manifests --no-build --description "$PWD/described.json"

says "generate types" 0 'files written' generate types config/crd/bases --output-dir "$work/types"
says "types that are current" 0 'up to date' generate types config/crd/bases --output-dir "$work/types" --check
says "types of nothing" 2 'generate types config/crd/bases' generate types
says "types of a file that is not there" 1 'nowhere.yaml' generate types nowhere.yaml
run generate types config/crd/bases --output-dir "$work/other" --dry-run --output json >types.json && [ ! -e "$work/other" ] &&
  pass "generate types --dry-run" || fail "generate types --dry-run" "$(cat types.json)"

says "apply without a cluster" 1 'kubeconfig|KUBECONFIG|refused|unreachable' apply -f config/samples/shop_v1_order.yaml --kubeconfig /nowhere
says "version as JSON" 0 '"version"' version --output json
for shell in bash zsh fish; do says "completion $shell" 0 'generate' completion "$shell"; done
says "completion of a shell that is not there" 2 'bash' completion tcsh
if command -v script >/dev/null; then
  script -qec "$windlass create api --group shop --version v1 --kind Price" "$work/tty.log" </dev/null >/dev/null
  grep -q $'\x1b\[32mcreated' "$work/tty.log" && pass "colours on a terminal" || fail "colours on a terminal" "$(cat "$work/tty.log")"
fi
summary
