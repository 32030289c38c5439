"""`centralino voice`: which encoder knows voices here, what it is worth on labelled calls, and how the enrolled voices stand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import click
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from biometrics.calibration import Calibration, CalibrationError
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.evaluation import Compared, Judged, compared, judged_by, judged_crosswise, learnt
from biometrics.net_speech import NoDetectorError
from biometrics.recordings import Heard, LeftOut, RecordingsError, find_calls
from biometrics.report import Facts, lengths_of, make_report
from biometrics.report_words import Language
from biometrics.trials import Design, Gathered, comparisons, gather, lacking
from ivr import audio
from ivr.commands.terminal import Trouble, chosen_settings, console, errors
from ivr.commands.voice_spoofs import countermeasure
from ivr.commands.voice_training import train
from ivr.commands.voice_upkeep import drift, status
from ivr.settings import Settings
from ivr.voices import settings_encoder

_Command = TypeVar("_Command", bound=Callable[..., Any])
_ENROLMENT_SECONDS: Final = 20.0
_SHOWN_LEFT_OUT: Final = 20
_DIGEST_SHOWN: Final = 12
_FULL_SCALE: Final = 32_767


@click.group()
def voice() -> None:
    """The voice instead of a PIN: its encoder, its calibration, the enrolled voices."""


voice.add_command(status)
voice.add_command(drift)
voice.add_command(train)
voice.add_command(countermeasure)


def _about_the_calls(command: _Command) -> _Command:
    """Give a command the labelled calls and how they are to be used."""
    options = (
        click.argument("calls", metavar="FOLDER", type=click.Path(exists=True, path_type=Path)),
        click.option(
            "--enrolment", type=click.FloatRange(10, 60), default=_ENROLMENT_SECONDS, show_default=True,
            help="Seconds of net speech that a speaker is enrolled with.",
        ),
        click.option(
            "--same-gender", is_flag=True, help="Impostors of the speaker's own gender only; calls.csv has a column gender."
        ),
        click.option(
            "--as-telephone", is_flag=True, help="Bring the sound down to a telephone's first: 300-3400 Hz, mu-law."
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@voice.command()
@_about_the_calls
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The JSON file.")
@click.pass_obj
def calibrate(
    file: Path | None, *, calls: Path, enrolment: float, same_gender: bool, as_telephone: bool, target: Path
) -> None:
    r"""Learn what the encoder's scores mean from labelled calls, and write it to a file.

    \b
    FOLDER holds a folder for each speaker with a file for each call:
      FOLDER/SPEAKER/CALL.wav   (or .flac; 8 or 16 kHz; the speaker alone)
    or a calls.csv with the columns file,speaker,call and, if known, gender; it may be given instead of the folder.
    """
    chosen = chosen_settings(file)
    design = Design(enrolment_seconds=enrolment, same_gender=same_gender)
    speaker_encoder = _loaded(chosen)
    with _to_be_written(target) as write:
        found = _compared(speaker_encoder, calls, design, as_telephone=as_telephone)
        made_on = (
            f"{found.place}: {len(found.gathered.voices)} speakers, {found.gathered.calls} calls, {_now():%Y-%m-%d}, "
            f"recordings {found.fingerprint}"
        )
        try:
            calibration = learnt(found.pairs, encoder=found.encoder, made_on=made_on)
        except CalibrationError as error:
            raise Trouble(f"{calls}: {error}") from None
        write(calibration.to_json())
    console.print(f"[green]✓[/] {target}: {found}", soft_wrap=True)
    threshold = calibration.tail.threshold(chosen.voice_false_accepts)
    console.print(
        f"It accepts from a log likelihood ratio of {threshold:.2f} on, for {chosen.voice_false_accepts:.2%} of false accepts; "
        f"`centralino voice report {calls} --to report.html` says what that is worth. In the settings:",
        soft_wrap=True, markup=False,
    )  # fmt: skip
    console.print(f'voice_calibration = "{target.resolve()}"', markup=False, soft_wrap=True)


@voice.command()
@_about_the_calls
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The HTML file.")
@click.option(
    "--calibration",
    "calibration_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Measure this one; without it, one is made on the calls themselves, never on the speakers it is measured with.",
)
@click.option(
    "--language", type=click.Choice(["it", "en"]), default=None, help="Of the page; default_language without it."
)
@click.option(
    "--resamples",
    type=click.IntRange(100, 10_000),
    default=1000,
    show_default=True,
    help="For the confidence intervals.",
)
@click.pass_obj
def report(
    file: Path | None, *, calls: Path, enrolment: float, same_gender: bool, as_telephone: bool, target: Path,
    calibration_file: Path | None, language: Language | None, resamples: int,
) -> None:  # fmt: skip
    """Measure on labelled calls (as for `calibrate`) how well voices are known, as one page of HTML with plots."""
    chosen = chosen_settings(file)
    design = Design(enrolment_seconds=enrolment, same_gender=same_gender)
    calibration = None if calibration_file is None else _read(calibration_file)
    speaker_encoder = _loaded(chosen)
    if calibration is not None and calibration.encoder != speaker_encoder.name:
        raise Trouble(f"{calibration_file}: it is of the encoder {calibration.encoder}, not of {speaker_encoder.name}")
    with _to_be_written(target) as write:
        found = _compared(speaker_encoder, calls, design, as_telephone=as_telephone)
        facts = Facts(
            place=found.place,
            digest=found.fingerprint,
            made_on=_now().date(),
            encoder=found.encoder,
            calibration="" if calibration is None else calibration.made_on,
            is_of_these_recordings=calibration is not None and found.fingerprint in calibration.made_on,
            design=design,
            is_as_telephone=as_telephone,
            rates_hz=found.gathered.rates_hz,
            speakers=len(found.gathered.voices),
            calls=found.gathered.calls,
            lengths=lengths_of(_judged(found, calibration, chosen.voice_false_accepts), found.gathered),
            left_out=found.gathered.left_out,
            false_accepts=chosen.voice_false_accepts,
            resamples=resamples,
        )
        with _progress("measuring") as progress:
            write(make_report(facts, language or chosen.default_language, progress))
    console.print(f"[green]✓[/] {target}: {found}", soft_wrap=True)


@voice.command()
@click.pass_obj
def encoder(file: Path | None) -> None:
    """Load the encoder of the settings, and say which it is; one whose checksum does not hold is refused."""
    chosen = chosen_settings(file)
    found = _loaded(chosen)
    console.print(f"[green]✓[/] voice = {chosen.voice}: {found.name} is loaded; its checksum holds", soft_wrap=True)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Labelled calls, heard and compared."""

    place: str
    fingerprint: str  # of the recordings
    encoder: str
    gathered: Gathered
    pairs: Sequence[Compared]

    def __str__(self) -> str:
        return f"{len(self.gathered.voices)} speakers, {self.gathered.calls} calls, {len(self.pairs)} comparisons"


