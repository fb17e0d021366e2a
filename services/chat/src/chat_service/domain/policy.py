"""Who may change a group's membership, as a table, and who may delete messages."""

from __future__ import annotations

from chat_service.domain.model import Role

_MAY_REMOVE: dict[Role, frozenset[Role]] = {
    Role.CREATOR: frozenset(Role),
    Role.ADMIN: frozenset({Role.ADMIN, Role.MEMBER}),
    Role.MEMBER: frozenset(),
}


def may_add(actor: Role) -> bool:
    """Tell whether a participant of this role may add people and change the title."""
    return actor in {Role.CREATOR, Role.ADMIN}


def may_remove(actor: Role, target: Role, *, oneself: bool) -> bool:
    """Tell whether a participant may remove another; everyone may remove oneself, nobody but it the creator."""
    return oneself or target in _MAY_REMOVE[actor]


def may_appoint(actor: Role, target: Role) -> bool:
    """Tell whether a participant may make another an admin or a member; the creator stays the creator."""
    return actor is Role.CREATOR and target is not Role.CREATOR


def may_delete(actor: Role, *, own: bool, private: bool) -> bool:
    """Tell whether a participant may delete a message: one's own, and in groups the creator and admins any."""
    return own or (not private and actor in {Role.CREATOR, Role.ADMIN})
