"""The audit trail; drafts, versions and publications; recordings of prompts."""

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

_REFUSAL = 'the audit trail cannot be changed'
_TRIGGERS = {
    'sqlite': (
        f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        # INSERT OR REPLACE deletes without its trigger (sqlite.org/lang_conflict.html).
        'CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit_entries'
        ' WHEN EXISTS (SELECT 1 FROM audit_entries WHERE number = NEW.number)'
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    'postgresql': (
        'CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS'
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        'CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_entries'
        ' FOR EACH ROW EXECUTE FUNCTION audit_refuses()',
        'CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_entries'
        ' FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()',
    ),
}


def _time(name: str, *, nullable: bool) -> sa.Column[object]:
    return sa.Column(name, sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table('audit_entries',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    _time('at', nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    sa.Column('through', sa.String(length=80), nullable=False),
    sa.Column('act', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('before', sa.Text(), nullable=True),
    sa.Column('after', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('previous_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_index('audit_by_act', 'audit_entries', ['act', 'number'], unique=False)
    op.create_index('audit_by_subject', 'audit_entries', ['subject', 'number'], unique=False)
    op.create_index('audit_by_time', 'audit_entries', ['at'], unique=False)
    op.create_table('draft_edits',
    sa.Column('edit_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('label', sa.String(length=200), nullable=False),
    sa.Column('changes', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    _time('at', nullable=False),
    sa.PrimaryKeyConstraint('edit_id')
    )
    op.create_index('draft_edits_of_epoch', 'draft_edits', ['epoch', 'edit_id'], unique=False)
    op.create_table('recordings',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('wav', sa.LargeBinary(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=False),
    sa.Column('peak_db', sa.Double(), nullable=False),
    sa.Column('loudness_db', sa.Double(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    _time('at', nullable=False),
    sa.PrimaryKeyConstraint('sha256')
    )
    op.create_table('version_parts',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_table('versions',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('flow', sa.String(length=64), nullable=False),
    sa.Column('prompts', sa.String(length=64), nullable=False),
    sa.Column('intents', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('base', sa.Integer(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('is_of_files', sa.Boolean(), nullable=False),
    _time('made_at', nullable=False),
    sa.ForeignKeyConstraint(['flow'], ['version_parts.digest'], ),
    sa.ForeignKeyConstraint(['intents'], ['version_parts.digest'], ),
    sa.ForeignKeyConstraint(['prompts'], ['version_parts.digest'], ),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_table('drafts',
    sa.Column('draft_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('base', sa.Integer(), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('flow', sa.Text(), nullable=False),
    sa.Column('prompts', sa.Text(), nullable=False),
    sa.Column('intents', sa.Text(), nullable=False),
    _time('changed_at', nullable=False),
    sa.ForeignKeyConstraint(['base'], ['versions.number'], ),
    sa.PrimaryKeyConstraint('draft_id')
    )
    op.create_table('publications',
    sa.Column('publication_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    _time('live_from', nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    _time('at', nullable=False),
    _time('cancelled_at', nullable=True),
    sa.Column('cancelled_by', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['version'], ['versions.number'], ),
    sa.PrimaryKeyConstraint('publication_id')
    )
    op.create_index('publications_by_start', 'publications', ['live_from', 'publication_id'], unique=False)
    op.create_table('version_approvals',
    sa.Column('approval_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('is_approved', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    _time('at', nullable=False),
    sa.ForeignKeyConstraint(['version'], ['versions.number'], ),
    sa.PrimaryKeyConstraint('approval_id')
    )
    op.create_table('version_checks',
    sa.Column('check_id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('base', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=120), nullable=False),
    _time('begun_at', nullable=False),
    _time('ended_at', nullable=True),
    sa.Column('findings', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['version'], ['versions.number'], ),
    sa.PrimaryKeyConstraint('check_id')
    )
    op.create_index('checks_of_version', 'version_checks', ['version', 'check_id'], unique=False)
    op.create_index('approvals_of_version', 'version_approvals', ['version', 'approval_id'], unique=False)
    for statement in _TRIGGERS.get(op.get_bind().dialect.name, ()):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index('checks_of_version', table_name='version_checks')
    op.drop_table('version_checks')
    op.drop_index('approvals_of_version', table_name='version_approvals')
    op.drop_table('version_approvals')
    op.drop_index('publications_by_start', table_name='publications')
    op.drop_table('publications')
    op.drop_table('drafts')
    op.drop_table('versions')
    op.drop_table('version_parts')
    op.drop_table('recordings')
    op.drop_index('draft_edits_of_epoch', table_name='draft_edits')
    op.drop_table('draft_edits')
    op.drop_index('audit_by_time', table_name='audit_entries')
    op.drop_index('audit_by_subject', table_name='audit_entries')
    op.drop_index('audit_by_act', table_name='audit_entries')
    op.drop_table('audit_entries')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION audit_refuses()')
