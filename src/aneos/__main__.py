"""``python -m aneos`` is the ``aneos`` command."""

import sys

from aneos.cli import main

sys.exit(main())
