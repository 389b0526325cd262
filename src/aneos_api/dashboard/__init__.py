"""The dashboard: pages for people, over the services that the API uses.

In: requests of browsers outside ``/api``. Out: HTML under a strict content-security policy. Log-in and every change go
through the API; a page decides only what is shown to whom. Scripts and styles are built from ``web/`` by ``make
assets``; without them the pages still come and say so.
"""

from aneos_api.dashboard.mounting import mount

__all__ = ["mount"]
