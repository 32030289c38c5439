"""Queues, stays and history of routing: the free by skill, callbacks, forced states, receipts of non-decisions."""

from collections import defaultdict
from datetime import timedelta

import sqlalchemy as sa
import sqlalchemy_utc
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

UTC = sqlalchemy_utc.sqltypes.UtcDateTime(timezone=True)


def new_columns() -> list[tuple[str, sa.Column]]:
    return [
        ('routing_agents', sa.Column('wrap_up_until', UTC, nullable=True)),
        ('routing_agent_skills', sa.Column('free_since', UTC, nullable=True)),
        ('routing_agent_skills', sa.Column('basis', sa.String(length=500), server_default='', nullable=False)),
        ('routing_waiting', sa.Column('queue', sa.String(length=64), server_default='general', nullable=False)),
        ('routing_waiting', sa.Column('kind', sa.String(length=32), server_default='call', nullable=False)),
        ('routing_waiting', sa.Column('only_agent_id', sa.String(length=64), nullable=True)),
        ('routing_waiting', sa.Column('not_before', UTC, nullable=True)),
        ('routing_waiting', sa.Column('calling_until', UTC, nullable=True)),
        ('routing_waiting', sa.Column('overflow_at', UTC, nullable=True)),
        ('routing_waiting', sa.Column('explain_at', UTC, nullable=True)),
        ('routing_waiting', sa.Column('explained', sa.String(length=100), server_default='', nullable=False)),
        ('routing_waiting', sa.Column('stay_id', sa.Integer(), nullable=True)),
        ('routing_assignments', sa.Column('stay_id', sa.Integer(), nullable=True)),
    ]


INDEXES = (
    ('routing_agents', 'ix_routing_agents_wrap_up', ('wrap_up_until',), 'wrap_up_until IS NOT NULL'),
    ('routing_agent_skills', 'ix_routing_agent_skills_free', ('skill', 'level', 'free_since', 'agent_id'), 'free_since IS NOT NULL'),
    ('routing_waiting', 'ix_routing_waiting_skill', ('state', 'skill', 'ranked_at', 'call_id'), None),
    ('routing_waiting', 'ix_routing_waiting_overflow', ('overflow_at',), "state = 'waiting'"),
    ('routing_waiting', 'ix_routing_waiting_explain', ('explain_at',), "state = 'waiting'"),
    ('routing_assignments', 'ix_routing_assignments_call', ('call_id',), None),
    ('routing_assignments', 'ix_routing_assignments_wrap_up', ('agent_id',), 'wrap_up_ended_at IS NULL'),
)
# What rows of today say: enough of each table to carry them over.
AGENTS = sa.table(
    'routing_agents',
    *(sa.column(name, sa.String()) for name in ('agent_id', 'state', 'away_reason')),
    *(sa.column(name, UTC) for name in ('state_since', 'idle_since', 'wrap_up_until')),
    sa.column('languages', sa.JSON()),
)
SKILLS = sa.table(
    'routing_agent_skills', sa.column('agent_id', sa.String()), sa.column('skill', sa.String()),
    sa.column('level', sa.Integer()), sa.column('free_since', UTC),
)
WAITING = sa.table(
    'routing_waiting',
    *(sa.column(name, sa.String()) for name in ('call_id', 'skill', 'state', 'ended_reason', 'queue', 'kind')),
    *(sa.column(name, sa.JSON()) for name in ('requirements', 'boosts')),
    *(sa.column(name, sa.Integer()) for name in ('priority', 'stay_id')),
    *(sa.column(name, UTC) for name in ('enqueued_at', 'ended_at', 'explain_at')),
)
ASSIGNMENTS = sa.table(
    'routing_assignments',
    *(sa.column(name, sa.Integer()) for name in ('assignment_id', 'offer_id', 'stay_id')),
    *(sa.column(name, sa.String()) for name in ('call_id', 'agent_id', 'skill')),
    *(sa.column(name, UTC) for name in ('accepted_at', 'connected_at', 'ended_at', 'wrap_up_ended_at')),
)
OFFERS = sa.table(
    'routing_offers', sa.column('offer_id', sa.Integer()), sa.column('call_id', sa.String()), sa.column('offered_at', UTC)
)
STATES = sa.table(
    'routing_agent_states', *(sa.column(name, sa.String()) for name in ('agent_id', 'state', 'away_reason', 'by')),
    *(sa.column(name, UTC) for name in ('at', 'idle_since')),
)
VERSIONS = sa.table(
    'routing_agent_versions', *(sa.column(name, sa.String()) for name in ('agent_id', 'by')), sa.column('at', UTC),
    *(sa.column(name, sa.JSON()) for name in ('skills', 'languages')),
)
# How long a wrap-up lasts in the version before, at the most.
WRAP_UP = timedelta(seconds=180)


