import base64

import pyotp
import pytest

from aneos_api.security import totp

# RFC 6238, appendix B: the 20-byte ASCII secret and its SHA-1 codes (8 digits, of which the last 6 are ours).
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = {59: "94287082", 1111111109: "07081804", 1234567890: "89005924", 2000000000: "69279037"}


@pytest.mark.parametrize(("moment", "code"), RFC_CODES.items())
def test_codes_of_the_standard_are_accepted(moment: int, code: str) -> None:
    assert totp.accepted_step(RFC_SECRET, code[-6:], None, now=moment) == moment // 30


def test_a_code_counts_once() -> None:
    secret, now = totp.new_secret(), 1_800_000_000.0
    code = pyotp.TOTP(secret).at(int(now))
    step = totp.accepted_step(secret, code, None, now)
    assert step is not None
    assert totp.accepted_step(secret, code, step, now) is None
    assert totp.accepted_step(secret, code, step, now + 29) is None
    earlier = pyotp.TOTP(secret).at(int(now) - 30)
    assert totp.accepted_step(secret, earlier, step, now) is None


def test_a_clock_may_be_off_by_one_step_and_no_more() -> None:
    secret, now = totp.new_secret(), 1_800_000_000.0
    assert totp.accepted_step(secret, pyotp.TOTP(secret).at(int(now) - 30), None, now) is not None
    assert totp.accepted_step(secret, pyotp.TOTP(secret).at(int(now) + 30), None, now) is not None
    assert totp.accepted_step(secret, pyotp.TOTP(secret).at(int(now) - 90), None, now) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "१२३४५६", "      "])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert totp.accepted_step(totp.new_secret(), code, None) is None


def test_recovery_codes_are_hashed_and_read_without_regard_to_form() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes.shown)) == totp.RECOVERY_CODES
    assert not set(codes.shown) & set(codes.hashed)
    assert totp.hash_recovery_code(codes.shown[0].upper().replace("-", " ")) == codes.hashed[0]


def test_the_address_for_the_authenticator_names_user_and_issuer() -> None:
    uri = totp.provisioning_uri(totp.new_secret(), "ada@example.org")
    assert uri.startswith("otpauth://totp/aNEOS:ada")
    assert "issuer=aNEOS" in uri
