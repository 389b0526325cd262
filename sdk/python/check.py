"""Drives a running service with the client: ``python check.py URL KEY``. Prints what it saw as JSON."""

from __future__ import annotations

import json
import sys
import threading

from aneos_client import AneosClient, ApiError, StreamEvent
from aneos_client.generated.api.analysis import analysis_watchlist


def _mine(event: StreamEvent) -> bool:
    return event.kind == "notice" and event.data["data"]["title"] == "from Python"


def main() -> int:
    url, key = sys.argv[1:]
    with AneosClient(url, key) as client:
        page = client.call(analysis_watchlist, limit=2)
        rows = [row["designation"] for row in client.pages("analysis/watchlist", limit=3)]
        assessed = client.assess(["99942"])
        answers = list(client.batch(["99942", "2006 RH120"], patience_s=60))
        refused = None
        try:
            client.get("analysis/objects/nobody-at-all")
        except ApiError as error:
            refused = {
                "status": error.status,
                "error": error.error,
                "requestId": error.request_id is not None,
            }
        threading.Timer(0.3, client.post, ("stream/broadcast", {"title": "from Python"})).start()
        notice = next(event for event in client.events(last_event_id="0") if _mine(event))
    print(
        json.dumps(
            {
                "first": len(page.items),
                "rows": rows,
                "assessed": len(assessed.assessments),
                "answered": [item["status"] for item in answers],
                "refused": refused,
                "notice": notice.data,
            }
        )
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
