"""`centralino voice train`: teaches the line encoder anew, on a company's own wide-band recordings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from biometrics.net_speech import NoDetectorError
from biometrics.teaching_speech import Read, read_voices
from ivr.commands.terminal import Trouble, console, errors

_SHOWN_LEFT_OUT: Final = 20


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--teacher",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="pretrained.pt of the package resemblyzer; without it, that of the installed package.",
)
@click.option("--to", "target", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
@click.option("--steps", type=click.IntRange(1, 100_000), default=1000, show_default=True)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="The same recordings and seed give the same encoder."
)
def train(folder: Path, teacher: Path | None, target: Path, steps: int, seed: int) -> None:
    r"""Teach a copy of the packaged encoder to hear voices over the telephone as at wide band.

    \b
    FOLDER holds a folder for each voice with any number of recordings:
      FOLDER/VOICE/*.wav   (or .flac, .ogg; 16 kHz or more; one person)
    Nobody has to be named. It takes memory for six times the recordings, and minutes to hours of both cores.
    """
    if target.exists() and any(target.iterdir()):
        raise Trouble(f"{target}: there is something already; give a new folder")
    weights = teacher or _packaged()
    try:
        with _progress("hearing voices") as progress:
            read = read_voices(folder, progress)
    except NoDetectorError as error:
        raise Trouble(str(error)) from None
    _tell(read)
    try:
        from biometrics.teaching import (  # noqa: PLC0415 - loads torch, for this command alone
            Lesson,
            Recording,
            TeachingError,
            packaged_teacher,
            teach,
        )
    except ImportError as error:
        raise Trouble(f"{error.name} is not installed: pip install centralino[voice-training]") from None
    try:
        with _progress("teaching") as progress:
            taught = teach(
                [Recording(name=name, speech=speech) for name, speech in read.voices.items()],
                teacher=packaged_teacher(weights),
                to=target / "line_encoder.onnx",
                lesson=Lesson(steps=steps, seed=seed),
                progress=progress,
            )
    except TeachingError as error:
        raise Trouble(f"{folder}: {error}") from None
    console.print(
        f"[green]✓[/] {target}: {len(read.voices)} voices, {taught.windows} windows; likeness of telephone to wide band "
        f"{taught.likeness_before:.2f} before, {taught.likeness_after:.2f} after; {taught.exported.size_bytes / 1e6:.1f} MB",
        soft_wrap=True,
    )
    console.print("It needs a calibration of its own: `centralino voice calibrate`.", markup=False)
    console.print(f'voice_encoder = "{(target / "line_encoder.onnx").resolve()}"', markup=False, soft_wrap=True)


def _packaged() -> Path:
    # Looked for and not imported: the package wants librosa and a compiler, of which nothing is needed for its weights.
    found = find_spec("resemblyzer")
    if found is None or found.origin is None:
        raise Trouble(
            "the packaged encoder is not here: pip install --no-deps resemblyzer, or give --teacher pretrained.pt"
        )
    return Path(found.origin).parent / "pretrained.pt"


def _tell(read: Read) -> None:
    for one in read.left_out[:_SHOWN_LEFT_OUT]:
        errors.print(f"not used: {one}", style="yellow", markup=False, soft_wrap=True)
    if len(read.left_out) > _SHOWN_LEFT_OUT:
        errors.print(f"and {len(read.left_out) - _SHOWN_LEFT_OUT} more", style="yellow")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors,
        transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
