#!/usr/bin/env bash
# Writes the manifests of a folder of config/ for one image of the operator to standard output.
#   scripts/manifests.sh FOLDER [IMAGE]     e.g.  scripts/manifests.sh config/default registry.example.com/operator:1.0
set -euo pipefail
folder=$1 image=${2:-postgres-operator:latest}
case $image in *[!A-Za-z0-9._:/@-]* | '') echo "not the name of an image: '$image'" >&2; exit 2 ;; esac
kubectl kustomize "$folder" | sed -E "s|^( *)(image\|value): postgres-operator:latest\$|\1\2: $image|"
