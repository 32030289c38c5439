"""The nodes that a call passed, and what happened there."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default of the database: rows are there already, and processes of the version before may still add some.
    op.add_column('turns', sa.Column('path', sa.Text(), server_default='[]', nullable=False))
    op.add_column('turns', sa.Column('traces', sa.Text(), server_default='[]', nullable=False))


def downgrade() -> None:
    op.drop_column('turns', 'traces')
    op.drop_column('turns', 'path')
