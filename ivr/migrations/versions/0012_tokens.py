"""Tokens of the API."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool) -> sa.Column[object]:
    return sa.Column(name, sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table('api_tokens',
    sa.Column('token_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('begins', sa.String(length=16), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('scopes', sa.Text(), nullable=False),
    _time('made_at', nullable=False),
    _time('expires_at', nullable=False),
    _time('last_used_at', nullable=True),
    _time('ended_at', nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.account_id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_id'),
    sa.UniqueConstraint('token_hash')
    )
    op.create_index('ix_api_tokens_account', 'api_tokens', ['account_id'], unique=False)


def downgrade() -> None:
    op.drop_table('api_tokens')
