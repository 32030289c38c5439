"""What proves a consent: who asked, what was answered and heard; and that something was erased, for backups that come back."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With defaults of the database, and not in batches: as in 0002. What processes of the version before still add counts as
    # they mean it, since `granted` decides.
    op.add_column('consents', sa.Column('answer', sa.String(length=10), server_default='no', nullable=False))
    op.add_column('consents', sa.Column('asked_by', sa.String(length=10), server_default='line', nullable=False))
    op.add_column('consents', sa.Column('turn', sa.Integer(), nullable=True))
    op.add_column('consents', sa.Column('heard', sa.Text(), server_default='', nullable=False))
    consents = sa.table('consents', sa.column('granted', sa.Boolean()), sa.column('answer', sa.String()))
    op.execute(consents.update().where(consents.c.granted.is_(True)).values(answer='yes'))
    op.create_table('erasures',
    sa.Column('erasure_id', sa.String(length=40), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('scope', sa.String(length=20), nullable=False),
    sa.Column('asked_by', sa.String(length=10), nullable=False),
    sa.Column('customer_mac', sa.String(length=64), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('erasure_id')
    )


def downgrade() -> None:
    op.drop_table('erasures')
    for name in ('heard', 'turn', 'asked_by', 'answer'):
        op.drop_column('consents', name)
