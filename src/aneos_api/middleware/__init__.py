"""What happens around every request, as plain ASGI: who asks, how much, how large, and what is told about it.

From the outside in: :mod:`boundary` (request id, headers, the one error shape), :mod:`measure` (metrics and log line),
:mod:`body` (size), :mod:`gate` (who is asking, limits, forged requests, refusals), :mod:`reads` (cache, ETag). Each
keeps what the others need in :class:`~aneos_api.middleware.state.RequestState`.
"""
