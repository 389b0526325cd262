#!/usr/bin/env bash
# Builds all images on a machine without a container engine or registry: a Debian base by mmdebstrap, imported under the
# name that the Dockerfiles start from, then buildah with isolation "chroot". Needs root and the Debian packages
# mmdebstrap, buildah, podman, runc. With an engine use `docker compose build` instead.
#
#   deploy/build-images.sh [--without-stand-ins]
#
# ANEOS_VERSION   tag of the images (0.1.0)
# ANEOS_BUILD_CA  a bundle of certificates that pip, uv and npm shall trust while building; not kept in the images
set -euo pipefail
cd "$(dirname "$0")/.."
version="${ANEOS_VERSION:-0.1.0}"
base="docker.io/library/python:3.11-slim-bookworm"
patience="${ANEOS_BUILD_TIMEOUT:-900}"
for tool in mmdebstrap buildah podman; do
  command -v "$tool" >/dev/null || { echo "build-images: needed tool is missing: $tool (apt-get install mmdebstrap buildah podman runc)" >&2; exit 1; }
done
work="$(mktemp -d)"
buildah containers --quiet | sort >"$work/before"

clean() { # also after a failure or Ctrl+C: no half-made container stays
  local status=$?
  if [ -n "${beside:-}" ]; then
    pkill -P "$beside" || true
    kill "$beside" 2>/dev/null || true
    wait "$beside" 2>/dev/null || true
  fi
  buildah containers --quiet | sort | comm -13 "$work/before" - | xargs -r buildah rm >/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if ! podman image exists "$base"; then
  timeout "$patience" mmdebstrap --quiet --variant=minbase --mode=root \
    --include=ca-certificates,python3,python3-venv,netbase,tzdata \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    bookworm "$work/base.tar"
  podman import --quiet --change "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$work/base.tar" "$base"
fi

volumes=()
if [ -n "${ANEOS_BUILD_CA:-}" ]; then
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$work/pip.conf"
  printf 'native-tls = true\n' >"$work/uv.toml"
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >"$work/npmrc"
  volumes=(
    --volume "$ANEOS_BUILD_CA:/etc/ssl/certs/ca-certificates.crt:ro"
    --volume "$work/pip.conf:/etc/pip.conf:ro"
    --volume "$work/uv.toml:/etc/uv/uv.toml:ro"
    --volume "$work/npmrc:/root/.npmrc:ro"
  )
fi

build() { # Dockerfile, target, name
  local began=$SECONDS
  timeout "$patience" buildah bud --quiet --isolation chroot --layers --pull-never --format docker \
    --build-arg "BASE=$base" "${volumes[@]}" --file "$1" ${2:+--target "$2"} --tag "localhost/$3:$version" . >/dev/null
  echo "built $3:$version in $((SECONDS - began)) s" >&2
}

others() {
  build deploy/nginx/Dockerfile "" aneos-nginx
  if [ "$1" != "--without-stand-ins" ]; then
    for name in postgres valkey prometheus alertmanager; do
      build deploy/local/Dockerfile "$name" "aneos-local-$name"
    done
  fi
}

others "${1:-}" & # they share nothing with those of the service but the base
beside=$!
for name in aneos-api aneos-worker aneos-migrate aneos-backup; do
  build Dockerfile "$name" "$name"
done
wait "$beside"
beside=""
if command -v syft >/dev/null; then # what is inside, beside the images
  mkdir -p dist
  for name in aneos-api aneos-worker aneos-migrate aneos-nginx; do
    podman save --quiet --format docker-archive --output "$work/$name.tar" "localhost/$name:$version"
    timeout "$patience" syft scan "docker-archive:$work/$name.tar" --quiet --output "spdx-json=dist/$name.spdx.json"
    rm "$work/$name.tar"
  done
fi
podman images --filter "reference=localhost/aneos-*" --format '{{.Repository}}:{{.Tag}} {{.Size}}'
