#!/usr/bin/env bash
# Looks for secrets in every file of the repository (detect-secrets), and in the last states of the history for keys.
# Lines that only look like one carry "pragma: allowlist secret" or are listed in .secrets.baseline, each judged by hand.
set -euo pipefail
cd "$(dirname "$0")/.."
hook=.venv-tools/bin/detect-secrets-hook
[ -x "$hook" ] || { echo "secret scan: $hook is missing: make tools" >&2; exit 1; }
git ls-files -z -- . ':!requirements/*.txt' ':!*/package-lock.json' ':!docs/images/*' ':!*/data/*' ':!.bandit-baseline.json' ':!.secrets.baseline' |
  xargs -0 timeout 300 "$hook" --baseline .secrets.baseline
# Private keys and tokens of well-known forms anywhere in the history.
if timeout 120 git log --all -p --no-color -G '-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ghp_[0-9A-Za-z]{36}' --format=%h -- . ':!tools/secret_scan.sh' | grep -q .; then
  echo "secret scan: the history has what looks like a private key or token" >&2
  exit 1
fi
echo "secret scan: nothing found"
