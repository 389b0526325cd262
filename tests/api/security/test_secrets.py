import pytest

from aneos_api.security.secrets import SecretUnreadableError, Vault, derive, key_id

OLD, NEW = b"the old secret, long enough for use", b"the new secret, long enough for use"


def test_what_is_sealed_under_a_retired_secret_can_still_be_opened() -> None:
    sealed = Vault([OLD]).seal("JBSWY3DP")
    assert "JBSWY3DP" not in sealed
    assert Vault([NEW, OLD]).open(sealed) == "JBSWY3DP"
    with pytest.raises(SecretUnreadableError):
        Vault([NEW]).open(sealed)


def test_a_tampered_secret_is_not_opened() -> None:
    sealed = Vault([OLD]).seal("JBSWY3DP")
    with pytest.raises(SecretUnreadableError):
        Vault([OLD]).open(sealed[:-4] + "AAAA")


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert len({derive(OLD, purpose) for purpose in ("jwt", "csrf", "vault")}) == 3
    assert key_id(OLD) != key_id(NEW)
