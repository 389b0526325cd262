import time
from uuid import UUID

import jwt
import pytest

from aneos_api.security.secrets import derive, key_id
from aneos_api.security.tokens import TokenError, TokenIssuer, new_refresh_token

SECRET = b"a secret of at least thirty-two bytes"
USER, TENANT, FAMILY = UUID(int=1), UUID(int=2), UUID(int=3)


def issuer(*secrets: bytes) -> TokenIssuer:
    return TokenIssuer(secrets or (SECRET,), access_s=900)


def issue(by: TokenIssuer, now: float | None = None) -> str:
    return by.issue(user_id=USER, tenant_id=TENANT, family_id=FAMILY, version=3, now=now)


def forge(algorithm: str, key: bytes | str, **changes: object) -> str:
    payload = {
        "iss": "aneos", "aud": "aneos", "sub": str(USER), "tid": str(TENANT), "fam": str(FAMILY), "ver": 3,
        "exp": int(time.time()) + 60, "iat": int(time.time()), "jti": "x",
    } | changes  # fmt: skip
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": key_id(SECRET)})


def test_a_token_says_who_it_was_made_for() -> None:
    claims = issuer().read(issue(issuer()))
    assert (claims.user_id, claims.tenant_id, claims.family_id, claims.version) == (USER, TENANT, FAMILY, 3)
    assert claims.expires - claims.issued == 900


def test_each_token_has_an_id_of_its_own() -> None:
    assert issuer().read(issue(issuer())).token_id != issuer().read(issue(issuer())).token_id


def test_an_expired_token_is_refused_by_name() -> None:
    with pytest.raises(TokenError, match="expired"):
        issuer().read(issue(issuer(), now=time.time() - 1000))


def test_tokens_signed_with_the_previous_secret_stay_valid_during_a_rotation() -> None:
    old, new = b"the old secret, long enough for use", b"the new secret, long enough for use"
    made = issue(issuer(old))
    assert issuer(new, old).read(made).user_id == USER
    with pytest.raises(TokenError, match="unknown key"):
        issuer(new).read(made)


def test_the_forger_of_the_tests_is_believed_with_the_right_key_and_algorithm() -> None:
    assert issuer().read(forge("HS256", derive(SECRET, "jwt"))).user_id == USER


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    "forged",
    [
        forge("none", ""),
        forge("HS512", derive(SECRET, "jwt") * 2),
        forge("HS256", b"another key of thirty-two bytes or more"),
        forge("HS256", derive(SECRET, "jwt"), aud="elsewhere"),
        forge("HS256", derive(SECRET, "jwt"), iss="elsewhere"),
        forge("HS256", derive(SECRET, "jwt"), sub="not an id"),
        forge("HS256", derive(SECRET, "jwt"), fam=7),
        forge("HS256", derive(SECRET, "jwt"), ver="x"),
        forge("HS256", derive(SECRET, "jwt"), exp=None),
    ],
)
def test_forged_and_damaged_tokens_are_refused(forged: str) -> None:
    with pytest.raises(TokenError):
        issuer().read(forged)


@pytest.mark.parametrize("text", ["", "a.b.c", "....", "x" * 10_000, "é.é.é", "null"])
def test_nonsense_is_refused_without_a_crash(text: str) -> None:
    with pytest.raises(TokenError):
        issuer().read(text)


def test_refresh_tokens_are_stored_as_hashes() -> None:
    text, stored = new_refresh_token()
    assert text not in stored
    assert new_refresh_token()[0] != text
