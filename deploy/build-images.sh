#!/usr/bin/env bash
# Builds all images on a machine without a container engine or registry: a Debian base by mmdebstrap under the name that
# the Dockerfiles start from, then buildah with isolation "chroot". Needs root and the Debian packages mmdebstrap,
# buildah, podman, runc. With an engine use `docker compose build` instead.
#
#   deploy/build-images.sh [--without-stand-ins]
#
# ANEOS_VERSION            tag of the images (0.1.0)
# ANEOS_BUILD_CA           a bundle of certificates that pip, uv and npm shall trust while building; not kept in the images
# ANEOS_BUILD_TIMEOUT      seconds after which a step is given up (900)
# CONTAINERS_STORAGE_CONF  where buildah and podman keep images, for one's own storage (see .ci/run)
set -euo pipefail
cd "$(dirname "$0")/.."
version="${ANEOS_VERSION:-0.1.0}"
base="docker.io/library/python:3.11-slim-bookworm"
patience="${ANEOS_BUILD_TIMEOUT:-900}"
for tool in mmdebstrap buildah podman; do
  command -v "$tool" >/dev/null || { echo "build-images: needed tool is missing: $tool (apt-get install mmdebstrap buildah podman runc)" >&2; exit 1; }
done
work="$(mktemp -d)"
mkdir "$work/nothing"
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

told() { # what was made, and in how many seconds since $1
  echo "built $2 in $((SECONDS - $1)) s" >&2
}

if ! podman image exists "$base"; then
  began=$SECONDS
  empty="$(buildah from scratch)"
  # What dpkg and apt are told stays in the base: no manuals, no translated descriptions, no waiting for the disk.
  timeout "$patience" mmdebstrap --quiet --variant=minbase --mode=root --format=directory \
    --include=ca-certificates,python3,python3-venv,netbase,tzdata \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt=force-unsafe-io \
    --aptopt='Acquire::Languages "none"' \
    bookworm "$(buildah mount "$empty")"
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd python3 "$empty"
  buildah commit --quiet --rm --format docker "$empty" "$base" >/dev/null
  told "$began" "$base"
fi

volumes=()
if [ -n "${ANEOS_BUILD_CA:-}" ]; then
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$work/pip.conf"
  printf 'system-certs = true\n' >"$work/uv.toml"
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >"$work/npmrc"
  volumes=(
    --volume "$ANEOS_BUILD_CA:/etc/ssl/certs/ca-certificates.crt:ro"
    --volume "$work/pip.conf:/etc/pip.conf:ro"
    --volume "$work/uv.toml:/etc/uv/uv.toml:ro"
    --volume "$work/npmrc:/root/.npmrc:ro"
  )
fi

build() { # Dockerfile, target or "", name, context
  local began=$SECONDS
  # Without --layers only what is kept is written: stages that are copied from are never packed.
  timeout "$patience" buildah bud --quiet --isolation chroot --layers=false --pull-never --format docker \
    --build-arg "BASE=$base" "${volumes[@]}" --file "$1" ${2:+--target "$2"} --tag "localhost/$3:$version" "$4" >/dev/null
  told "$began" "$3:$version"
}

children() { # Dockerfile, stage, its image, targets: what starts from that stage, from the image of it that is there
  local path="$work/Dockerfile.$3" name
  awk -v stage="$2" -v image="localhost/$3:$version" \
    '$1 == "FROM" && $2 == stage { found = 1; $2 = image } found' "$1" >"$path"
  for name in "${@:4}"; do
    awk -v stage="$name" '$1 == "FROM" { mine = $4 == stage } mine' "$path" >"$path.one"
    build "$path.one" "" "${prefix:-}$name" "$work/nothing"
  done
}

others() {
  build deploy/nginx/Dockerfile "" aneos-nginx .
  if [ "$1" != "--without-stand-ins" ]; then
    build deploy/local/Dockerfile aneos-local aneos-local .
    prefix=aneos-local- children deploy/local/Dockerfile aneos-local aneos-local postgres valkey prometheus alertmanager
  fi
}

others "${1:-}" & # they share nothing with those of the service but the base
beside=$!
build Dockerfile runtime aneos-runtime .
children Dockerfile runtime aneos-runtime aneos-api aneos-migrate aneos-worker
children Dockerfile aneos-worker aneos-worker aneos-backup
wait "$beside"
beside=""
podman images --filter "reference=localhost/aneos-*" --format '{{.Repository}}:{{.Tag}} {{.Size}}'
