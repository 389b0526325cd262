"""Holds bills of materials (CycloneDX JSON) against the format's schema, and tells what they know.

    .venv-tools/bin/python tools/check_sbom.py dist/aneos-api.cdx.json …

Exit status 1 when a file does not fit the schema, names no Debian or (nginx apart) no Python package, or when a package
has no version.
Packages whose licence the maker did not find are counted and named, not hidden.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

WITHOUT_PYTHON = frozenset({"aneos-nginx"})
"""Images in which no package of Python is installed but Debian's own."""


def main(paths: list[str]) -> int:
    faults: list[str] = []
    for path in paths:
        faults += [f"{path}: {fault}" for fault in check(Path(path))]
    for fault in faults:
        print(f"check_sbom: {fault}", file=sys.stderr)
    if not paths:
        print("check_sbom: no file was named", file=sys.stderr)
    return 1 if faults or not paths else 0


def check(path: Path) -> list[str]:
    """What is wrong with a file; what it knows goes to standard error."""
    try:
        text = path.read_text("utf-8")
        bill: dict[str, Any] = json.loads(text)
        version = SchemaVersion.from_version(bill["specVersion"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{type(error).__name__}: {error}"]
    wrong = JsonStrictValidator(version).validate_str(text)
    if wrong is not None:
        return [f"does not fit the schema: {str(wrong)[:500]}"]
    packages = [item for item in bill.get("components", ()) if item.get("purl")]
    kinds = Counter(item["purl"].removeprefix("pkg:").partition("/")[0] for item in packages)
    bare = sorted(item["name"] for item in packages if not item.get("licenses"))
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    unknown = f"; licence not found: {len(bare)} ({', '.join(bare)})" if bare else ""
    print(f"{path}: CycloneDX {bill['specVersion']}, packages: {told}{unknown}", file=sys.stderr)
    faults = [f"{item['name']} has no version" for item in packages if not item.get("version")]
    wanted = ("deb",) if bill["metadata"]["component"]["name"] in WITHOUT_PYTHON else ("deb", "pypi")
    faults += [f"names no package of kind {kind}" for kind in wanted if not kinds[kind]]
    return faults


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
