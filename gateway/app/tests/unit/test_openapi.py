"""Merging the services' OpenAPI documents into one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway_app.domain.openapi import PathDescribedTwice, merged

ISSUER = "http://localhost:8080/realms/messenger"
INFO = {"title": "Messenger", "version": "1"}


def _document(path: str, schema: str, properties: dict[str, Any], operation_id: str = "get_one") -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "A service", "version": "7"},
        "servers": [{"url": "http://127.0.0.1:8110"}],
        "paths": {
            path: {
                "parameters": [{"name": "id", "in": "query"}],
                "get": {
                    "operationId": operation_id,
                    "security": [{"HTTPBearer": []}],
                    "responses": {"200": {"content": {"application/json": {"schema": reference}}}},
                },
            }
        },
        "components": {
            "schemas": {
                schema: {"type": "object", "properties": properties},
                "List": {"type": "array", "items": reference},
                "Any": {
                    "oneOf": [reference],
                    "discriminator": {"mapping": {"a": reference["$ref"]}, "propertyName": "t"},
                },
            },
            "securitySchemes": {"HTTPBearer": {"type": "http", "scheme": "bearer"}},
        },
        "tags": [{"name": "things"}],
    }


def test_paths_and_schemas_of_all_services_stand_in_one_document() -> None:
    document = merged(
        {"user": _document("/api/users", "User", {}), "chat": _document("/api/chats", "User", {}, "get_chats")},
        info=INFO,
        issuer=ISSUER,
    )
    assert document["openapi"] == "3.1.0"
    assert document["info"] == INFO
    assert document["servers"] == [{"url": "/"}]
    assert list(document["paths"]) == ["/api/users", "/api/chats"]
    assert set(document["components"]["schemas"]) == {"User", "List", "Any"}
    assert document["tags"] == [{"name": "things"}]


def test_different_schemas_of_one_name_are_told_apart_everywhere() -> None:
    users = _document("/api/users", "Page", {"user": {"type": "integer"}})
    chats = _document("/api/chats", "Page", {"chat": {"type": "string"}}, "get_chats")
    document = merged({"user": users, "chat": chats}, info=INFO, issuer=ISSUER)
    schemas = document["components"]["schemas"]
    assert schemas["Page"]["properties"] == {"user": {"type": "integer"}}
    assert schemas["ChatPage"]["properties"] == {"chat": {"type": "string"}}
    answer = document["paths"]["/api/chats"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/ChatPage"}


def test_equal_operation_ids_are_told_apart() -> None:
    documents = {"user": _document("/api/users", "A", {}), "chat": _document("/api/chats", "B", {})}
    paths = merged(documents, info=INFO, issuer=ISSUER)["paths"]
    assert paths["/api/users"]["get"]["operationId"] == "get_one"
    assert paths["/api/chats"]["get"]["operationId"] == "chat_get_one"


def test_callers_log_in_at_keycloak_or_bring_a_token() -> None:
    document = merged({"user": _document("/api/users", "A", {})}, info=INFO, issuer=ISSUER)
    schemes = document["components"]["securitySchemes"]
    flow = schemes["keycloak"]["flows"]["authorizationCode"]
    assert set(schemes) == {"keycloak", "bearer"}
    assert flow["authorizationUrl"] == f"{ISSUER}/protocol/openid-connect/auth"
    assert flow["tokenUrl"] == f"{ISSUER}/protocol/openid-connect/token"
    assert "openid" in flow["scopes"]
    assert document["security"] == [{"keycloak": ["openid"]}, {"bearer": []}]
    assert "security" not in document["paths"]["/api/users"]["get"]


def test_operation_without_security_stays_open() -> None:
    own = _document("/healthz", "Health", {})
    own["paths"]["/healthz"]["get"]["security"] = []
    document = merged({"gateway": own}, info=INFO, issuer=ISSUER)
    assert document["paths"]["/healthz"]["get"]["security"] == []


def test_a_body_may_be_too_large() -> None:
    own = _document("/api/users", "A", {})
    own["paths"]["/api/users"]["post"] = {"requestBody": {}, "responses": {"201": {}}}
    operations = merged({"user": own}, info=INFO, issuer=ISSUER)["paths"]["/api/users"]
    assert set(operations["post"]["responses"]) == {"201", "413"}
    assert set(operations["get"]["responses"]) == {"200"}


def test_merging_changes_no_service_document() -> None:
    users, chats = _document("/a", "Page", {"x": {}}), _document("/b", "Page", {"y": {}})
    merged({"user": users, "chat": chats}, info=INFO, issuer=ISSUER)
    assert users == _document("/a", "Page", {"x": {}})
    assert chats == _document("/b", "Page", {"y": {}})


def test_one_path_in_two_services_is_an_error() -> None:
    documents = {"user": _document("/api/users", "A", {}), "chat": _document("/api/users", "B", {})}
    with pytest.raises(PathDescribedTwice, match="/api/users"):
        merged(documents, info=INFO, issuer=ISSUER)
