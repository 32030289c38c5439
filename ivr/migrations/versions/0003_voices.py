"""Voices: voiceprints, what calls say about them, decisions, challenges, fingerprints, watched voices and alerts."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('background_voices',
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('encoder', sa.String(length=80), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id')
    )
    with op.batch_alter_table('background_voices', schema=None) as batch_op:
        batch_op.create_index('background_voices_by_encoder', ['encoder', 'at'], unique=False)

    op.create_table('own_tails',
    sa.Column('calibration', sa.String(length=16), nullable=False),
    sa.Column('role', sa.String(length=8), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('begins_at', sa.Double(), nullable=False),
    sa.Column('scale', sa.Double(), nullable=False),
    sa.Column('shape', sa.Double(), nullable=False),
    sa.Column('pairs', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('calibration', 'role')
    )
    op.create_table('call_voices',
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('turn', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('encoder', sa.String(length=80), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('net_speech_seconds', sa.Double(), nullable=False),
    sa.Column('refused', sa.String(length=40), nullable=False),
    sa.Column('went_into', sa.String(length=12), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('call_id', 'turn')
    )
    with op.batch_alter_table('call_voices', schema=None) as batch_op:
        batch_op.create_index('call_voices_by_time', ['at'], unique=False)
        batch_op.create_index('call_voices_of_customer', ['customer_id', 'at'], unique=False)

    op.create_table('collected_voices',
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('encoder', sa.String(length=80), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('net_speech_seconds', sa.Double(), nullable=False),
    sa.Column('begun_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('heard_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id')
    )
    op.create_table('heard_fingerprints',
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('turn', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('call_id', 'turn')
    )
    with op.batch_alter_table('heard_fingerprints', schema=None) as batch_op:
        batch_op.create_index('heard_fingerprints_of_customer', ['customer_id', 'at'], unique=False)

    op.create_table('voice_alerts',
    sa.Column('alert_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('seen_by', sa.String(length=40), nullable=False),
    sa.Column('seen_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=True),
    sa.Column('verdict', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('alert_id')
    )
    with op.batch_alter_table('voice_alerts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_voice_alerts_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index('voice_alerts_by_time', ['at'], unique=False)

    op.create_table('voice_challenges',
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('way', sa.String(length=12), nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('settled', sa.Boolean(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('call_id', 'way')
    )
    with op.batch_alter_table('voice_challenges', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_voice_challenges_customer_id'), ['customer_id'], unique=False)

    op.create_table('voice_decisions',
    sa.Column('decision_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('call_id', sa.String(length=40), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('way', sa.String(length=12), nullable=False),
    sa.Column('outcome', sa.String(length=14), nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('measured', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('decision_id'),
    sa.UniqueConstraint('call_id', 'turn', 'way')
    )
    with op.batch_alter_table('voice_decisions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_voice_decisions_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index('voice_decisions_by_time', ['at'], unique=False)

    op.create_table('voiceprints',
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('encoder', sa.String(length=80), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('net_speech_seconds', sa.Double(), nullable=False),
    sa.Column('begun_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('enrolled_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=True),
    sa.Column('heard_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('rejections', sa.Integer(), nullable=False),
    sa.Column('locked_at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id')
    )
    op.create_table('watched_voices',
    sa.Column('watch_id', sa.String(length=40), nullable=False),
    sa.Column('added_by', sa.String(length=40), nullable=False),
    sa.Column('from_call', sa.String(length=40), nullable=False),
    sa.Column('at', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('until', sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=False),
    sa.Column('encoder', sa.String(length=80), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('watch_id')
    )


def downgrade() -> None:
    op.drop_table('watched_voices')
    op.drop_table('voiceprints')
    with op.batch_alter_table('voice_decisions', schema=None) as batch_op:
        batch_op.drop_index('voice_decisions_by_time')
        batch_op.drop_index(batch_op.f('ix_voice_decisions_customer_id'))

    op.drop_table('voice_decisions')
    with op.batch_alter_table('voice_challenges', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_voice_challenges_customer_id'))

    op.drop_table('voice_challenges')
    with op.batch_alter_table('voice_alerts', schema=None) as batch_op:
        batch_op.drop_index('voice_alerts_by_time')
        batch_op.drop_index(batch_op.f('ix_voice_alerts_customer_id'))

    op.drop_table('voice_alerts')
    with op.batch_alter_table('heard_fingerprints', schema=None) as batch_op:
        batch_op.drop_index('heard_fingerprints_of_customer')

    op.drop_table('heard_fingerprints')
    op.drop_table('collected_voices')
    with op.batch_alter_table('call_voices', schema=None) as batch_op:
        batch_op.drop_index('call_voices_of_customer')
        batch_op.drop_index('call_voices_by_time')

    op.drop_table('call_voices')
    with op.batch_alter_table('background_voices', schema=None) as batch_op:
        batch_op.drop_index('background_voices_by_encoder')

    op.drop_table('own_tails')
    op.drop_table('background_voices')
