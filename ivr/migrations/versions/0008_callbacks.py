"""Whom the line rings back; which call's story another one goes on with; calls by their number."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool) -> sa.Column[object]:
    return sa.Column(name, sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table('callbacks',
    sa.Column('callback_id', sa.String(length=40), nullable=False),
    sa.Column('call_id', sa.String(length=40), nullable=True),
    sa.Column('customer_id', sa.String(length=40), nullable=True),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('keeps_place', sa.Boolean(), nullable=False),
    sa.Column('agent_id', sa.String(length=64), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    _time('created_at', nullable=False),
    _time('due_at', nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('ring', sa.Integer(), nullable=False),
    sa.Column('leg', sa.String(length=40), nullable=True),
    _time('ended_at', nullable=True),
    sa.PrimaryKeyConstraint('callback_id')
    )
    op.create_index('callbacks_by_state', 'callbacks', ['state', 'due_at'], unique=False)
    op.create_index('callbacks_of_call', 'callbacks', ['call_id'], unique=False)
    op.create_index('callbacks_of_customer', 'callbacks', ['customer_id', 'state'], unique=False)
    op.create_index(op.f('ix_callbacks_leg'), 'callbacks', ['leg'], unique=False)
    op.add_column('calls', sa.Column('continues_id', sa.String(length=40), nullable=True))
    op.create_index('calls_by_number', 'calls', ['from_number', 'started_at'], unique=False)
    op.create_index('calls_by_time', 'calls', ['started_at'], unique=False)
    op.create_index('contacts_by_time', 'contacts', ['at'], unique=False)


def downgrade() -> None:
    op.drop_index('contacts_by_time', table_name='contacts')
    op.drop_index('calls_by_time', table_name='calls')
    op.drop_index('calls_by_number', table_name='calls')
    op.drop_column('calls', 'continues_id')
    op.drop_table('callbacks')
