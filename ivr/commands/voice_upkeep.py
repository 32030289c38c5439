"""`centralino voice status` and `voice drift`: how the enrolled voices stand, and whether the threshold still keeps its promise.

Both read the database and change nothing.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import click
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from biometrics.background import LEAST_VOICES
from biometrics.calibration import LEAST_IMPOSTORS, Calibration, CalibrationError, Tail
from biometrics.encoders import NoEncoder
from biometrics.vault import Blocked, Collecting, Enrolled, KnownVoice, OtherEncoder, Unreadable, Vault
from ivr import database
from ivr.calls.voice_threshold import enrolled_last, look_at_threshold
from ivr.commands.terminal import Trouble, chosen_settings, console
from ivr.settings import Settings
from ivr.voices import calibration_file, settings_encoder


@dataclass(frozen=True, kw_only=True)
class _Voices:
    """The voices of an installation, as a command finds them."""

    encoder: str  # "" where none can be had
    encoder_lacks: str
    calibration: Calibration | None
    calibration_lacks: str
    counts: Counter[str]
    background: int


@dataclass(frozen=True, kw_only=True)
class _Drift:
    """What the deployment's own pairs of different customers say of the threshold."""

    pairs: int
    customers: int
    promised_from: float  # the calibration's threshold
    own: Tail
    true_accepts: float  # the share of the pairs that the calibration's threshold accepts
    has_drifted: bool


@click.command()
@click.pass_obj
def status(file: Path | None) -> None:
    """Say how many voices are enrolled, and what they are compared with."""
    chosen = chosen_settings(file)
    with _session(chosen) as session:
        found = _voices(session, chosen)
        drift_found = _drift(session, chosen, found)
    table = Table(show_header=False)
    table.add_row("encoder", found.encoder or f"none: {found.encoder_lacks}")
    calibration = found.calibration.made_on if found.calibration else f"none: {found.calibration_lacks}"
    table.add_row("calibration made on", calibration)
    for name in ("enrolled", "locked", "being collected", "of another encoder", "blocked", "unreadable"):
        table.add_row(f"voices {name}", str(found.counts[name]))
    enough = "" if found.background >= LEAST_VOICES else f" (counts from {LEAST_VOICES} on)"
    table.add_row("voices in the background", f"{found.background}{enough}")
    table.add_row("drift", drift_found if isinstance(drift_found, str) else _told(drift_found, chosen))
    console.print(table)


@click.command()
@click.pass_obj
def drift(file: Path | None) -> None:
    """Compare the enrolled voices of different customers, and say whether the threshold still keeps its promise.

    Exit code 1 where it does not, or where that cannot be said.
    """
    chosen = chosen_settings(file)
    with _session(chosen) as session:
        found = _drift(session, chosen, _voices(session, chosen))
    if isinstance(found, str):
        raise Trouble(found)
    wanted = chosen.voice_false_accepts
    console.print(f"{found.pairs} comparisons between {found.customers} customers")
    table = Table("", "log likelihood ratio")
    table.add_row(f"threshold of the calibration for {wanted:.2%}", f"{found.promised_from:.2f}")
    table.add_row(f"threshold of these comparisons for {wanted:.2%}", f"{found.own.threshold(wanted):.2f}")
    console.print(table)
    sentence = _told(found, chosen)
    if found.has_drifted:
        raise Trouble(f"{sentence}: make a calibration on calls of today (`centralino voice calibrate`)")
    console.print(f"[green]✓[/] {sentence}", soft_wrap=True)


def _told(found: _Drift, chosen: Settings) -> str:
    moved = "has drifted" if found.has_drifted else "keeps its promise"
    wanted = f"{chosen.voice_false_accepts:.2%}"
    return f"the threshold {moved}: {found.true_accepts:.2%} of different customers accepted, {wanted} wanted"


def _voices(session: Session, chosen: Settings) -> _Voices:
    encoder = settings_encoder(chosen)
    name = "" if isinstance(encoder, NoEncoder) else encoder.name
    calibration = _calibration(chosen)
    vault = Vault(chosen.key_ring)
    counts: Counter[str] = Counter()
    for customer_id in vault.customers(session):
        known = vault.voiceprint_of(session, customer_id, name)
        if known is not None:
            counts[_state(known)] += 1
        counts["locked"] += vault.is_locked(session, customer_id)
    return _Voices(
        encoder=name,
        encoder_lacks=encoder.reason if isinstance(encoder, NoEncoder) else "",
        calibration=calibration if isinstance(calibration, Calibration) else None,
        calibration_lacks=calibration if isinstance(calibration, str) else "",
        counts=counts,
        background=len(vault.background(session, name)),
    )


def _state(known: KnownVoice) -> str:
    match known:
        case Enrolled():
            return "enrolled"
        case Collecting():
            return "being collected"
        case Blocked():
            return "blocked"
        case OtherEncoder():
            return "of another encoder"
        case Unreadable():
            return "unreadable"
        case _:
            assert_never(known)


def _drift(session: Session, chosen: Settings, found: _Voices) -> _Drift | str:
    """Say what the pairs of different customers tell, or what is missing for that."""
    calibration = found.calibration
    if calibration is None:
        return f"there is no calibration: {found.calibration_lacks}"
    if calibration.encoder != found.encoder:
        return f"the calibration is of the encoder {calibration.encoder}, not of {found.encoder or 'any that is there'}"
    wanted = chosen.voice_false_accepts
    voiceprints = enrolled_last(session, Vault(chosen.key_ring), found.encoder)
    threshold = look_at_threshold(voiceprints, calibration=calibration, wanted_false_accepts=wanted)
    if threshold.own is None:
        return (
            f"{threshold.customers} enrolled customers give {threshold.pairs} comparisons, it takes {LEAST_IMPOSTORS}"
        )
    return _Drift(
        pairs=threshold.pairs,
        customers=threshold.customers,
        promised_from=calibration.tail.threshold(wanted),
        own=threshold.own,
        true_accepts=threshold.false_accepts,
        has_drifted=threshold.has_drifted,
    )


def _calibration(chosen: Settings) -> Calibration | str:
    """Read the calibration of the settings, or say why there is none."""
    file = calibration_file(chosen)
    if file is None:
        return f"{chosen.voice} has none; `centralino voice calibrate` makes one"
    try:
        return Calibration.read(file.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    except (UnicodeDecodeError, CalibrationError) as error:
        return f"{file}: {error}"


@contextmanager
def _session(chosen: Settings) -> Iterator[Session]:
    engine = database.make_engine(chosen.database_url, chosen.key_ring)
    try:
        if not database.is_at_head(engine):
            raise Trouble("database_url: its tables are not those of this version: `centralino database upgrade` first")
        with database.reading_session_factory(engine)() as session:
            yield session
    except SQLAlchemyError as error:
        raise Trouble(f"database_url: the database does not do it: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()
