from __future__ import annotations

import pytest

from chat_service.domain.model import Role
from chat_service.domain.policy import may_add, may_appoint, may_delete, may_remove

C, A, M = Role.CREATOR, Role.ADMIN, Role.MEMBER


@pytest.mark.parametrize(("actor", "allowed"), [(C, True), (A, True), (M, False)])
def test_the_creator_and_admins_add(actor: Role, *, allowed: bool) -> None:
    assert may_add(actor) is allowed


@pytest.mark.parametrize(
    ("actor", "target", "allowed"),
    [
        (C, A, True),
        (C, M, True),
        (A, C, False),
        (A, A, True),
        (A, M, True),
        (M, C, False),
        (M, A, False),
        (M, M, False),
    ],
)
def test_who_removes_whom(actor: Role, target: Role, *, allowed: bool) -> None:
    assert may_remove(actor, target, oneself=False) is allowed


@pytest.mark.parametrize("role", list(Role))
def test_everyone_may_leave(role: Role) -> None:
    assert may_remove(role, role, oneself=True)


@pytest.mark.parametrize("target", list(Role))
@pytest.mark.parametrize("actor", list(Role))
def test_only_the_creator_appoints_and_nobody_the_creator(actor: Role, target: Role) -> None:
    assert may_appoint(actor, target) is (actor is C and target is not C)


@pytest.mark.parametrize("role", list(Role))
def test_messages_are_deleted_by_their_senders_and_in_groups_by_those_in_charge(role: Role) -> None:
    assert may_delete(role, own=True, private=True)
    assert may_delete(role, own=True, private=False)
    assert not may_delete(role, own=False, private=True)
    assert may_delete(role, own=False, private=False) is (role is not M)
