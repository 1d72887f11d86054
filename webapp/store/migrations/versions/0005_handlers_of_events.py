"""Handlers of events"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedule", sa.Column("trimmed_seq", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "event_cursor",
        sa.Column("handler", sa.String(length=40), nullable=False),
        sa.Column("schedule_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_event_cursor_schedule_id_schedule"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handler", "schedule_id", name=op.f("pk_event_cursor")),
    )
    op.create_table(
        "event_trouble",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("handler", sa.String(length=40), nullable=False),
        sa.Column("schedule_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_event_trouble_schedule_id_schedule"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_trouble")),
        sa.UniqueConstraint("handler", "schedule_id", "seq", name=op.f("uq_event_trouble_handler")),
    )
    op.create_table(
        "availability",
        sa.Column("schedule_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("free", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_availability_schedule_id_schedule"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("schedule_id", "kind", "id", name=op.f("pk_availability")),
    )
