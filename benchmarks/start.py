"""From the start of the process to the first 200 of ``/health/ready``, over a database that is filled and migrated.

    python -m benchmarks.start [--workers N] [--rounds R]

The modules are compiled first, as an installation has them (``pip`` and the images do that); the first round, which
may still read them from the disk, is not counted. Says too what memory the processes have a few seconds later.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.api import cpu_s, memory_mb, prepare, server

PORT = 8733
SETTLING_S = 6.0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.start", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "ANEOS_DATA_DIR": f"{folder}/data",
            "ANEOS_SECURITY__SECRET_KEY": "bench-" * 8,
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled"),
            "PYTHONWARNINGS": "ignore",
        }
        asyncio.run(prepare(environment))
        print(json.dumps(measured(environment, options.workers, options.rounds), indent=2))
    return 0


def measured(environment: dict[str, str], workers: int, rounds: int) -> dict[str, object]:
    """Medians over the rounds but the first, which compiles."""
    command = [sys.executable, "start_api.py", "--port", str(PORT), "--workers", str(workers),
               "--log-level", "WARNING"]  # fmt: skip
    waits, spent, memory = [], [], []
    for number in range(rounds + 1):
        with server(command, f"http://127.0.0.1:{PORT}/health/ready", environment) as (process, ready_s):
            if number == 0:
                continue
            waits.append(ready_s)
            spent.append(cpu_s(process.pid))
            time.sleep(SETTLING_S)
            memory.append(max(memory_mb(process.pid)))
    return {
        "workers": workers,
        "load_average": round(os.getloadavg()[0], 1),
        "start_to_ready_s": round(statistics.median(waits), 2),
        "worst_s": round(max(waits), 2),
        "processor_s_until_ready": round(statistics.median(spent), 2),
        "largest_process_mb_when_settled": round(statistics.median(memory)),
    }


if __name__ == "__main__":
    raise SystemExit(main())
