"""What admins set of the company; connectors, files on their way in, links to sign in with once."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table('company_settings',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    _time('at'),
    sa.PrimaryKeyConstraint('version')
    )
    op.create_table('connectors',
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    _time('at'),
    sa.PrimaryKeyConstraint('kind')
    )
    op.create_table('staged_imports',
    sa.Column('import_id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    _time('at'),
    sa.PrimaryKeyConstraint('import_id')
    )
    op.create_table('sign_in_links',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    _time('made_at'),
    _time('ends_at'),
    _time('used_at', nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.account_id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash')
    )
    op.create_index('sign_in_links_of_account', 'sign_in_links', ['account_id'], unique=False)


def downgrade() -> None:
    for name in ('sign_in_links', 'staged_imports', 'connectors', 'company_settings'):
        op.drop_table(name)
