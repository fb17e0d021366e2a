"""One OpenAPI document out of several services' own.

The services describe what they have and know nothing of each other, so names may collide: equal components become one,
different ones under the same name take their service's name in front. Who may call, and from where, is the gateway's to
say: the services' own security schemes and servers are dropped for its own. So is how long a body may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
SCOPES = {"openid": "Log in", "profile": "Your names", "email": "Your e-mail address"}
TOO_LARGE = {"413": {"description": "The body is longer than 64 KiB.", "content": {"application/problem+json": {}}}}
TOKEN_SCHEMES: list[dict[str, list[str]]] = [{"keycloak": ["openid"]}, {"bearer": []}]


class PathDescribedTwice(Exception):  # noqa: N818 - errors are named as facts.
    """Two services describe the same path, so the gateway could route it to only one of them."""


def security_schemes(issuer: str) -> Document:
    """Return how a caller gets in: the login at Keycloak by authorization code and PKCE, or a token from elsewhere."""
    endpoints = f"{issuer}/protocol/openid-connect"
    code = {"authorizationUrl": f"{endpoints}/auth", "tokenUrl": f"{endpoints}/token", "scopes": SCOPES}
    return {
        "keycloak": {
            "type": "oauth2",
            "description": "Log in at Keycloak (authorization code with PKCE). No client secret is needed.",
            "flows": {"authorizationCode": code},
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of the realm `messenger`, however it was obtained.",
        },
    }


def merged(documents: Mapping[str, Document], *, info: Document, issuer: str) -> Document:
    """Merge the documents of services, given by name; raises `PathDescribedTwice`.

    Operations ask for a token unless their document says `security: []`.
    """
    paths: Document = {}
    components: Document = {}
    operation_ids: set[str] = set()
    tags: list[Document] = []
    for service, document in documents.items():
        own = _without_collisions(service, document, components)
        for kind, members in own.get("components", {}).items():
            if kind != "securitySchemes":
                components.setdefault(kind, {}).update(members)
        for path, item in own.get("paths", {}).items():
            if path in paths:
                raise PathDescribedTwice(path)
            paths[path] = _as_the_gateway_has_it(service, item, operation_ids)
        tags += [tag for tag in own.get("tags", []) if tag not in tags]
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": "/"}],
        "security": TOKEN_SCHEMES,
        "tags": tags,
        "paths": paths,
        "components": {**components, "securitySchemes": security_schemes(issuer)},
    }


def _as_the_gateway_has_it(service: str, item: Document, operation_ids: set[str]) -> Document:
    described = {}
    for method, operation in item.items():
        if method not in METHODS:
            described[method] = operation
            continue
        changed = {key: value for key, value in operation.items() if key != "security" or value == []}
        if (name := changed.get("operationId")) in operation_ids:
            changed["operationId"] = f"{service}_{name}"
        operation_ids.add(changed.get("operationId", ""))
        if "requestBody" in changed:
            changed["responses"] = {**changed.get("responses", {}), **TOO_LARGE}
        described[method] = changed
    return described


def _without_collisions(service: str, document: Document, taken: Document) -> Document:
    renamed = {
        f"#/components/{kind}/{name}": f"#/components/{kind}/{service.capitalize()}{name}"
        for kind, members in document.get("components", {}).items()
        for name, member in members.items()
        if name in taken.get(kind, {}) and taken[kind][name] != member
    }
    if not renamed:
        return document
    result: Document = _with_references(document, renamed)
    for old, new in renamed.items():
        kind, name = old.split("/")[2:]
        result["components"][kind][new.split("/")[3]] = result["components"][kind].pop(name)
    return result


def _with_references(node: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        # References stand under `$ref`, and as bare values in a discriminator's mapping.
        return {key: _with_references(value, renamed) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_references(value, renamed) for value in node]
    return renamed.get(node, node) if isinstance(node, str) else node
