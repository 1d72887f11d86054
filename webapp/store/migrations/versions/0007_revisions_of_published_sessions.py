"""Revisions of published sessions"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("published", sa.Column("revised", sa.JSON(), nullable=False, server_default="{}"))
