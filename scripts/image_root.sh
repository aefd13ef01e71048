#!/usr/bin/env bash
# Gathers the files of the operator's image: the operator as /manager, the instance manager for database pods, and the
# shared libraries that the operator needs, each where the dynamic linker looks without configuration.
#   scripts/image_root.sh PROGRAMS_FOLDER IMAGE_ROOT
set -euo pipefail
programs=$1 root=$2
for program in postgres-operator instance-manager; do
  [ -x "$programs/$program" ] || { echo "$programs/$program is missing: run make build" >&2; exit 1; }
done
if ldd "$programs/instance-manager" >/dev/null 2>&1; then
  echo "$programs/instance-manager must be static: database images need not have its libraries" >&2
  exit 1
fi
rm -rf "$root"
mkdir -p "$root"
strip -o "$root/manager" "$programs/postgres-operator"
strip -o "$root/instance-manager" "$programs/instance-manager"
needed=$(ldd "$programs/postgres-operator")
if grep 'not found' <<<"$needed" >&2; then exit 1; fi
sed -nE 's/.*=> (\/[^ ]+) .*/\1/p; s/^\t(\/[^ ]+) .*/\1/p' <<<"$needed" | while read -r library; do
  mkdir -p "$root/$(dirname "$library")"
  cp -L "$library" "$root/$library"
done
mkdir -p "$root/usr/share/doc/postgres-operator"
cp "$(dirname "$0")/../LICENSE" "$root/usr/share/doc/postgres-operator/LICENSE"
chmod -R u=rwX,go=rX "$root"
echo "$root: $(du -sh "$root" | cut -f1)"
