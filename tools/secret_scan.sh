#!/usr/bin/env bash
# Looks for secrets in every file of the repository (detect-secrets), and in the last states of the history for keys.
# Lines that only look like one carry "pragma: allowlist secret" or are listed in .secrets.baseline, each judged by hand.
set -euo pipefail
cd "$(dirname "$0")/.."
hook=.venv-tools/bin/detect-secrets-hook
[ -x "$hook" ] || { echo "secret scan: $hook is missing: make tools" >&2; exit 1; }
mapfile -d '' -t files < <(git ls-files -z -- . ':!requirements/*.txt' ':!*/package-lock.json' ':!docs/images/*' ':!*/data/*' ':!.bandit-baseline.json' ':!.secrets.baseline')
[ "${#files[@]}" -gt 0 ] || { echo "secret scan: git lists no files" >&2; exit 1; }
# On a copy: the hook writes lines that have moved into its baseline and ends with 3, which is no new secret.
baseline="$(mktemp)"
trap 'rm -f "$baseline"' EXIT
cp .secrets.baseline "$baseline"
status=0
told="$(timeout 300 "$hook" --baseline "$baseline" "${files[@]}")" || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
  echo "$told" >&2
  exit "$status"
fi
# Private keys and tokens of well-known forms anywhere in the history.
found="$(timeout 120 git log --all --no-color -G '-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ghp_[0-9A-Za-z]{36}' --format=%h -- . ':!tools/secret_scan.sh')"
if [ -n "$found" ]; then
  echo "secret scan: the history has what looks like a private key or token:" $found >&2
  exit 1
fi
echo "secret scan: nothing but what .secrets.baseline lists"
