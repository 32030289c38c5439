"""`centralino routing`: what a past day would have been with other skills, people or rings; and how wrong estimates were."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr import database
from ivr.commands.terminal import Trouble, chosen_settings, console, errors
from routing import estimate_query, what_if_asked, what_if_query
from routing.what_if import FIGURES, MOST_REPLICATIONS, USUAL_REPLICATIONS, Estimated, WhatIf, what_if
from routing.what_if_day import AddedAgents, Change, ChangeError, PastDay
from routing.what_if_plot import waits_png, waits_svg

_FIGURES: Final[Mapping[str, str]] = {
    "answered": "answered, share of all calls",
    "mean_wait_seconds": "mean wait of the answered, s",
    "slow_wait_seconds": "nine of ten answered within, s",
    "service_level": "answered in time, share of all calls",
    "level_distance": "levels between asked and given",
    "first_ring": "answered in the first ring, share",
    "preferred": "got the agent they wanted, share",
}
_REASONS: Final[Mapping[str, str]] = {
    "what_if_day_empty": "there are no calls on that day",
    "what_if_too_many_calls": "the day has too many calls to be run",
    "what_if_agent_unknown": "nobody of that name was there that day",
    "what_if_level_wrong": "a level is 1 to 5, or 0 to take a skill away",
    "what_if_too_many_agents": "so many agents cannot be added",
    "what_if_no_skills": "added agents need a skill, such as orders=3",
    "what_if_queue_unknown": "there is no such queue",
    "what_if_skills_unread": "skills are written as orders=3,billing=1",
    "what_if_rings_unread": "rings are written as '0; 30: level; 120: level, skill', from 0 on and rising",
    "what_if_order_unknown": "there is no such order of agents",
    "what_if_hours_unread": "hours are written as 08:00-17:00",
}
_PLOT: Final[Mapping[str, str]] = {
    "hour": "hour of the day",
    "seconds": "mean wait, s",
    "really": "really",
    "before": "replayed",
    "after": "with the change",
    "alt": "Mean waits by the hour of the day",
}
# Beyond the usual, so that a person at the keyboard may wait for more certainty; the run ends with what it has.
_LONGEST_SECONDS: Final = 600


@click.group()
def routing() -> None:
    """Who takes which call: what would have been, and how good the estimates are."""


@routing.command(name="what-if")
@click.argument("day", type=click.DateTime(formats=["%Y-%m-%d"]))
@click.option(
    "--skill", "skills", multiple=True, metavar="AGENT:SKILLS", help="anna:orders=4,billing=0 (0 takes a skill away)."
)
@click.option(
    "--add",
    "added",
    multiple=True,
    metavar="N:SKILLS[@HH:MM-HH:MM]",
    help="2:orders=3,billing=1@08:00-17:00: people more.",
)
@click.option("--remove", "removed", multiple=True, metavar="AGENT", help="Somebody who was there, to be left out.")
@click.option(
    "--rings", "rings", multiple=True, metavar="QUEUE:RINGS", help="'general:0; 30: level; 120: level, skill'."
)
@click.option("--order", "orders", multiple=True, metavar="QUEUE:ORDER", help="general:longest_idle.")
@click.option(
    "--replications", type=click.IntRange(2, MOST_REPLICATIONS), default=USUAL_REPLICATIONS, show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same answer.")
@click.option(
    "--json", "as_json", type=click.Path(dir_okay=False, path_type=Path), help="Write the answer here as JSON."
)
@click.option("--csv", "as_csv", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here as CSV.")
@click.option(
    "--plot", "as_plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the waits here, as .svg or .png."
)
@click.pass_obj
def what_if_command(
    file: Path | None,
    /,
    *,
    day: datetime,
    replications: int,
    seed: int,
    as_json: Path | None,
    as_csv: Path | None,
    as_plot: Path | None,
    **asked: tuple[str, ...],
) -> None:
    """Re-run a past DAY (YYYY-MM-DD) with other skills, people or rings, and show how callers would have fared.

    Without a change the day is replayed as it was: the first two columns then tell how well the replay reproduces it.
    """
    with _refusals(), _session(file) as session:
        past = what_if_query.past_day(session, day.date())
        change = _change(past, **asked)
        found = _run(past, change, replications, seed)
    _show(found, day.date())
    if as_json is not None:
        as_json.write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    if as_csv is not None:
        with as_csv.open("w", encoding="utf-8", newline="") as into:
            csv.writer(into).writerows(found.rows())
    if as_plot is not None:
        drawn = waits_svg(found, _PLOT).encode() if as_plot.suffix == ".svg" else waits_png(found, _PLOT)
        as_plot.write_bytes(drawn)


@routing.command(name="estimates")
@click.option(
    "--days", type=click.IntRange(1, 366), default=7, show_default=True, help="Callers who came in so many days."
)
@click.pass_obj
def estimates(file: Path | None, days: int) -> None:
    """Show how wrong the waits were that callers were told, by queue and hour."""
    now = _now()
    with _refusals(), _session(file) as session:
        found = estimate_query.estimate_error(session, now - timedelta(days=days), now)
    if not found:
        raise Trouble("nobody who was told an estimate has been answered in that time")
    table = Table("queue", "hour", "told", "mean error, s", "told too much by, s", "range held")
    for one in found:
        table.add_row(
            one.queue or "all", "" if one.hour is None else f"{one.hour:02}", str(one.told), f"{one.error_seconds:.0f}",
            f"{one.bias_seconds:+.0f}", f"{one.within:.0%}",
        )  # fmt: skip
    console.print(table)


def _change(
    past: PastDay,
    *,
    skills: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    rings: tuple[str, ...],
    orders: tuple[str, ...],
) -> Change:
    by_queue: dict[str, dict[str, str]] = {}
    for texts, key in ((rings, "rings_text"), (orders, "order")):
        for text in texts:
            queue_id, _, wanted = text.partition(":")
            by_queue.setdefault(queue_id.strip(), {})[key] = wanted.strip()
    queues = []
    for queue_id, wanted_of in by_queue.items():
        if queue_id not in past.queues:
            raise ChangeError("what_if_queue_unknown", queue_id)
        queues.append(what_if_asked.queue(past.queues[queue_id], **wanted_of))
    pairs = [text.partition(":") for text in skills]
    return Change(
        skills={agent_id.strip(): what_if_asked.skills(wanted) for agent_id, _, wanted in pairs},
        added=tuple(_added(text) for text in added),
        removed=removed,
        queues=tuple(queues),
    )


def _added(text: str) -> AddedAgents:
    count, _, rest = text.partition(":")
    wanted, _, hours = rest.partition("@")
    if not count.strip().isdecimal():
        raise ChangeError("what_if_skills_unread", text)
    shift = what_if_asked.shift(*(hours or "08:00-17:00").split("-", 1)) if "-" in hours or not hours else None
    if shift is None:
        raise ChangeError("what_if_hours_unread", hours)
    return AddedAgents(count=int(count), skills=what_if_asked.skills(wanted), shift=shift)


def _run(past: PastDay, change: Change, replications: int, seed: int) -> WhatIf:
    until = _now() + timedelta(seconds=_LONGEST_SECONDS)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(f"{len(past.calls)} calls, {len(past.agents)} agents", total=replications)

        def go_on(done: int, total: int) -> bool:
            progress.update(task, completed=done, total=total)
            return _now() < until

        return what_if(past, change, replications=replications, seed=seed, go_on=go_on)


def _show(found: WhatIf, day: date) -> None:
    table = Table("figure", "really", "replayed", "with the change", "difference", title=f"{day}: {found.calls} calls")
    for name in FIGURES:
        really = getattr(found.really, name)
        table.add_row(
            _FIGURES[name], "-" if really is None else _number(name, really), _spread(name, found.before[name]),
            _spread(name, found.after[name]), _spread(name, found.difference[name], sign="+"),
        )  # fmt: skip
    console.print(table)
    console.print(f"95% intervals over {found.replications} replications")


def _spread(name: str, one: Estimated, sign: str = "") -> str:
    if one.mean is None:
        return "-"
    return _number(name, one.mean, sign) + ("" if one.half is None else f" ± {_number(name, one.half)}")


def _number(name: str, value: float, sign: str = "") -> str:
    return f"{value:{sign}.1f}" if name.endswith("seconds") else f"{value:{sign}.3f}"


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ChangeError as error:
        said = _REASONS.get(error.reason, error.reason)
        raise Trouble(f"{said}: {error.value}" if error.value else said) from None
    except SQLAlchemyError as error:
        raise Trouble(f"the database does not answer: {type(error).__name__}") from None


@contextmanager
def _session(file: Path | None) -> Iterator[Session]:
    chosen = chosen_settings(file)
    engine = database.make_engine(chosen.database_url, chosen.key_ring)
    try:
        if not database.is_at_head(engine):
            raise Trouble("database_url: its tables are not those of this version: `centralino database upgrade` first")
        with database.reading_session_factory(engine)() as session:
            yield session
    finally:
        engine.dispose()


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the edge reads the clock
