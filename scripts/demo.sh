#!/usr/bin/env bash
# The demo of `make demo`; KEEP=1 leaves everything running.
set -euo pipefail
cd "$(dirname "$0")/.."
exec build/release/bin/postgres-demo "$PWD"