def _loaded(chosen: Settings) -> SpeakerEncoder:
    found = settings_encoder(chosen)
    if isinstance(found, NoEncoder):
        raise Trouble(f"voice = {chosen.voice}: {found.reason}")
    return found


def _compared(encoder: SpeakerEncoder, calls: Path, design: Design, *, as_telephone: bool) -> _Found:
    """Hear the calls and compare everybody with everybody; say what is left out. Raises Trouble where that is too little."""
    try:
        labelled = find_calls(calls)
        with _progress("hearing calls") as progress:
            gathered = gather(
                labelled, encoder=encoder, design=design, at=_now(), progress=progress,
                prepared=_by_telephone if as_telephone else _as_it_is,
            )  # fmt: skip
    except (RecordingsError, NoDetectorError) as error:
        raise Trouble(str(error)) from None
    _tell_left_out(gathered.left_out)
    missing = lacking(gathered, design)
    if missing:
        raise Trouble("\n".join(f"{calls}: {sentence}" for sentence in missing))
    return _Found(
        place=calls.resolve().name,
        fingerprint=labelled.digest[:_DIGEST_SHOWN],
        encoder=encoder.name,
        gathered=gathered,
        pairs=compared(comparisons(gathered.voices, design)),
    )


def _judged(found: _Found, calibration: Calibration | None, false_accepts: float) -> Sequence[Judged]:
    voices, pairs = found.gathered.voices, found.pairs
    with _progress("scoring") as progress:
        if calibration is not None:
            return judged_by(calibration, pairs, voices, false_accepts=false_accepts, progress=progress)
        try:
            return judged_crosswise(
                pairs, voices, encoder=found.encoder, false_accepts=false_accepts, progress=progress
            )
        except CalibrationError as error:
            raise Trouble(f"{found.place}: {error}") from None


def _tell_left_out(left_out: Sequence[LeftOut]) -> None:
    for one in left_out[:_SHOWN_LEFT_OUT]:
        errors.print(f"not used: {one}", style="yellow", markup=False, soft_wrap=True)
    if len(left_out) > _SHOWN_LEFT_OUT:
        errors.print(f"and {len(left_out) - _SHOWN_LEFT_OUT} more", style="yellow")


def _as_it_is(heard: Heard) -> Heard:
    return heard


def _by_telephone(heard: Heard) -> Heard:
    """Bring sound to what comes out of a telephone line: 8 kHz, its band, mu-law and back."""
    samples = np.rint(np.clip(heard.sound, -1, 1) * _FULL_SCALE).astype("<i2")
    pcm = audio.telephone_band(audio.resample(samples.tobytes(), heard.rate_hz, audio.RATE_HZ), audio.RATE_HZ)
    heard_pcm = np.frombuffer(audio.ulaw_to_pcm(audio.pcm_to_ulaw(pcm)), dtype="<i2")
    return Heard(sound=(heard_pcm / (_FULL_SCALE + 1)).astype(np.float32), rate_hz=audio.RATE_HZ)


def _read(file: Path) -> Calibration:
    try:
        return Calibration.read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, CalibrationError) as error:
        raise Trouble(f"{file}: {error}") from None


@contextmanager
def _to_be_written(target: Path) -> Iterator[Callable[[str], int]]:
    """Make a file beside the target before the work begins, and put it in the target's place when all of it is there."""
    beside = target.with_name(f".{target.name}-{uuid4().hex}")
    try:
        with beside.open("x", encoding="utf-8") as file:
            yield file.write
        beside.replace(target)
    except OSError as error:
        raise Trouble(f"{target} cannot be written: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar that goes when the work is done."""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors,
        transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the command line is an edge
