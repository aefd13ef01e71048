#!/usr/bin/env bash
# The outside world is touched in one place each, so that a simulation can stand in for it.
#   boundaries.sh TREE
set -euo pipefail
cd "$1"
bad=0

# deny WHY PATTERN ALLOWED_FILES: no line of code of the libraries and programs may match, but in the files allowed
deny() {
  local hits
  hits=$(find framework codegen operators -type f \( -name '*.hpp' -o -name '*.cpp' \) -print0 2>/dev/null |
    xargs -0 -r grep -nHE "$2" | grep -vE "^($3)" | grep -vE '^[^:]*:[0-9]+: *(//|\*)' || true)
  [ -z "$hits" ] && return
  echo "$1"
  sed 's/^/  /' <<<"$hits"
  bad=1
}

system='framework/base/src/(system_[a-z_]*|asio)\.cpp'
deny "Clocks are read through windlass::Clock:" '(steady_clock|system_clock|high_resolution_clock)::now\(|clock_gettime\(|gettimeofday\(' "$system"
deny "Random numbers come from windlass::Random:" 'std::random_device|\bgetrandom\(|[^_a-z:]rand\(\)' "$system"
deny "Environment variables come from windlass::Environment:" '\b(secure_)?getenv\(' "$system"
deny "Timers come from windlass::Clock:" '(asio::|[^a-z_])(steady_timer|system_timer|high_resolution_timer)\b' \
  'framework/base/'
deny "Connections come from windlass::Network:" '[^a-z_]ip::tcp::(socket|acceptor|resolver)|local::stream_protocol::(socket|acceptor)|[^a-z_:.>]socket\(AF_' \
  "$system|framework/base/include/windlass/base/detail/"
deny "Threads sleep nowhere:" 'this_thread::sleep_|[^a-z_]u?sleep\(' "$system|operators/postgres-operator/instance/"
deny "Boost.Beast is private to http:" '# *include *<boost/beast' 'framework/http/src/'
deny "RapidJSON is private to json:" '# *include *<rapidjson' 'framework/json/src/'
deny "Standard regular expressions are slow and recursive; use RE2:" '# *include *<regex>' '$^'
deny "Every coroutine is owned by a TaskGroup:" 'asio::detached\b|[^a-z_]detached[,)]' '$^'
deny "Work that is left to do does not live in comments:" '\b(TODO|FIXME|XXX)\b' '$^'

[ "$bad" -eq 0 ] && echo "the outside world is touched only where it may be"
exit "$bad"
