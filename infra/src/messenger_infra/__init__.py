"""Bring the whole system up on one machine: servers, roles, realm, supervision, test stack."""
