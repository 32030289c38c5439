"""Columns that held words or names in the clear have room for them sealed; what lies in them is sealed behind this revision.

Sealing needs the keys and takes its time, so `ivr.database.upgrade` does it in batches between this revision and the next one.
"""

import sqlalchemy as sa
from alembic import op

from ivr.database import METADATA
from sealing import resealing

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

# Table, column, and the type that it had.
WIDENED = [
    ('customers', 'name', sa.String(length=120), None),
    ('customers', 'email', sa.String(length=200), None),
    ('turns', 'keys', sa.String(length=40), None),
    ('turns', 'hearing', sa.Text(), '{}'),
]


def upgrade() -> None:
    for table, column, _, _ in WIDENED:
        # The empty value alone may lie unsealed: no default of the database stands in a sealed column.
        _replace(table, sa.Column(column, sa.Text(), server_default='', nullable=False), sa.text(f'{column}_before'))


def downgrade() -> None:
    connection = op.get_bind()
    for place in resealing.places(METADATA, connection):
        resealing.unseal(connection, place)
    for table, column, type_, default in WIDENED:
        length = getattr(type_, 'length', None)
        kept = f'substr({column}_before, 1, {length})' if length else f'{column}_before'
        _replace(table, sa.Column(column, type_, server_default=default or '', nullable=False), sa.text(kept))


def _replace(table, column, values) -> None:
    # Not in batches, as in 0002. SQLite changes no column's type, but it renames and drops columns in place.
    before = f'{column.name}_before'
    op.execute(f'ALTER TABLE {table} RENAME COLUMN {column.name} TO {before}')
    op.add_column(table, column)
    op.execute(sa.table(table, sa.column(column.name)).update().values({column.name: values}))
    op.drop_column(table, before)
