"""Starts the aNEOS service: ``python start_api.py --host 0.0.0.0 --port 8000 --workers 4``."""

import sys

from aneos_api.server import main

if __name__ == "__main__":
    sys.exit(main())