def upgrade() -> None:
    # With defaults of the database, and not in batches: as in 0002.
    for table, column in new_columns():
        op.add_column(table, column)
    for table, name, columns, where in INDEXES:
        kept = {} if where is None else {'postgresql_where': sa.text(where), 'sqlite_where': sa.text(where)}
        op.create_index(name, table, list(columns), **kept)
    stays = _create_tables()
    _carry_over_agents()
    _carry_over_calls(stays)


def downgrade() -> None:
    for name in ('routing_what_ifs', 'routing_batons', 'routing_receipts', 'routing_changes', 'routing_queues', 'routing_agent_versions',
                 'routing_agent_states', 'routing_stays'):
        op.drop_table(name)
    # The state is of this revision: whoever is just being called back waits, as the version before knows it.
    op.execute(WAITING.update().where(WAITING.c.state == 'calling').values(state='waiting'))
    for table, name, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
    for table, column in reversed(new_columns()):
        op.drop_column(table, column.name)


def _create_tables() -> sa.Table:
    def text_of(length: int, name: str, **how: object) -> sa.Column:
        return sa.Column(name, sa.String(length=length), nullable=False, **how)

    stays = op.create_table('routing_stays',
    sa.Column('stay_id', sa.Integer(), primary_key=True),
    text_of(64, 'call_id'), text_of(64, 'queue'), text_of(64, 'skill'),
    sa.Column('level', sa.Integer(), nullable=False),
    text_of(32, 'kind'), text_of(32, 'language'),
    sa.Column('requirements', sa.JSON(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('boosts', sa.JSON(), nullable=False),
    sa.Column('transferred', sa.Boolean(), nullable=False),
    sa.Column('enqueued_at', UTC, nullable=False),
    sa.Column('came_at', UTC, nullable=False),
    sa.Column('estimate_seconds', sa.Integer(), nullable=True),
    sa.Column('estimate_low_seconds', sa.Integer(), nullable=True),
    sa.Column('estimate_high_seconds', sa.Integer(), nullable=True),
    sa.Column('estimated_at', UTC, nullable=True),
    sa.Column('first_offered_at', UTC, nullable=True),
    sa.Column('offers', sa.Integer(), nullable=False),
    sa.Column('ring', sa.Integer(), nullable=False),
    sa.Column('left_at', UTC, nullable=True),
    text_of(32, 'outcome'),
    sa.Column('agent_id', sa.String(length=64), nullable=True),
    *(sa.Column(name, UTC, nullable=True) for name in ('accepted_at', 'connected_at', 'ended_at', 'wrap_up_ended_at')),
    sa.Column('held_seconds', sa.Integer(), nullable=False),
    )
    op.create_index('uq_routing_stays_open_call', 'routing_stays', ['call_id'], unique=True,
                    postgresql_where=sa.text("outcome = ''"), sqlite_where=sa.text("outcome = ''"))
    op.create_index('ix_routing_stays_call', 'routing_stays', ['call_id'])
    op.create_index('ix_routing_stays_enqueued', 'routing_stays', ['enqueued_at'])
    op.create_index('ix_routing_stays_queue', 'routing_stays', ['queue', 'enqueued_at'])
    op.create_index('ix_routing_stays_skill', 'routing_stays', ['skill', 'ended_at'])
    op.create_index('ix_routing_stays_agent', 'routing_stays', ['agent_id', 'accepted_at'])
    op.create_table('routing_agent_states',
    sa.Column('change_id', sa.Integer(), primary_key=True),
    text_of(64, 'agent_id'), sa.Column('at', UTC, nullable=False), text_of(32, 'state'),
    sa.Column('idle_since', UTC, nullable=False), text_of(200, 'away_reason'), text_of(64, 'by'),
    )
    op.create_index('ix_routing_agent_states_agent', 'routing_agent_states', ['agent_id', 'at'])
    op.create_index('ix_routing_agent_states_at', 'routing_agent_states', ['at'])
    op.create_table('routing_agent_versions',
    sa.Column('version_id', sa.Integer(), primary_key=True),
    text_of(64, 'agent_id'), sa.Column('at', UTC, nullable=False),
    sa.Column('skills', sa.JSON(), nullable=False), sa.Column('languages', sa.JSON(), nullable=False), text_of(64, 'by'),
    )
    op.create_index('ix_routing_agent_versions_agent', 'routing_agent_versions', ['agent_id', 'at'])
    op.create_table('routing_queues',
    sa.Column('queue_id', sa.String(length=64), primary_key=True),
    sa.Column('content', sa.JSON(), nullable=False), sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', UTC, nullable=False), text_of(64, 'changed_by'),
    )
    op.create_table('routing_changes',
    sa.Column('change_id', sa.Integer(), primary_key=True),
    sa.Column('at', UTC, nullable=False), text_of(64, 'by'), text_of(100, 'what'),
    sa.Column('before', sa.JSON(), nullable=True), sa.Column('after', sa.JSON(), nullable=False),
    )
    op.create_index('ix_routing_changes_what', 'routing_changes', ['what', 'at'])
    op.create_index('ix_routing_changes_at', 'routing_changes', ['at'])
    op.create_table('routing_receipts',
    sa.Column('receipt_id', sa.Integer(), primary_key=True),
    text_of(64, 'call_id'), sa.Column('at', UTC, nullable=False),
    sa.Column('ring', sa.Integer(), nullable=False), sa.Column('content', sa.JSON(), nullable=False),
    )
    op.create_index('ix_routing_receipts_call', 'routing_receipts', ['call_id', 'at'])
    op.create_table('routing_what_ifs',
    sa.Column('run_id', sa.String(length=32), primary_key=True),
    sa.Column('at', UTC, nullable=False), text_of(64, 'by'), text_of(32, 'day'),
    sa.Column('asked', sa.JSON(), nullable=False), text_of(32, 'state'),
    sa.Column('done', sa.Integer(), nullable=False), sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('beat_at', UTC, nullable=False), sa.Column('result', sa.JSON(), nullable=True),
    )
    op.create_index('ix_routing_what_ifs_at', 'routing_what_ifs', ['at'])
    batons = op.create_table('routing_batons', sa.Column('name', sa.String(length=32), primary_key=True))
    op.bulk_insert(batons, [{'name': 'dispatch'}])
    return stays


def _carry_over_agents() -> None:
    """Who is available is free by each skill; the history begins with how each agent stands."""
    since = sa.select(AGENTS.c.idle_since).where(AGENTS.c.agent_id == SKILLS.c.agent_id, AGENTS.c.state == 'available')
    op.execute(SKILLS.update().values(free_since=since.scalar_subquery()))
    connection = op.get_bind()
    skills = defaultdict(dict)
    for one in connection.execute(sa.select(SKILLS)):
        skills[one.agent_id][one.skill] = one.level
    for one in connection.execute(sa.select(AGENTS)).all():
        if one.state == 'wrap_up':
            until = AGENTS.update().where(AGENTS.c.agent_id == one.agent_id).values(wrap_up_until=one.state_since + WRAP_UP)
            connection.execute(until)
        connection.execute(STATES.insert().values(
            agent_id=one.agent_id, at=one.state_since, state=one.state, idle_since=one.idle_since,
            away_reason=one.away_reason, by='',
        ))
        connection.execute(VERSIONS.insert().values(
            agent_id=one.agent_id, at=one.state_since, skills=skills[one.agent_id], languages=one.languages, by='',
        ))


def _carry_over_calls(stays: sa.Table) -> None:
    """A stay for each call that waits, and for each that was answered or gave up: reports go back to the first day."""
    connection = op.get_bind()
    taken, rung = defaultdict(list), defaultdict(list)
    for one in connection.execute(sa.select(ASSIGNMENTS).order_by(ASSIGNMENTS.c.assignment_id)):
        taken[one.call_id].append(one)
    for one in connection.execute(sa.select(OFFERS).order_by(OFFERS.c.offer_id)):
        rung[one.call_id].append(one.offered_at)
    for call in connection.execute(sa.select(WAITING)).all():
        first = {'first_offered_at': min(rung[call.call_id], default=None), 'offers': len(rung[call.call_id])}
        for number, talk in enumerate(taken[call.call_id]):
            times = {name: getattr(talk, name) for name in ('accepted_at', 'connected_at', 'ended_at', 'wrap_up_ended_at')}
            # A call that came back knows only its last coming: an earlier talk began when it was accepted, at the latest.
            came_at = min(call.enqueued_at, talk.accepted_at)
            stay = _stay(call, came_at, 'answered') | times | {'left_at': talk.accepted_at, 'agent_id': talk.agent_id}
            key = connection.execute(stays.insert().values(stay | (first if number == 0 else {}))).inserted_primary_key[0]
            mine = ASSIGNMENTS.c.assignment_id == talk.assignment_id
            connection.execute(ASSIGNMENTS.update().where(mine).values(stay_id=key))
            _belongs(connection, call.call_id, key)
        if call.state in ('waiting', 'offered') or (call.state == 'ended' and not taken[call.call_id]):
            is_over = call.state == 'ended'
            stay = _stay(call, call.enqueued_at, 'abandoned' if is_over else '') | {'left_at': call.ended_at}
            stay |= {} if taken[call.call_id] else first
            _belongs(connection, call.call_id, connection.execute(stays.insert().values(stay)).inserted_primary_key[0])


def _belongs(connection: sa.Connection, call_id: str, stay_id: int) -> None:
    connection.execute(WAITING.update().where(WAITING.c.call_id == call_id).values(stay_id=stay_id))


def _stay(call: sa.Row, came_at: object, outcome: str) -> dict[str, object]:
    wanted = call.requirements
    return {
        'call_id': call.call_id, 'queue': 'general', 'skill': call.skill, 'level': wanted.get('level', 1), 'kind': 'call',
        'language': (wanted.get('languages') or [''])[0], 'requirements': wanted, 'priority': call.priority,
        'boosts': call.boosts, 'transferred': False, 'enqueued_at': came_at, 'came_at': came_at, 'offers': 0, 'ring': 0,
        'outcome': outcome, 'held_seconds': 0,
    }
