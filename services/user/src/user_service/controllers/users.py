"""`/api/users`: oneself and others."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from messenger_platform.http_auth import CallerPrincipal, bearer_scheme
from messenger_platform.problems import MEDIA_TYPE, Problem
from user_service.controllers.deps import Caller, Finder
from user_service.controllers.schemas import MAX_IDS, Me, User, ids_of
from user_service.domain.accounts import MAX_ACCOUNT_ID, AccountId
from user_service.domain.errors import QueryRefused
from user_service.domain.search import MAX_QUERY_CHARS

router = APIRouter(prefix="/api/users", tags=["users"], dependencies=[bearer_scheme])


def _problems(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    common = {
        "401": "No valid access token, or its owner's account is disabled or deleted.",
        "503": "The service cannot answer now; `Retry-After` says when to ask.",
    }
    statuses = common | {name.removeprefix("on_"): text for name, text in descriptions.items()}
    return {int(status): {"description": text, "content": {MEDIA_TYPE: {}}} for status, text in statuses.items()}


def _malformed(field: str, message: str) -> Problem:
    return Problem(422, message, code=QueryRefused.code, errors=[{"field": field, "message": message}])


@router.get("/me", summary="The caller's own profile", responses=_problems())
async def get_me(caller: Caller, principal: CallerPrincipal) -> Me:
    """Return the caller's profile, made from the access token at the account's first call of any kind.

    It follows what becomes of the account in the realm.
    """
    return Me.holding(caller, principal.roles)


@router.get(
    "",
    summary="Find people",
    responses=_problems(
        on_422="Not exactly one of `query` and `ids`, or one of them malformed.",
        on_429="More than 30 searches a minute; `Retry-After` says when the next may come.",
    ),
)
async def list_users(
    caller: Caller,
    finder: Finder,
    query: Annotated[
        str | None,
        Query(
            description="The beginning of a username or of any word of a name, case ignored; "
            f"1 to {MAX_QUERY_CHARS} characters after trimming. No character is a wildcard.",
            examples=["ali"],
        ),
    ] = None,
    ids: Annotated[
        str | None,
        Query(
            description=f"Up to {MAX_IDS} ids with commas between; those without an account are left out.",
            pattern=rf"^\d{{1,16}}(,\d{{1,16}}){{0,{MAX_IDS - 1}}}$",
            examples=["1,2,3"],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=50, description="At most so many people; only for `query`.")] = 20,
) -> list[User]:
    """Search people by name, in alphabetical order of what matched, or look several up by id, in the order of ids.

    The caller is found like everyone else. E-mail addresses are neither searched nor shown.
    """
    if (query is None) == (ids is None):
        raise _malformed("query", "Give either query or ids.")
    if query is None:
        found = await finder.many(ids_of(ids or ""))
    else:
        try:
            found = await finder.matching(caller.id, query, limit)
        except QueryRefused as error:
            raise _malformed("query", str(error)) from error
    return [User.of(account) for account in found]


@router.get(
    "/{user_id}",
    summary="One person by id",
    responses=_problems(on_404="No account has this id.", on_422="The id is no positive integer below 2^53."),
)
async def get_user(
    _caller: Caller,
    finder: Finder,
    user_id: Annotated[int, Path(ge=1, le=MAX_ACCOUNT_ID, description="The account's id.")],
) -> User:
    """Return a person's public profile."""
    return User.of(await finder.one(AccountId(user_id)))
