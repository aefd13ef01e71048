#!/usr/bin/env bash
# Checks the format and the structure of the code, the syntax of the scripts, and with clang-tidy the sources that differ
# from the branch main, committed or not: a file takes clang-tidy 10 to 60 s of a core.
#   LINT_BASE=<commit>   the sources that differ from that commit
#   LINT_BASE=all        all sources
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0

git ls-files -z '*.hpp' '*.cpp' | xargs -0 -r clang-format-19 --dry-run --Werror || { echo "make format mends the format" >&2; bad=1; }
test/structure/layers.sh . || bad=1
test/structure/boundaries.sh . || bad=1
while IFS= read -r script; do bash -n "$script" || bad=1; done < <(git ls-files '*.sh' .ci/run)

places=('framework/*.cpp' 'codegen/*.cpp' 'operators/*.cpp')
if [ "${LINT_BASE:-main}" = all ]; then
  sources=$(git ls-files "${places[@]}")
else
  base=$(git merge-base HEAD "${LINT_BASE:-main}" 2>/dev/null || git rev-parse HEAD)
  sources=$(git diff --name-only --diff-filter=d "$base" -- "${places[@]}"
    git ls-files --others --exclude-standard "${places[@]}")
fi
if [ -z "$sources" ]; then
  echo "clang-tidy: no source differs from ${LINT_BASE:-main}; LINT_BASE=all checks all of them"
else
  # the release build's settings, because most people have that build and with it the headers that the build writes
  mkdir -p build/release
  cmake --preset release >build/release/configure.log 2>&1 || { tail -n 40 build/release/configure.log >&2; exit 1; }
  mapfile -t generated < <(ninja -C build/release -t targets all | sed -n 's/^\(.*\.hpp\): CUSTOM_COMMAND$/\1/p')
  ninja -C build/release "${generated[@]}" >/dev/null
  echo "clang-tidy: $(wc -l <<<"$sources") sources"
  xargs -P "${JOBS:-$(nproc)}" -n 1 clang-tidy-19 --quiet -p build/release <<<"$sources" || bad=1
fi
exit "$bad"
