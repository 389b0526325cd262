"""``docs/api.md`` and the settings in ``docs/service.md`` say what the service is."""

from __future__ import annotations

import re
from pathlib import Path

from aneos_api.app import create_app
from aneos_api.settings import Settings
from tests.api.endpoints.conftest import make_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_lists_every_operation(tmp_path: Path) -> None:
    document = create_app(make_settings(tmp_path)).openapi()
    offered = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    listed = set(re.findall(r"^\| `([A-Z]+) (\S+)` \|", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE))
    assert listed == offered, "python tools/api_document.py writes the page"


def test_every_setting_is_described() -> None:
    described = set(
        re.findall(r"^\| `(ANEOS_[A-Z0-9_]+)` \|", (DOCS / "service.md").read_text("utf-8"), re.M)
    )
    names = set()
    for area, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        names |= {f"ANEOS_{area}__{name}".upper() for name in inner} if inner else {f"ANEOS_{area}".upper()}
    assert described == names, "python tools/api_document.py writes the table"
