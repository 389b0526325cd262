"""What the parts of a running service share: made once by ``create_app``, reached through the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from aneos_api.activity import Activity
from aneos_api.authentication import Authenticator
from aneos_api.database.database import Database
from aneos_api.database.keyed import KeyedReads
from aneos_api.database.quick import QuickReads
from aneos_api.middleware.gate import GateRules
from aneos_api.security.cookies import CookieNames
from aneos_api.security.limits import Limiter
from aneos_api.security.lockout import PhantomLocks
from aneos_api.security.passwords import Passwords
from aneos_api.security.secrets import Vault
from aneos_api.security.tokens import TokenIssuer
from aneos_api.settings import Settings

if TYPE_CHECKING:
    from aneos_api.jobs.worker import Worker
    from aneos_api.reads import Reads
    from aneos_api.science import Science


@dataclass(slots=True)
class Context:
    """The parts. ``settings`` are fixed; the database connects when it is first used."""

    settings: Settings
    database: Database
    quick: QuickReads
    keyed: KeyedReads
    passwords: Passwords
    tokens: TokenIssuer
    vault: Vault
    cookies: CookieNames
    limiter: Limiter
    phantoms: PhantomLocks
    rules: GateRules
    authenticator: Authenticator
    activity: Activity
    reads: Reads
    science: Science
    worker: Worker | None = None


def context_of(connection: HTTPConnection) -> Context:
    """The context of the application that answers this request."""
    context = connection.app.state.context
    assert isinstance(context, Context)
    return context
