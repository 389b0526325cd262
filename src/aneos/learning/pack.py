"""Packs chunks of a simulation into one population: ``python -m aneos.learning.pack FOLDER... --out FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path

from aneos.learning.population import SHIPPED, pack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args()
    packed = pack(given.folders, given.out)
    print(f"{given.out}: {len(packed)} escapes, {given.out.stat().st_size} bytes, {packed.recipe}")


if __name__ == "__main__":
    main()
