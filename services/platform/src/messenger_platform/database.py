"""The engine, and the one place that tells a database that is away from a mistake of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import asyncpg
from sqlalchemy import URL, AdaptedConnection, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from messenger_platform.errors import Unavailable

CONNECT_TIMEOUT_S = 3.0
COMMAND_TIMEOUT_S = 10.0
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
# Every query walks along an index to few rows, in the index's order. The planner would leave that way whenever its
# statistics are behind a table (after a load, a restore, in a chat that grows fast), and then read whole chats.
ALONG_INDEXES: Mapping[str, str] = MappingProxyType(
    {
        "enable_seqscan": "off",
        "enable_bitmapscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "enable_sort": "off",
        "plan_cache_mode": "force_generic_plan",
    }
)
# The classes of SQLSTATE that say "not now" rather than "never": connection, resources, operator intervention
# (restart, statement timeout), system error, lock not available, deadlock and serialisation.
_PASSING = ("08", "53", "57", "58", "55P03", "40", "25006")


def create_engine(
    url: URL,
    *,
    application_name: str,
    pool_size: int = 10,
    planner: Mapping[str, str] = NO_SETTINGS,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
) -> AsyncEngine:
    """Return an async engine whose pool waits at most 3 s and finds dead connections before using them.

    `planner` are settings of PostgreSQL's planner for every connection.
    """
    engine = create_async_engine(
        url,
        hide_parameters=True,  # Errors are logged, and a statement's parameters are what people say.
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": command_timeout_s,
            "server_settings": {"application_name": application_name, "jit": "off", **planner},
        },
    )
    event.listen(engine.sync_engine, "checkout", _pass_over_dead)
    return engine


def _pass_over_dead(connection: AdaptedConnection, *_: object) -> None:
    """Make anew a connection whose end the event loop has seen; a question to the server would cost three answers."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Turn "the database is away or overloaded" into `Unavailable`; every other error passes unchanged."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, InterfaceError) or error.connection_invalidated or is_passing(error.orig):
            raise Unavailable("The database does not answer. Try again.") from error
        raise
    except PoolTimeoutError as error:
        raise Unavailable("The database is busy. Try again.") from error
    except (TimeoutError, OSError, asyncpg.InterfaceError) as error:
        raise Unavailable("The database does not answer. Try again.") from error
    except asyncpg.PostgresError as error:
        if is_passing(error):
            raise Unavailable("The database does not answer. Try again.") from error
        raise


def is_passing(error: BaseException | None) -> bool:
    """Tell whether a driver error (or what it wraps) is a fault that passes by itself."""
    while error is not None:
        if isinstance(error, OSError | asyncio.TimeoutError | asyncpg.InterfaceError):
            return True
        state = getattr(error, "sqlstate", None)
        if isinstance(state, str):
            return state.startswith(_PASSING)
        error = error.__cause__
    return False


async def ping(engine: AsyncEngine) -> None:
    """Raise `Unavailable` when the database does not answer a trivial query."""
    with translate_database_errors():
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
