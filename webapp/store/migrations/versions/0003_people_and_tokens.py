"""People with passwords, tokens with scopes and an end, links for a person, keys of requests"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns are added in place: for more than that SQLite makes a table anew, and dropping the old one takes with it
    # whatever refers to it.
    op.add_column("editor", sa.Column("sign_in_name", sa.Text(), nullable=True))
    op.add_column("editor", sa.Column("password_hash", sa.Text(), nullable=True))
    op.add_column("editor", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_editor_sign_in_name"), "editor", ["sign_in_name"], unique=True)
    op.add_column("token", sa.Column("scopes", sa.JSON(), nullable=True))
    op.add_column("token", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("link") as batch_op:
        batch_op.add_column(sa.Column("editor_id", sa.String(length=36), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_link_editor_id_editor"), "editor", ["editor_id"], ["id"], ondelete="CASCADE"
        )
    op.create_table(
        "request_key",
        sa.Column("editor_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("made", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("editor_id", "key", name=op.f("pk_request_key")),
    )
