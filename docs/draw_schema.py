"""Draw docs/database_schema.png from the metadata of every service: `make schema`.

The DOT source is kept beside the picture, and the picture carries its digest, so that a test can tell whether the two
and the metadata agree without comparing bytes that depend on the version of Graphviz.
"""

# ruff: noqa: INP001 - a script, run by its path.
from __future__ import annotations

import hashlib
import importlib
import struct
import zlib
from dataclasses import dataclass
from html import escape
from pathlib import Path

import graphviz  # type: ignore[import-untyped] # It ships no types.
from sqlalchemy import Column, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import ForeignKeyConstraint

DOCS = Path(__file__).resolve().parent
REPOSITORY = DOCS.parent
DOT = DOCS / "database_schema.dot"
PNG = DOCS / "database_schema.png"
DIGEST_KEY = b"dot-sha256"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
FONT = "DejaVu Sans"
INK, FAINT, PAPER = "#1f2933", "#7b8794", "#ffffff"
# The header and the ground of each schema, by order of appearance.
COLOURS = [("#2f6f4f", "#eef6f1"), ("#2c5282", "#ebf2fa"), ("#7b341e", "#fbf1ea"), ("#553c9a", "#f3effb")]
_dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped.


@dataclass(frozen=True)
class Schema:
    """One context's tables under the name of its schema."""

    name: str
    metadata: MetaData


def schemas() -> list[Schema]:
    """Find every service's `repositories/tables.py` and read what it declares."""
    found = []
    for pattern in ("services/*/src/*/repositories/tables.py", "gateway/app/src/*/repositories/tables.py"):
        for path in REPOSITORY.glob(pattern):
            module = importlib.import_module(f"{path.parts[-3]}.repositories.tables")
            metadata = module.Base.metadata if hasattr(module, "Base") else module.metadata
            found.append(Schema(module.SCHEMA, metadata))
    order = {"user_profile": 0, "chat": 1, "realtime": 2, "gateway": 3}
    return sorted(found, key=lambda schema: (order.get(schema.name, len(order)), schema.name))


def dot_source(found: list[Schema]) -> str:
    """Return the drawing as DOT: one cluster a schema, one node a table, one arrow a foreign key."""
    graph = graphviz.Digraph("database_schema")
    graph.attr(
        rankdir="LR", fontname=FONT, bgcolor=PAPER, nodesep="0.35", ranksep="0.9", dpi="110", pad="0.3", newrank="true"
    )
    graph.attr("node", shape="plain", fontname=FONT, fontsize="11", fontcolor=INK)
    graph.attr("edge", color=FAINT, arrowsize="0.7")
    # Graphviz stacks the clusters upwards; the first is to stand at the top.
    for schema, (header, ground) in reversed(list(zip(found, COLOURS, strict=False))):
        with graph.subgraph(name=f"cluster_{schema.name}") as cluster:
            title = f"<<B>{escape(schema.name)}</B>>"
            cluster.attr(
                label=title, style="rounded,filled", color=header, fillcolor=ground, fontsize="16", fontcolor=header
            )
            cluster.attr(margin="18", labeljust="l")
            for table in _tables(schema):
                cluster.node(_node(schema, table), label=_label(table, header))
        for table in _tables(schema):
            for key in sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys)):
                _arrow(graph, schema, table, key)
    graph.attr(
        label="PK primary key   FK foreign key   U unique   ? may be null.   No foreign key crosses a schema: "
        "the user ids of the other schemas are user_profile.account.id.",
        labelloc="b",
        fontsize="11",
        fontcolor=FAINT,
    )
    return str(graph.source)


def _tables(schema: Schema) -> list[Table]:
    return sorted(schema.metadata.tables.values(), key=lambda table: table.name)


def _node(schema: Schema, table: Table) -> str:
    return f"{schema.name}_{table.name}"


