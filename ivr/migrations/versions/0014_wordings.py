"""Which of two wordings that are tried a call heard."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('wordings_heard',
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('arm', sa.String(length=1), nullable=False),
    sa.Column('trial', sa.String(length=16), nullable=False),
    sa.Column('flow_version', sa.Integer(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('node', sa.String(length=60), nullable=False),
    sa.Column('asked', sa.Boolean(), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.call_id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('call_id', 'key')
    )
    op.create_index('wordings_by_trial', 'wordings_heard', ['trial', 'language'], unique=False)


def downgrade() -> None:
    op.drop_index('wordings_by_trial', table_name='wordings_heard')
    op.drop_table('wordings_heard')
