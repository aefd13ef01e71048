#!/usr/bin/env bash
# Installs what the build, the tests and the demo need, from Debian 12's own packages. It asks nothing, and does nothing
# when nothing is missing. On another system it lists what is missing and stops.
#   scripts/bootstrap.sh [--lint]     --lint: also what `make lint` and `make format` need
set -euo pipefail

# package, and what shows on another system that the same thing is there: a command or a <header>
packages() {
  cat <<'LIST'
clang-19             clang++-19
lld-19               ld.lld-19
libclang-rt-19-dev   clang++-19
llvm-19              llvm-symbolizer-19
cmake                cmake
ninja-build          ninja
ccache               ccache
pkg-config           pkg-config
libboost1.81-dev     <boost/asio/awaitable.hpp>
libboost-url1.81-dev <boost/url.hpp>
rapidjson-dev        <rapidjson/reader.h>
libspdlog-dev        <spdlog/spdlog.h>
libfmt-dev           <fmt/format.h>
prometheus-cpp-dev   <prometheus/registry.h>
libgtest-dev         <gtest/gtest.h>
libgmock-dev         <gmock/gmock.h>
libyaml-cpp-dev      <yaml-cpp/yaml.h>
libcli11-dev         <CLI/CLI.hpp>
libre2-dev           <re2/re2.h>
libssl-dev           <openssl/ssl.h>
zlib1g-dev           <zlib.h>
bubblewrap           bwrap
postgresql-15        /usr/lib/postgresql/15/bin/postgres
LIST
  if [ "${1:-}" = --lint ]; then
    echo "clang-format-19 clang-format-19"
    echo "clang-tidy-19 clang-tidy-19"
  fi
}

header_exists() {
  command -v clang++-19 >/dev/null && echo "#include $1" | clang++-19 -std=c++20 -fsyntax-only -x c++ - 2>/dev/null
}

missing_elsewhere() {
  packages "$@" | while read -r package probe; do
    case $probe in
      '<'*) header_exists "$probe" || echo "$package ($probe)" ;;
      *) command -v "$probe" >/dev/null || echo "$package ($probe)" ;;
    esac
  done
}

missing_on_debian() {
  local installed
  installed=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n 's/^\([^ :]*\)[^ ]* installed$/\1/p')
  packages "$@" | while read -r package _; do
    grep -qxF "$package" <<<"$installed" || echo "$package"
  done
}

is_debian_12() {
  [ -r /etc/os-release ] && (. /etc/os-release && [ "$ID" = debian ] && [ "${VERSION_ID:-}" = 12 ])
}

if ! is_debian_12; then
  missing=$(missing_elsewhere "$@")
  [ -n "$missing" ] || exit 0
  {
    echo "This is not Debian 12, so nothing is installed. Please install the following (Debian's package names, and what"
    echo "was looked for), then run the command again:"
    sed 's/^/  /' <<<"$missing"
  } >&2
  exit 1
fi

missing=$(missing_on_debian "$@")
[ -n "$missing" ] || exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "Run this as root, or install sudo; missing packages:" $missing >&2
    exit 1
  }
  as_root=(sudo -n)
fi
root() { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive "$@"; }

echo "Installing" $missing
# Only PostgreSQL's programs are wanted: no server may be made or started by the package.
if grep -qx postgresql-15 <<<"$missing"; then
  root mkdir -p /etc/postgresql-common/createcluster.d
  echo "create_main_cluster = false" | root tee /etc/postgresql-common/createcluster.d/windlass.conf >/dev/null
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  root apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o APT::Install-Recommends=false \
    -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    echo "apt-get $1 failed: see above. Check the network and /etc/apt/sources.list.d, then run the command again." >&2
    exit 1
  }
}
apt update
# shellcheck disable=SC2086
apt install $missing
