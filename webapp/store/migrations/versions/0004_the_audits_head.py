"""The audit's head"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedule", sa.Column("audit_number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("schedule", sa.Column("audit_hash", sa.String(length=64), nullable=False, server_default="0" * 64))
    last = "FROM audit_entry WHERE audit_entry.schedule_id = schedule.id"
    op.execute(
        f"UPDATE schedule SET audit_number = (SELECT max(number) {last}), "
        f"audit_hash = (SELECT hash {last} ORDER BY number DESC LIMIT 1) "
        f"WHERE EXISTS (SELECT 1 {last})"
    )
