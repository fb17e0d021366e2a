"""The gateway's control plane: merged OpenAPI, health of the whole, browser sessions."""
