"""The schema `gateway`; its first table comes with the browsers' sessions."""

from __future__ import annotations

from sqlalchemy import MetaData

SCHEMA = "gateway"

metadata = MetaData(schema=SCHEMA)
