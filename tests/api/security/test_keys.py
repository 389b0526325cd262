import pytest

from aneos_api.security import keys


def test_a_key_is_recognised_by_its_digest_alone() -> None:
    made = keys.new_key()
    assert keys.prefix_of(made.text) == made.prefix
    assert keys.matches(made.text, made.digest)
    assert made.text not in (made.prefix, made.digest)
    assert made.text.split("_")[2] not in made.digest


def test_keys_do_not_repeat() -> None:
    assert len({keys.new_key().prefix for _ in range(200)}) == 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aneos_",
        "aneos_abc_def",
        "x" * keys.LENGTH,
        "aneos_" + "é" * 56,
        "aneos_" + "a" * 12 + "-" + "b" * 43,
    ],
)
def test_malformed_keys_have_no_prefix(text: str) -> None:
    assert keys.prefix_of(text) is None


def test_one_changed_character_does_not_match() -> None:
    made = keys.new_key()
    last = "a" if made.text[-1] != "a" else "b"
    assert not keys.matches(made.text[:-1] + last, made.digest)
