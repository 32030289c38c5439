"""The legs of a call beyond the caller's, and what was last asked of the carrier about the caller's hold."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    # With defaults of the database, and not in batches: processes of the version before still add calls (as in 0002).
    op.add_column('calls', sa.Column('hold_wanted', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('calls', _time('hold_asked_at'))
    op.create_table('call_legs',
    sa.Column('leg_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('mode', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('agent_id', sa.String(length=64), nullable=True),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('work_id', sa.String(length=64), nullable=True),
    sa.Column('sid', sa.String(length=40), nullable=True),
    sa.Column('asked_by', sa.String(length=64), nullable=False),
    _time('asked_at', nullable=False),
    _time('due_at'),
    _time('in_at'),
    _time('met_at'),
    _time('ended_at'),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('muted', sa.Boolean(), nullable=False),
    sa.Column('ends', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.call_id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('leg_id'),
    sa.UniqueConstraint('work_id')
    )
    op.create_index('call_legs_of_call', 'call_legs', ['call_id', 'leg_id'], unique=False)
    op.create_index('call_legs_by_state', 'call_legs', ['state', 'due_at'], unique=False)
    op.create_index('call_legs_by_agent', 'call_legs', ['agent_id', 'state'], unique=False)


def downgrade() -> None:
    op.drop_table('call_legs')
    for name in ('hold_asked_at', 'hold_wanted'):
        op.drop_column('calls', name)
