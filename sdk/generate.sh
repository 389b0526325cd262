#!/usr/bin/env bash
# Generates what the clients rest on from the service's own OpenAPI document: sdk/generate.sh  (make sdk)
# The generated parts are not in the repository. For another language give its generator sdk/openapi.json, for example
#   npx @openapitools/openapi-generator-cli generate -i sdk/openapi.json -g java -o sdk/java
set -euo pipefail
cd "$(dirname "$0")"
python="${PYTHON_SERVICE:-../.venv/bin/python}"
generator="${OPENAPI_PYTHON_CLIENT:-../.venv-tools/bin/openapi-python-client}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
ANEOS_DATA_DIR="$folder" "$python" - >openapi.json <<'PYTHON'
import json
from aneos_api.app import create_app

print(json.dumps(create_app().openapi(), indent=1, sort_keys=True))
PYTHON
timeout 180 "$generator" generate --path openapi.json --meta none --overwrite \
  --output-path python/src/aneos_client/generated --config python/generator.yml >/dev/null
if [ "${1:-}" != "--python-only" ]; then
  npm --prefix typescript ci --ignore-scripts --silent
  npm --prefix typescript run generate --silent
  npm --prefix typescript run build --silent
fi
