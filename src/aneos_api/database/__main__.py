"""``python -m aneos_api.database``."""

from aneos_api.database.command import main

raise SystemExit(main())
