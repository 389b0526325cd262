"""Known vulnerabilities of locked packages: ``python tools/known_vulnerabilities.py requirements/api.txt``.

pip-audit also says "none found" where it reached no database and skipped every package. Here the three outcomes are
told apart: exit status 0 when all packages were looked up and none is known to be vulnerable; 1 when one is, or some
could not be looked up; 0 with "NOT PROVED HERE" when no package could be, since then there is no database to ask
(with ``--must-prove`` that is a failure too).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = Path(__file__).resolve().parents[1] / ".venv-tools" / "bin" / "pip-audit"
PATIENCE_S: Final = 600.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lock", type=Path, help="requirements file with hashes")
    parser.add_argument(
        "--report", type=Path, help="a report that pip-audit has written, instead of running it"
    )
    parser.add_argument("--must-prove", action="store_true", help="having reached no database is a failure")
    options = parser.parse_args()
    text = audited(options.lock) if options.report is None else options.report.read_text("utf-8")
    try:
        rows = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        print(f"known vulnerabilities: pip-audit gave no report: {text[:300]}", file=sys.stderr)
        return 1
    return told(options.lock, rows, must_prove=options.must_prove)


def audited(lock: Path) -> str:
    """pip-audit's report as JSON; its words where it gives none."""
    command = [PROGRAM, "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program
            [*map(str, command), "-r", str(lock)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout or done.stderr


def told(lock: Path, rows: list[dict[str, Any]], *, must_prove: bool) -> int:
    """Print what the report says; the exit status."""
    skipped = [row for row in rows if "skip_reason" in row]
    bad = [row for row in rows if row.get("vulns")]
    for row in bad:
        ids = ", ".join(found["id"] for found in row["vulns"])
        print(f"known vulnerabilities: {row['name']} {row['version']}: {ids}", file=sys.stderr)
    if rows and len(skipped) == len(rows):
        print(
            f"known vulnerabilities of {lock}: NOT PROVED HERE: none of its {len(rows)} packages was found in a "
            f"database of vulnerabilities (pip-audit: {skipped[0]['skip_reason']}); run it where pypi.org "
            "can be reached",
            file=sys.stderr,
        )
        return 1 if must_prove else 0
    for row in skipped:
        print(
            f"known vulnerabilities: {row['name']} was not looked up: {row['skip_reason']}", file=sys.stderr
        )
    if bad or skipped or not rows:
        return 1
    print(f"known vulnerabilities of {lock}: {len(rows)} packages looked up, none")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