def _arrow(graph: graphviz.Digraph, schema: Schema, table: Table, key: ForeignKeyConstraint) -> None:
    target = key.elements[0].column
    graph.edge(
        f"{_node(schema, target.table)}:to_{target.name}:e",
        f"{_node(schema, table)}:from_{key.column_keys[0]}:w",
        dir="back",
        arrowtail="normal",
    )


def _label(table: Table, colour: str) -> str:
    rows = "".join(_column_row(table, column) for column in table.columns)
    rows += "".join(_note_row(note) for note in _notes(table))
    return (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" COLOR="{colour}" BGCOLOR="{PAPER}">'
        f'<TR><TD COLSPAN="3" BGCOLOR="{colour}" ALIGN="LEFT"><FONT COLOR="{PAPER}"><B>{escape(table.name)}</B></FONT>'
        f"</TD></TR>{rows}</TABLE>>"
    )


def _column_row(table: Table, column: Column[object]) -> str:
    name = f"<B>{escape(column.name)}</B>" if column.primary_key else escape(column.name)
    kind = column.type.compile(dialect=_dialect).lower().partition(" collate")[0]
    kind = escape(kind.replace("timestamp with time zone", "timestamptz"))
    optional = " ?" if column.nullable else ""
    marks = f'<FONT COLOR="{FAINT}" POINT-SIZE="9">{_marks(table, column)}</FONT>'
    return (
        f'<TR><TD ALIGN="LEFT" PORT="from_{column.name}">{marks}</TD>'
        f'<TD ALIGN="LEFT">{name}</TD>'
        f'<TD ALIGN="LEFT" PORT="to_{column.name}"><FONT COLOR="{FAINT}">{kind}{optional}</FONT></TD></TR>'
    )


def _marks(table: Table, column: Column[object]) -> str:
    marks = ["PK"] if column.primary_key else []
    marks += ["FK"] if column.foreign_keys else []
    alone = [list(constraint.columns) for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    marks += ["U"] if any(columns == [column] for columns in alone) else []
    return " ".join(marks) or " "


def _note_row(note: str) -> str:
    faint = f'<FONT COLOR="{FAINT}" POINT-SIZE="9">{escape(note)}</FONT>'
    return f'<TR><TD></TD><TD COLSPAN="2" ALIGN="LEFT">{faint}</TD></TR>'


def _notes(table: Table) -> list[str]:
    """List the keys and indexes over several columns; those of one column are marks beside it."""
    uniques = [
        f"unique ({', '.join(column.name for column in constraint.columns)})"
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) and len(constraint.columns) > 1
    ]
    return sorted(uniques) + sorted(_index_note(index) for index in table.indexes)


def _index_note(index: Index) -> str:
    kind = "unique" if index.unique else "index"
    where = index.dialect_options["postgresql"]["where"]
    condition = "" if where is None else f" where {where}"
    return f"{kind} ({', '.join(str(getattr(part, 'name', part)) for part in index.expressions)}){condition}"


def digest(source: str) -> bytes:
    """Return what ties a picture to its source."""
    return hashlib.sha256(source.encode()).hexdigest().encode()


def with_digest(png: bytes, source: str) -> bytes:
    """Put the source's digest into the picture as a text chunk, right behind the header."""
    if not png.startswith(PNG_SIGNATURE):
        raise ValueError("not a PNG")
    body = DIGEST_KEY + b"\x00" + digest(source)
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
    after_header = len(PNG_SIGNATURE) + 8 + 13 + 4
    return png[:after_header] + chunk + png[after_header:]


def digest_of(png: bytes) -> bytes:
    """Read back what `with_digest` wrote; empty when there is none."""
    _, found, rest = png.partition(b"tEXt" + DIGEST_KEY + b"\x00")
    return rest[:64] if found else b""


def main() -> None:
    """Write the source and the picture."""
    source = dot_source(schemas())
    DOT.write_text(source, encoding="utf-8")
    PNG.write_bytes(with_digest(graphviz.Source(source).pipe(format="png"), source))


if __name__ == "__main__":
    main()
