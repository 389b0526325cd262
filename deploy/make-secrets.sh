#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml reads, random, in deploy/secrets (or the folder given). Files that are
# there stay as they are. The certificate is self-signed: replace tls.crt and tls.key by your own.
set -euo pipefail
folder="${1:-"$(dirname "$0")/secrets"}"
host="${ANEOS_HOST:-localhost}"
database_host="${ANEOS_DATABASE_HOST:-postgres}"
valkey_host="${ANEOS_VALKEY_HOST:-valkey:6379}"
umask 077
mkdir -p "$folder"

put() { # name, text
  [ -e "$folder/$1" ] || printf '%s\n' "$2" >"$folder/$1"
}
random() { openssl rand -hex "${1:-24}"; }

put postgres_password "$(random)"
put valkey_auth "requirepass $(random)"
put secret_key "$(random 32)"
put backup_key "$(random 32)"
put first_admin_password "$(random 12)"
put grafana_password "$(random 12)"
put database_url "postgresql://aneos:$(cat "$folder/postgres_password")@$database_host/aneos"
put cache_url "redis://:$(cut -d' ' -f2 "$folder/valkey_auth")@$valkey_host/0"
put alert_token "$(random)"
if [ ! -e "$folder/tls.key" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host,DNS:localhost,IP:127.0.0.1" -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null
fi
# Containers run as other users and have to read them; the folder itself stays closed to everybody else.
chmod 0444 "$folder"/*
echo "$folder: first administrator's password is in first_admin_password" >&2
