"""``aneos-probe URL``: whether something answers there, for health checks of containers. It starts in a moment."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from typing import Final

PATIENCE_S: Final = 4.0


def main() -> int:
    """Exit status 0 when the URL answers with 2xx, 1 (and one line) when not, 2 for a wrong call."""
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("http://", "https://")):
        print("usage: aneos-probe http://HOST:PORT/PATH", file=sys.stderr)
        return 2
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=PATIENCE_S) as reply:  # noqa: S310 - http(s), checked above
            reply.read(1)
    except (OSError, urllib.error.URLError) as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
