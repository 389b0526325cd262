from uuid import UUID

import pytest

from aneos_api.security.permissions import Credential, Permission, Principal, Role, delegable


def someone(role: Role, *, superuser: bool = False, scopes: set[Permission] | None = None) -> Principal:
    return Principal(
        user_id=UUID(int=1), email="ada@example.org", tenant_id=UUID(int=2), role=role, superuser=superuser,
        credential=Credential.SESSION if scopes is None else Credential.API_KEY, credential_id=UUID(int=3),
        scopes=None if scopes is None else frozenset(scopes),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.VIEWER, {"read"}),
        (Role.ANALYST, {"read", "analyse"}),
        (Role.ADMIN, {"read", "analyse", "manage"}),
    ],
)
def test_each_role_has_its_permissions(role: Role, allowed: set[str]) -> None:
    assert {str(item) for item in someone(role).permissions} == allowed


def test_the_installation_is_run_by_admins_who_are_superusers_only() -> None:
    assert someone(Role.ADMIN, superuser=True).may(Permission.OPERATE)
    assert not someone(Role.ADMIN).may(Permission.OPERATE)
    assert not someone(Role.ANALYST, superuser=True).may(Permission.OPERATE)


def test_a_key_narrows_and_never_widens() -> None:
    assert someone(Role.ADMIN, scopes={Permission.READ}).permissions == {Permission.READ}
    assert someone(Role.VIEWER, scopes={Permission.MANAGE, Permission.READ}).permissions == {Permission.READ}


def test_nobody_hands_on_more_than_they_have() -> None:
    assert delegable(someone(Role.ANALYST), frozenset({Permission.READ, Permission.ANALYSE}))
    assert not delegable(someone(Role.ANALYST), frozenset({Permission.MANAGE}))
