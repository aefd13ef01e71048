#!/usr/bin/env bash
# Checks the format and the structure of the code, the syntax of the scripts, and with clang-tidy every source file, or
# with LINT_BASE=<commit> those that differ from it.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0

git ls-files -z '*.hpp' '*.cpp' | xargs -0 -r clang-format-19 --dry-run --Werror || { echo "make format mends the format" >&2; bad=1; }
test/structure/layers.sh . || bad=1
test/structure/boundaries.sh . || bad=1
while IFS= read -r script; do bash -n "$script" || bad=1; done < <(git ls-files '*.sh' .ci/run)

if [ -n "${LINT_BASE:-}" ]; then
  sources=$(git diff --name-only --diff-filter=d "$LINT_BASE" -- 'framework/*.cpp' 'codegen/*.cpp' 'operators/*.cpp')
else
  sources=$(git ls-files 'framework/*.cpp' 'codegen/*.cpp' 'operators/*.cpp')
fi
if [ -n "$sources" ]; then
  mkdir -p build/dev
  cmake --preset dev >build/dev/configure.log 2>&1 || { tail -n 40 build/dev/configure.log >&2; exit 1; }
  # headers that the build writes must exist before a source that includes them can be read
  mapfile -t generated < <(ninja -C build/dev -t targets all | sed -n 's/^\(.*\.hpp\): CUSTOM_COMMAND$/\1/p')
  ninja -C build/dev "${generated[@]}" >/dev/null
  xargs -P "${JOBS:-$(nproc)}" -n 1 clang-tidy-19 --quiet -p build/dev <<<"$sources" || bad=1
fi
exit "$bad"
