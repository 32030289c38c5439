"""`centralino voice` as somebody at a terminal uses it: labelled calls in, a calibration and a page out, or what is missing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from click.testing import CliRunner, Result

from biometrics import line_encoder
from biometrics.calibration import Calibration
from biometrics.encoders import NoEncoder
from biometrics.vault import Collected, Vault
from biometrics.voiceprint import Sample, unit_length
from ivr import database
from ivr.commands import main
from tests.keys import DATA_KEYS, RING
from tests.listeners import SHARED
from tests.unit.biometrics.labelled_calls import write_folder
from tests.voices import CLEAN

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPEAKERS = 12
ENROLMENT = ("--enrolment", "10")


def settings(folder: Path) -> dict[str, str]:
    return {
        "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
        "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
        "CENTRALINO_DATA_KEYS": DATA_KEYS,
        "CENTRALINO_DATABASE_URL": f"sqlite:///{folder / 'line.db'}",
    }


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    # No settings file of whoever runs the tests.
    monkeypatch.chdir(tmp_path)
    return settings(tmp_path)


@pytest.fixture(scope="module")
def encoder_name() -> str:
    """The encoder that is installed with the service; without it there is nothing to try."""
    loaded = line_encoder.load()
    if isinstance(loaded, NoEncoder):
        pytest.skip(loaded.reason)
    return loaded.name


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Labelled calls of real speakers, and what both commands made of them."""

    calls: Path
    calibration: Path
    calibrated: Result
    report: Path
    reported: Result


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, encoder_name: str) -> Trial:
    """Twelve speakers with two calls each, at a telephone's rate, and one file that is no sound."""
    assert encoder_name
    folder = tmp_path_factory.mktemp("voice")
    # Who speaks longest: those with enough for an enrolment of ten seconds and a test of three.
    speakers = sorted(
        (SHARED / "an4").glob("m*"), key=lambda place: -sum(file.stat().st_size for file in place.glob("*"))
    )
    if len(speakers) < SPEAKERS:
        pytest.skip("the recordings of AN4 are not on this machine (../shared/data)")
    for speaker in speakers[:SPEAKERS]:
        said = [soundfile.read(file, dtype="float32")[0] for file in sorted(speaker.glob("*.flac"))]
        place = folder / "calls" / speaker.name
        place.mkdir(parents=True)
        for name, part in (("1", said[:-5]), ("2", said[-5:])):
            soundfile.write(place / f"{name}.flac", soxr.resample(np.concatenate(part), 16_000, 8000), 8000)
    (folder / "calls" / speakers[0].name / "3.wav").write_text("not a sound")
    calibration, report = folder / "calibration.json", folder / "report.html"
    calls = str(folder / "calls")
    calibrated = run(settings(folder), "calibrate", calls, *ENROLMENT, "--to", str(calibration))
    reported = run(settings(folder), "report", calls, *ENROLMENT, "--to", str(report), "--resamples", "100")
    return Trial(
        calls=folder / "calls", calibration=calibration, calibrated=calibrated, report=report, reported=reported
    )


def run(environment: Mapping[str, str], *arguments: str, **changed: str) -> Result:
    return CliRunner().invoke(main, ["voice", *arguments], env={**environment, "COLUMNS": "200", **changed})


def test_calibration_is_learnt_from_real_calls(trial: Trial, encoder_name: str) -> None:
    assert trial.calibrated.exit_code == 0, trial.calibrated.output
    assert "3.wav: it cannot be read as sound" in trial.calibrated.output
    assert f'voice_calibration = "{trial.calibration}"' in trial.calibrated.output
    made = Calibration.read(trial.calibration.read_text(encoding="utf-8"))
    assert made.encoder == encoder_name
    assert made.made_on.startswith("calls: ")


def test_report_of_real_calls_is_one_page_in_the_settings_language(trial: Trial) -> None:
    assert trial.reported.exit_code == 0, trial.reported.output
    page = trial.report.read_text(encoding="utf-8")
    assert '<html lang="it">' in page
    assert "non si può leggere come suono" in page
    assert page.count("<svg ") >= 3


def test_nothing_stays_beside_what_was_written(trial: Trial) -> None:
    left = {entry.name for entry in trial.report.parent.iterdir() if not entry.name.startswith("line.db")}
    assert left == {"calls", "calibration.json", "report.html"}


