"""What the realm's tests share: the script under test, and Keycloak of the running test stack behind the gateway."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from keycloak import KeycloakAdmin

FOLDER = Path(__file__).parents[2] / "keycloak"


@pytest.fixture(scope="session")
def provisioning() -> ModuleType:
    spec = importlib.util.spec_from_file_location("keycloak_provision", FOLDER / "provision.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def realm() -> dict[str, Any]:
    """Return the realm file as it is committed."""
    document: dict[str, Any] = json.loads((FOLDER / "realm" / "messenger-realm.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture
async def admin() -> AsyncIterator[KeycloakAdmin]:
    """Speak to the test stack's Keycloak as its bootstrap administrator."""
    opened = KeycloakAdmin(
        server_url=os.environ["KEYCLOAK_URL"],
        username="admin",
        password=os.environ["KEYCLOAK_ADMIN_PASSWORD"],
        realm_name="messenger",
        user_realm_name="master",
    )
    yield opened
    await opened.connection.aclose()
    await opened.connection.keycloak_openid.connection.aclose()
