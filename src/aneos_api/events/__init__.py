"""Events out: from the outbox over a bus to streams, webhooks and alerts.

An event is written with the change that caused it (:mod:`aneos_api.database.services.events`). The
:mod:`~aneos_api.events.relay` numbers what was committed and puts it on the :mod:`~aneos_api.events.bus`; the
:mod:`~aneos_api.events.hub` of each process hands it to that process's clients. Positions have no gaps, so that every
reader knows what it has missed and finds it in the store.
"""
