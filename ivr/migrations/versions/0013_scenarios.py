"""Scenarios and their runs."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table('scenarios',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('is_removed', sa.Boolean(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    _time('at'),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('scenario_runs',
    sa.Column('run_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('mode', sa.String(length=8), nullable=False),
    sa.Column('against', sa.String(length=24), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    _time('at'),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    _time('beat_at'),
    sa.Column('result', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('run_id')
    )
    op.create_index('scenario_runs_by_time', 'scenario_runs', ['at'], unique=False)
    op.create_index('scenario_runs_by_digest', 'scenario_runs', ['digest', 'at'], unique=False)


def downgrade() -> None:
    op.drop_index('scenario_runs_by_digest', table_name='scenario_runs')
    op.drop_index('scenario_runs_by_time', table_name='scenario_runs')
    op.drop_table('scenario_runs')
    op.drop_table('scenarios')
