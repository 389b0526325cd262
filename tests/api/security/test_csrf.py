from aneos_api.security.cookies import CookieNames, make_cookie, parse_cookies
from aneos_api.security.csrf import csrf_valid, new_csrf_token


def test_header_cookie_and_session_must_agree() -> None:
    token, other = new_csrf_token(), new_csrf_token()
    assert csrf_valid(token, token, token)
    assert not csrf_valid(token, token, other)
    assert not csrf_valid(token, other, token)
    assert not csrf_valid(token, other, other)


def test_nothing_is_not_agreement() -> None:
    assert not csrf_valid("", "", "")
    assert not csrf_valid("t", None, "t")
    assert not csrf_valid("t", "t", None)
    assert not csrf_valid("t", "é", "é")


def test_cookies_over_https_are_bound_to_the_host() -> None:
    names = CookieNames.choose(secure=True)
    cookie = make_cookie(names.session, "x", max_age=60, secure=True, http_only=True)
    assert cookie == "__Host-aneos_session=x; Path=/; Max-Age=60; SameSite=Lax; Secure; HttpOnly"


def test_of_two_cookies_with_one_name_the_first_counts() -> None:
    assert parse_cookies("a=1; a=2; b=x=y; junk; =z") == {"a": "1", "b": "x=y", "": "z"}
