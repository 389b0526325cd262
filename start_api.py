"""Starts the aNEOS service: ``python start_api.py --host 0.0.0.0 --port 8000 --workers 4``."""

import gc
import sys

gc.disable()  # until the application is made: see aneos_api.server

from aneos_api.server import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
