"""What the gateway app asks of Keycloak."""
