"""The first administrator: made where there is no user yet, with a password that is told once."""

from __future__ import annotations

import sys
from collections.abc import Callable

from aneos_api.database import Database
from aneos_api.errors import Conflict
from aneos_api.security.passwords import Passwords, generate_password
from aneos_api.settings import SecuritySettings

Tell = Callable[[str], None]


async def make_first_admin(
    database: Database, passwords: Passwords, security: SecuritySettings, tell: Tell | None = None
) -> bool:
    """Make the first administrator and ``tell`` the one-time password (to standard error by default).

    Nothing happens where there are users; of several processes that start together one succeeds. Whether it did.
    """
    async with database.read() as work:
        if await work.users.any():
            return False
    given = security.first_admin_password
    password = generate_password() if given is None else given.get_secret_value()
    hashed = await passwords.hash(password)
    try:
        async with database.write() as work:
            user = await work.users.create_first_admin(email=security.first_admin_email, password_hash=hashed)
            if user is None:
                return False
            email = user.email
            await work.audit.record(
                "user.create_first_admin", actor="aneos", resource_type="user", resource_id=user.id
            )
    except Conflict:  # another process made it in the same moment
        return False
    shown = password if given is None else "(the one that was set)"
    (tell or _print)(
        f"First administrator: {email}\nOne-time password:   {shown}\nIt has to be changed at the first log-in."
    )
    return True


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
