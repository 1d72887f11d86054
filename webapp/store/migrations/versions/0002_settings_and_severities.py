"""Settings and severities"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain additions: SQLite would copy a table for anything else, and drop the rows that belong to the old one.
    op.add_column("schedule", sa.Column("settings", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("conflict", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE conflict SET opened_at = CASE status WHEN 'unresolved' THEN last_updated_at ELSE detected_at END"
    )
