"""Profiles: who a Keycloak subject is, under an integer id."""
