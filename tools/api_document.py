"""Writes ``docs/api.md`` from the OpenAPI document, and the table of settings in ``docs/service.md``.

python tools/api_document.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
TARGET = DOCS / "api.md"
SERVICE = DOCS / "service.md"
BEGIN, END = "<!-- begin settings -->", "<!-- end settings -->"

HEAD = """# The REST API

This page is written from the service's own OpenAPI document by `python tools/api_document.py`; a test fails when it is
out of date. The same document is at `/openapi.json`, and to try it at `/docs`.

## How to ask

Send an API key (`X-API-Key: aneos_…`) or a token (`Authorization: Bearer …`); a browser has a session cookie and sends
the header `X-CSRF-Token` with every change.

```console
$ curl -H "X-API-Key: $KEY" "http://127.0.0.1:8000/api/v1/analysis/watchlist?limit=3&fields=rank,designation,class"
$ curl -H "X-API-Key: $KEY" -H "Content-Type: application/json" -d '{"designations": ["2006 RH120"]}' \\
    http://127.0.0.1:8000/api/v1/analysis/assess
$ curl -H "X-API-Key: $KEY" -F file=@observations.txt http://127.0.0.1:8000/api/v1/analysis/observations
```

- **Pages**: `items`, `next` (send it as `cursor`), `total`, `truncated`. They neither skip nor repeat a row, also while
  the list changes.
- **Choice**: `fields=designation,rank` shows these alone; `sort=-H,designation` orders; any field filters, alone
  (`class=natural`) or with an operator (`H__ge=25`, `designation__startswith=2006`).
- **Caching**: reads carry an `ETag`; with `If-None-Match` what did not change is answered by 304 without a body.
- **Once**: a POST that creates something takes an `Idempotency-Key`; the same key with the same request brings the same
  reply again for a day, marked `Idempotency-Replayed`.
- **Errors** have one shape, `{"error", "detail", "request_id"}`; 429 and 503 say in `Retry-After` when to come back.
- **Signature**: every reply says who made it, from which catalogue and with which model.
- **Background**: batches, departures, uploads, exports, training, backups and `sync` answer 202 with something to ask
  for; a worker does the rest.

What each route needs is given as a permission: `read` (viewer), `analyse` (analyst), `manage` (admin of the
organisation), `operate` (admin of the whole installation).
"""

GROUPS = ("analysis", "catalogue", "prediction", "monitoring", "stream", "admin", "auth", "root")


def render(specification: dict[str, Any]) -> str:
    """The page."""
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, operations in specification["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    left_out = set(groups) - set(GROUPS)
    if left_out:
        raise ValueError(f"no place for the groups {', '.join(sorted(left_out))}")
    count = sum(map(len, groups.values()))
    out = [HEAD, f"## The {count} operations\n"]
    for group in GROUPS:
        if group not in groups:
            continue
        out.append(f"### {group}\n")
        out.append("| request | permission | what it does | replies |\n|---|---|---|---|")
        for method, path, operation in groups[group]:
            text = " ".join(operation.get("description", operation.get("summary", "")).split()).replace(
                "|", "\\\\|"
            )
            statuses = " ".join(sorted(operation["responses"]))
            out.append(f"| `{method} {path}` | {operation['x-permission']} | {text} | {statuses} |")
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def specification() -> dict[str, Any]:
    """The OpenAPI document of an application with the settings' defaults."""
    from aneos_api.app import create_app
    from aneos_api.settings import load_settings

    for name in [name for name in os.environ if name.startswith("ANEOS_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        return dict(create_app(load_settings(data_dir=Path(folder))).openapi())


def settings_table() -> str:
    """Every setting: its variable, its default, what it is for."""
    from aneos_api.settings import Settings

    out = ["| variable | default | what it is |", "|---|---|---|"]
    for area, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        fields = {area: field} if inner is None else {f"{area}__{name}": item for name, item in inner.items()}
        for name, item in fields.items():
            default = item.default
            shown = "none" if default is None or default == () else f"`{default}`"
            about = item.description or name.rsplit("__", 1)[-1].replace("_", " ")
            out.append(f"| `ANEOS_{name.upper()}` | {shown} | {about} |")
    return "\n".join(out)


def main() -> int:
    TARGET.write_text(render(specification()), encoding="utf-8")
    page = SERVICE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    SERVICE.write_text(f"{before}{BEGIN}\n{settings_table()}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
