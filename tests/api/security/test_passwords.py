import asyncio

import pytest

from aneos_api.errors import Unavailable
from aneos_api.security.passwords import Passwords, generate_password, weakness


def cheap(**options: int) -> Passwords:
    return Passwords(memory_kib=8192, time_cost=1, parallelism=1, **options)


async def test_the_right_password_is_accepted_and_no_other() -> None:
    passwords = cheap()
    stored = await passwords.hash("a long enough phrase")
    assert stored.startswith("$argon2id$")
    assert (await passwords.check("a long enough phrase", stored)).ok
    assert not (await passwords.check("a long enough phrasE", stored)).ok


async def test_a_hash_with_outdated_parameters_is_replaced_at_log_in() -> None:
    stored = await cheap().hash("a long enough phrase")
    stronger = Passwords(memory_kib=16384, time_cost=2, parallelism=1)
    checked = await stronger.check("a long enough phrase", stored)
    assert checked.ok
    assert checked.replacement is not None
    assert "m=16384,t=2" in checked.replacement
    assert (await stronger.check("a long enough phrase", checked.replacement)).replacement is None


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$broken", "x" * 5000])
async def test_a_missing_or_damaged_hash_lets_nobody_in(stored: str | None) -> None:
    assert not (await cheap().check("a long enough phrase", stored)).ok


async def test_no_more_hashes_run_at_once_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = cheap(concurrency=2)
    running = most = 0

    async def slow(*_: object) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return "hash"

    monkeypatch.setattr(asyncio, "to_thread", slow)
    await asyncio.gather(*(passwords.hash("phrase") for _ in range(12)))
    assert most == 2


async def test_a_full_queue_refuses_instead_of_piling_up() -> None:
    passwords = cheap(concurrency=1, waiting=3)
    outcomes = await asyncio.gather(*(passwords.hash("phrase") for _ in range(8)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    assert len(refused) == 5
    assert (await passwords.hash("phrase")).startswith("$argon2id$")


@pytest.mark.parametrize(
    "password", ["short", "a" * 300, "aaaaaaaaaaaaaa", "password1234", "galileo12345", "GALILEO-2024"]
)
def test_guessable_passwords_are_refused_with_a_reason(password: str) -> None:
    assert weakness(password, "galileo") is not None


def test_generated_passwords_are_acceptable_and_differ() -> None:
    made = {generate_password() for _ in range(50)}
    assert len(made) == 50
    assert all(weakness(password, "admin") is None for password in made)
