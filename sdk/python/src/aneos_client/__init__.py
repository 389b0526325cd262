"""Client of the aNEOS service: :class:`AneosClient` over the typed functions in ``aneos_client.generated``."""

from aneos_client.client import AneosClient
from aneos_client.errors import ApiError, StreamEvent
from aneos_client.retries import RetryTransport

__all__ = ["AneosClient", "ApiError", "RetryTransport", "StreamEvent"]
