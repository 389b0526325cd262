#!/usr/bin/env bash
# What is inside the images: one bill of materials for each (CycloneDX JSON: Debian's and Python's packages with versions
# and licences) in dist/, made by syft from the image's files and held against the format's schema. Needs root and the
# images of deploy/build-images.sh; syft is that of the machine, or else that of `make tools`.
#
#   deploy/make-sboms.sh [IMAGE…]     (all of aNEOS)
set -euo pipefail
cd "$(dirname "$0")/.."
version="${ANEOS_VERSION:-0.1.0}"
tools=.venv-tools/bin
syft="$(command -v syft || command -v "$tools/syft")" || { echo "make-sboms: syft is missing: make tools" >&2; exit 1; }
if [ "$#" -eq 0 ]; then
  set -- aneos-api aneos-worker aneos-migrate aneos-backup aneos-nginx
fi
mkdir -p dist
made=()
mounted=""
trap '[ -z "$mounted" ] || podman image unmount "$mounted" >/dev/null' EXIT
export SYFT_CHECK_FOR_APP_UPDATE=false SYFT_FILE_METADATA_SELECTION=none
for name in "$@"; do
  mounted="localhost/$name:$version"
  files="$(podman image mount "$mounted")"
  timeout 300 "$syft" scan "dir:$files" --quiet --source-name "$name" --source-version "$version" \
    --override-default-catalogers python-installed-package-cataloger,dpkg-db-cataloger --output "cyclonedx-json=dist/$name.cdx.json"
  podman image unmount "$mounted" >/dev/null
  mounted=""
  made+=("dist/$name.cdx.json")
done
"$tools/python" tools/check_sbom.py "${made[@]}"
