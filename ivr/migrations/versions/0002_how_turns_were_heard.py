"""How turns were heard, the words as they come, and the audio of callers who consented to it."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With defaults of the database: rows are there already, and processes of the version before may still add some.
    # Not in batches: on SQLite a batch makes the table anew, and dropping the old `calls` takes their turns along.
    op.add_column('calls', sa.Column('words_so_far', sa.Text(), server_default='', nullable=False))
    op.add_column('turns', sa.Column('hearing', sa.Text(), server_default='{}', nullable=False))
    op.create_table('call_audio',
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('turn', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('kept_until', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('flac', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.customer_id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('call_id', 'turn')
    )
    with op.batch_alter_table('call_audio', schema=None) as batch_op:
        batch_op.create_index('call_audio_by_end', ['kept_until'], unique=False)
        batch_op.create_index(batch_op.f('ix_call_audio_customer_id'), ['customer_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('call_audio', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_call_audio_customer_id'))
        batch_op.drop_index('call_audio_by_end')
    op.drop_table('call_audio')
    op.drop_column('turns', 'hearing')
    op.drop_column('calls', 'words_so_far')