def test_calibration_of_another_encoder_measures_nothing(
    trial: Trial, environment: Mapping[str, str], tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    made = json.loads(trial.calibration.read_text(encoding="utf-8"))
    other.write_text(json.dumps({**made, "encoder": "another"}), encoding="utf-8")
    target = tmp_path / "report.html"
    shown = run(environment, "report", str(trial.calls), *ENROLMENT, "--to", str(target), "--calibration", str(other))
    assert shown.exit_code == 1
    assert "another" in shown.output
    assert not target.exists()


@pytest.mark.usefixtures("encoder_name")
def test_too_few_speakers_are_refused_with_what_it_takes_and_an_older_file_stays(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    calls = write_folder(tmp_path / "calls", speakers=2, seconds=(2.0, 2.0))
    target = tmp_path / "calibration.json"
    target.write_text("the one before")
    shown = run(environment, "calibrate", str(calls), "--to", str(target))
    assert shown.exit_code == 1
    assert "it takes 10" in shown.output
    assert "Traceback" not in shown.output
    assert target.read_text() == "the one before"
    assert {entry.name for entry in tmp_path.iterdir()} == {"calls", "calibration.json"}


@pytest.mark.usefixtures("encoder_name")
def test_folders_without_calls_and_files_that_cannot_be_written_are_told(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = run(environment, "report", str(empty), "--to", str(tmp_path / "report.html"))
    assert (nothing.exit_code, "holds no calls" in nothing.output) == (1, True)
    nowhere = run(environment, "report", str(empty), "--to", str(tmp_path / "nowhere" / "report.html"))
    assert (nowhere.exit_code, "cannot be written" in nowhere.output) == (1, True)
    assert run(environment, "report", str(tmp_path / "missing"), "--to", "report.html").exit_code == 2


def test_calibration_that_is_none_is_told_before_anything_is_heard(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "calibration.json"
    for content in ("{}", "not JSON", '{"encoder": "line"}'):
        file.write_text(content)
        shown = run(environment, "report", str(tmp_path), "--to", str(tmp_path / "r.html"), "--calibration", str(file))
        assert shown.exit_code == 1
        assert "calibration.json" in shown.output
        assert "Traceback" not in shown.output


def test_encoder_is_named_and_one_that_is_switched_off_is_told(
    environment: Mapping[str, str], encoder_name: str
) -> None:
    assert encoder_name in run(environment, "encoder").output
    off = run(environment, "encoder", CENTRALINO_VOICE="off")
    assert (off.exit_code, "switched off" in off.output) == (1, True)
    ecapa = run(environment, "encoder", CENTRALINO_VOICE="ecapa", CENTRALINO_ECAPA_FOLDER="/nowhere")
    assert (ecapa.exit_code, "/nowhere" in ecapa.output) == (1, True)


def enrol(environment: Mapping[str, str], encoder: str, *, customers: int) -> None:
    """Enrol customers whose voices lie around a common direction, as those of one line do."""
    chance = np.random.default_rng(4)
    common = chance.normal(size=64)
    engine = database.make_engine(environment["CENTRALINO_DATABASE_URL"], RING)
    database.upgrade(engine)
    vault = Vault(RING)
    with database.session_factory(engine).begin() as session:
        for number in range(customers):
            own = common + chance.normal(size=64)
            for turn in range(4):
                sample = Sample(
                    embedding=unit_length((own + 0.2 * chance.normal(size=64)).tolist()),
                    net_speech_seconds=8.0,
                    quality=CLEAN,
                )
                vault.keep_sample(
                    session, call_id=f"CA{number}", turn=turn, customer_id=f"c{number}", sample=sample, encoder=encoder,
                    channel="telephone", now=NOW,
                )  # fmt: skip
            collected = vault.collect(session, f"CA{number}", f"c{number}", NOW)
            assert isinstance(collected, Collected)
            assert collected.is_enrolled
    engine.dispose()


def calibration_file(folder: Path, encoder: str, *, begins_at: float) -> str:
    """A calibration under which the log likelihood ratio is the cosine's distance from impostors, in their deviations."""
    file = folder / "made.json"
    content = {
        "encoder": encoder,
        "made_on": "calls of last year",
        "impostor_mean": 0.5,
        "impostor_deviation": 0.1,
        "against_cohort": True,
        "intercept": 0.0,
        "score_weight": 1.0,
        "seconds_weight": 0.0,
        "snr_weight": 0.0,
        "tail": {"begins_at": begins_at, "scale": 0.4, "pairs": 1000},
        "reject_below": 0.0,
        "shortest_net_speech_seconds": 3.0,
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


def test_status_counts_the_voices_and_names_what_they_are_compared_with(
    environment: Mapping[str, str], encoder_name: str, tmp_path: Path
) -> None:
    enrol(environment, encoder_name, customers=3)
    shown = run(
        environment, "status", CENTRALINO_VOICE_CALIBRATION=calibration_file(tmp_path, encoder_name, begins_at=1.0)
    )
    assert shown.exit_code == 0, shown.output
    for told in (encoder_name, "calls of last year", "3 enrolled customers give 12 comparisons, it takes 300"):
        assert told in shown.output, shown.output
    assert "voices enrolled" in shown.output


def test_threshold_that_keeps_its_promise_and_one_that_does_not(
    environment: Mapping[str, str], encoder_name: str, tmp_path: Path
) -> None:
    enrol(environment, encoder_name, customers=20)
    for begins_at, exit_code, told in ((2.8, 0, "keeps its promise"), (1.2, 1, "has drifted")):
        file = calibration_file(tmp_path, encoder_name, begins_at=begins_at)
        shown = run(environment, "drift", CENTRALINO_VOICE_CALIBRATION=file)
        assert told in shown.output, shown.output
        assert shown.exit_code == exit_code
        assert "20 customers" in shown.output


def test_without_a_calibration_or_tables_drift_says_so(environment: Mapping[str, str], tmp_path: Path) -> None:
    missing = run(environment, "drift", CENTRALINO_VOICE_CALIBRATION=str(tmp_path / "none.json"))
    assert (missing.exit_code, "centralino database upgrade" in missing.output) == (1, True)
    engine = database.make_engine(environment["CENTRALINO_DATABASE_URL"], RING)
    database.upgrade(engine)
    engine.dispose()
    shown = run(environment, "drift", CENTRALINO_VOICE_CALIBRATION=str(tmp_path / "none.json"))
    assert (shown.exit_code, "there is no calibration" in shown.output) == (1, True)
