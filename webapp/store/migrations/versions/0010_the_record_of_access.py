"""The record of access"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from webapp.sealing import NOTHING, canonical, digest
from webapp.store.databases import immutable
from webapp.store.rows import Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS: dict[str, tuple[str, ...]] = {
    "editor": ("id", "name", "role", "created_at", "sign_in_name", "password_hash", "removed_at"),
    "token": ("hash", "editor_id", "created_at", "scopes", "expires_at"),
    "link": ("hash", "editor_id", "role", "created_at", "expires_at", "used_at"),
    "sign_in": ("hash", "editor_id", "created_at", "expires_at"),
}
"""What is sealed, the key first."""


def upgrade() -> None:
    table = op.create_table(
        "access_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("editor_id", sa.String(length=36), nullable=True),
        sa.Column("by_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_access_entry")),
    )
    head = op.create_table(
        "access_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_head")),
    )
    last = {"id": 1, "number": 0, "hash": NOTHING}
    seals = {name: seal for kind in COLUMNS for name, seal in _seals(kind)}
    if seals:
        now = datetime.now(UTC)
        details = canonical({"role": None, "scopes": None, "seals": seals})
        values = (NOTHING, 1, "found", None, None, now, details)
        columns = ("previous_hash", "number", "action", "editor_id", "by_id", "created_at", "details")
        row = dict(zip(columns, values, strict=True)) | {"hash": digest(values)}
        op.get_bind().execute(sa.insert(table).values(row))
        last |= {"number": 1, "hash": row["hash"]}
    op.get_bind().execute(sa.insert(head).values(last))
    for statement in immutable(op.get_bind().dialect.name, "access_entry"):
        op.execute(statement)


def _seals(kind: str) -> list[tuple[str, str]]:
    """The names and digests of the rows that there are already."""
    types = {"scopes": sa.JSON(none_as_null=True)}
    moments = {name: Moment() for name in ("created_at", "expires_at", "used_at", "removed_at")}
    columns = [sa.column(name, (types | moments).get(name, sa.Text())) for name in COLUMNS[kind]]
    found = op.get_bind().execute(sa.select(*columns).select_from(sa.table(kind))).mappings()
    key = COLUMNS[kind][0]
    return [(f"{kind} {row[key]}", digest((kind, *(row[name] for name in sorted(row))))) for row in found]
