#!/usr/bin/env bash
# The checks of this folder find what they look for: each of these trees holds one fault.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# expect CHECK FILE LINE: CHECK accepts the file without the line, and refuses it with the line
expect() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/framework" "$tree/codegen" "$tree/operators" "$tree/$(dirname "$2")"
  echo "#include <windlass/base/error.hpp>" >"$tree/$2"
  "$here/$1" "$tree" >/dev/null || { echo "$1 refuses $2 without a fault"; failures=1; }
  echo "$3" >>"$tree/$2"
  if "$here/$1" "$tree" >/dev/null; then
    echo "$1 accepts in $2: $3"
    failures=1
  fi
}

expect layers.sh framework/queue/src/queue.cpp '#include <windlass/client/client.hpp>'
expect layers.sh framework/queue/src/queue.cpp '#include "windlass/http/message.hpp"'
expect layers.sh framework/controller/include/windlass/controller/a.hpp '#include <windlass/manager/manager.hpp>'
expect layers.sh codegen/src/emit.cpp '#include <windlass/http/message.hpp>'
expect layers.sh operators/hello/main.cpp '#include <windlass/testing/simulation.hpp>'
expect boundaries.sh framework/queue/src/queue.cpp 'auto t = std::chrono::steady_clock::now();'
expect boundaries.sh framework/queue/src/queue.cpp 'std::random_device device;'
expect boundaries.sh framework/queue/src/queue.cpp 'auto home = std::getenv("HOME");'
expect boundaries.sh framework/queue/src/queue.cpp 'boost::asio::steady_timer timer(executor);'
expect boundaries.sh framework/client/src/a.cpp 'boost::asio::ip::tcp::socket socket(executor);'
expect boundaries.sh framework/client/src/a.cpp 'std::this_thread::sleep_for(1s);'
expect boundaries.sh framework/client/src/a.cpp '#include <boost/beast/http.hpp>'
expect boundaries.sh framework/client/src/a.cpp '#include <rapidjson/reader.h>'
expect boundaries.sh framework/client/src/a.cpp '#include <regex>'
expect boundaries.sh operators/hello/main.cpp 'boost::asio::co_spawn(executor, task(), boost::asio::detached);'
[ "$failures" -eq 0 ] && echo "the checks find the faults they look for"
exit "$failures"
