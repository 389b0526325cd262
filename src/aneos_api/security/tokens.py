"""JSON Web Tokens (RFC 7519) for access, and opaque refresh tokens.

An access token lives for minutes and names its family (the log-in that it came from), so that ending the family ends
it. Roles are not in it: they are read where it is used, so that a demotion counts at once. A refresh token is a random
text, stored as a hash and good for one use; using it again is proof of theft (RFC 9700, section 4.14).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import jwt

from aneos_api.security.keys import digest, new_token
from aneos_api.security.secrets import derive, key_id

ALGORITHM: Final = "HS256"
LEEWAY_S: Final = 5
MAX_LENGTH: Final = 2048
REFRESH_START: Final = "aneosr_"


class TokenError(Exception):
    """The token cannot be trusted: ``reason`` is fit to be shown."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid access token says. ``version`` is the user's token version at issue; times are Unix seconds."""

    user_id: UUID
    tenant_id: UUID
    family_id: UUID
    version: int
    token_id: str
    issued: int
    expires: int


class TokenIssuer:
    """Signs with the first secret and accepts any, so that a secret is replaced without logging people out."""

    def __init__(self, secrets: Sequence[bytes], *, access_s: int, issuer: str = "aneos") -> None:
        self._keys = {key_id(secret): derive(secret, "jwt") for secret in secrets}
        self._active = key_id(secrets[0])
        self._issuer = issuer
        self.access_s = access_s

    def issue(
        self, *, user_id: UUID, tenant_id: UUID, family_id: UUID, version: int, now: float | None = None
    ) -> str:
        """A signed access token."""
        issued = int(time.time() if now is None else now)
        payload: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": str(user_id),
            "tid": str(tenant_id),
            "fam": str(family_id),
            "ver": version,
            "jti": uuid.uuid4().hex,
            "iat": issued,
            "exp": issued + self.access_s,
        }
        return jwt.encode(payload, self._keys[self._active], ALGORITHM, headers={"kid": self._active})

    def read(self, token: str) -> Claims:
        """The claims of a token; raises :class:`TokenError` where it is forged, expired or not one of ours."""
        if len(token) > MAX_LENGTH:
            raise TokenError("the token is malformed")
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise TokenError("the token was signed with an unknown key")
            payload = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "jti"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenError("the token has expired") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise TokenError("the token is not valid") from error
        return _claims(payload)


def new_refresh_token() -> tuple[str, str]:
    """A refresh token: the text for the client, and the hash to store."""
    text = REFRESH_START + new_token()
    return text, digest(text)


def _claims(payload: dict[str, Any]) -> Claims:
    try:
        return Claims(
            user_id=UUID(payload["sub"]),
            tenant_id=UUID(payload["tid"]),
            family_id=UUID(payload["fam"]),
            version=int(payload["ver"]),
            token_id=str(payload["jti"]),
            issued=int(payload["iat"]),
            expires=int(payload["exp"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TokenError("the token is not valid") from error
