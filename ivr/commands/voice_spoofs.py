"""`centralino voice countermeasure`: scores this line's own calls with the network of the settings, and calibrates it on them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import numpy as np
from rich.table import Table

from biometrics import countermeasure as countermeasures
from biometrics.calibration import CalibrationError
from biometrics.countermeasure import Countermeasure, NoCountermeasure, Score
from biometrics.net_speech import NoDetectorError, net_speech
from biometrics.recordings import LabelledCall, LeftOut, RecordingsError, find_calls, hear
from ivr.commands.terminal import Trouble, chosen_settings, console

# What a turn is: networks of this kind look at some four seconds (AASIST: 64,600 samples at 16 kHz).
_TURN_SECONDS: Final = 4.0
_QUANTILES: Final = (0.001, 0.01, 0.1, 0.5, 0.9)


@click.command("countermeasure")
@click.argument("calls", metavar="FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--attacks",
    metavar="FOLDER",
    type=click.Path(exists=True, path_type=Path),
    help="Played and made voices, recorded over this line: only with them may a score prove a living caller.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The JSON file; without it, scores are shown.",
)
@click.pass_obj
def countermeasure(file: Path | None, *, calls: Path, attacks: Path | None, target: Path | None) -> None:
    """Score calls of real callers (folders as for `calibrate`) and learn below which score speech counts as made.

    One real caller in a thousand will be taken for a machine; published networks, at their own limits, reject most.
    """
    network = countermeasures.load(chosen_settings(file).countermeasure_model)
    if isinstance(network, NoCountermeasure):
        raise Trouble(network.reason)
    real = _scores(network, calls)
    false = _scores(network, attacks) if attacks is not None else []
    _show(network.name, real, false)
    if target is None:
        return
    try:
        made = countermeasures.calibrate(
            real, countermeasure=network.name, made_on=str(calls), scores_of_attacks=tuple(false)
        )
        target.write_text(made.to_json(), encoding="utf-8")
    except CalibrationError as error:
        raise Trouble(f"{calls}: {error}") from None
    except OSError as error:
        raise Trouble(f"{target} cannot be written: {error.strerror}") from None
    console.print(f"[green]✓[/] {target}: below {made.synthetic_below:.3f} speech counts as made", soft_wrap=True)
    console.print(f'countermeasure_calibration = "{target.resolve()}"', markup=False, soft_wrap=True)


def _scores(network: Countermeasure, place: Path) -> list[float]:
    try:
        found = find_calls(place)
        return [score for call in found.calls for score in _scores_of(network, call)]
    except (RecordingsError, NoDetectorError) as error:
        raise Trouble(str(error)) from None


def _scores_of(network: Countermeasure, call: LabelledCall) -> Iterator[float]:
    """A score for each four seconds of net speech; of the rest at the end of a call where it is half as much at least."""
    heard = hear(call)
    if isinstance(heard, LeftOut):
        return
    speech = net_speech(heard.sound, heard.rate_hz)
    turn = round(_TURN_SECONDS * heard.rate_hz)
    for begin in range(0, max(0, speech.size - turn // 2 + 1), turn):
        score = network.score(speech[begin : begin + turn], heard.rate_hz)
        if isinstance(score, Score):
            yield score.value


def _show(name: str, real: Sequence[float], false: Sequence[float]) -> None:
    table = Table(name, *(f"{quantile:.1%}" for quantile in _QUANTILES), "turns")
    for whose, scores in (("real callers", real), ("attacks", false)):
        if scores:
            table.add_row(whose, *(f"{number:.3f}" for number in np.quantile(scores, _QUANTILES)), str(len(scores)))
    console.print(table)
