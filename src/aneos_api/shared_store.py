"""Rate-limit buckets in Valkey or Redis."""

from __future__ import annotations

from aneos_api.security.limits import SharedBuckets


def shared_buckets(url: str, *, timeout_s: float) -> SharedBuckets:
    """Buckets at ``url``; an answer later than ``timeout_s`` counts as none."""
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    client: Redis = Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
    )
    scripts: dict[str, str] = {}

    async def evaluate(script: str, key: str, arguments: tuple[str, ...]) -> list[bytes | int | str]:
        from redis.exceptions import NoScriptError

        known = scripts.get(script)
        if known is None:
            known = scripts[script] = await client.script_load(script)
        try:
            return await client.evalsha(known, 1, key, *arguments)  # type: ignore[no-any-return]
        except NoScriptError:  # the server was restarted
            return await client.eval(script, 1, key, *arguments)  # type: ignore[no-any-return]

    return SharedBuckets(evaluate)
