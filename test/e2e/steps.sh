# Sourced by the end-to-end tests: steps that print PASS or FAIL, and their sum.
passed=0 failed=0

pass() { echo "PASS $1"; passed=$((passed + 1)); }
fail() { echo "FAIL $1"; [ $# -lt 2 ] || sed 's/^/     /' <<<"$2"; failed=$((failed + 1)); }

# check WHAT COMMAND...: passes when the command succeeds
check() {
  local what=$1 output
  shift
  if output=$("$@" 2>&1); then pass "$what"; else fail "$what" "$output"; fi
}

# equal WHAT GOT WANTED
equal() {
  if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', wanted '$3'"; fi
}

# within SECONDS COMMAND...: repeats the command until it succeeds
within() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 1
  done
}

summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

