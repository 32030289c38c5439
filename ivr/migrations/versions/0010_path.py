"""The nodes that a call passed, and what happened there; phrases of callers that an admin has put aside."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default of the database: rows are there already, and processes of the version before may still add some.
    op.add_column('turns', sa.Column('path', sa.Text(), server_default='[]', nullable=False))
    op.add_column('turns', sa.Column('traces', sa.Text(), server_default='[]', nullable=False))
    op.create_table('phrases_dismissed',
    sa.Column('phrase', sa.String(length=64), nullable=False),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('phrase')
    )


def downgrade() -> None:
    op.drop_table('phrases_dismissed')
    op.drop_column('turns', 'traces')
    op.drop_column('turns', 'path')
