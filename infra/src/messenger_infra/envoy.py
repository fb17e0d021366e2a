"""Envoy: its configuration is rendered from the settings by gateway/envoy/render.py."""

import sys

from messenger_infra import system
from messenger_infra.settings import Stack


def prepare(stack: Stack) -> bool:
    """Render the configuration into the stack's folder; False when there is nothing to render it with."""
    script = stack.repo / "gateway" / "envoy" / "render.py"
    if not script.exists():
        return False
    draft = stack.folder / "envoy.draft.yaml"
    system.run([sys.executable, script, draft], env=dict(stack.env), cwd=stack.repo, timeout=60)
    # Envoy runs as the service user; INTERNAL settings are in here, so nobody else reads it.
    system.write(stack.folder / "envoy.yaml", draft.read_text())
    draft.unlink()
    return True
