"""Teaches the encoder that is shipped, as it was taught: `python -m tests.bench.voice.teach_shipped FOLDER`; half an hour.

Speech: the `calibration` speakers of AN4 and ASC (none of `test`), and what Debian's packages of games and telephone prompts
bring (PACKAGES), unpacked below build/bench/speech with `dpkg -x`. Silences are cut by WebRTC's detector as the packaged
encoder does.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from biometrics.ecapa import importing_speechbrain
from biometrics.teaching_speech import LEAST_SECONDS, MOST_SECONDS
from tests.bench.voice.speech import WIDE_HZ
from tests.bench.voice.voices import PACKAGED, no_fainter, trimmed
from tests.listeners import SHARED

UNPACKED: Final = Path("build/bench/speech")
PACKAGES: Final = (
    *(f"asterisk-core-sounds-{language}-g722" for language in ("en", "es", "fr", "it", "ru")),
    *("hedgewars-data", "klettres-data", "ktuberling-data", "tuxpaint-stamps-default", "unknown-horizons"),
)
SHARES: Final[Mapping[str, float]] = {"an4": 0.35, "asc": 0.25}
# Voices that no person has.
_MADE: Final = frozenset({"Robot", "Singer"})
_SHORTEST_FILE: Final = WIDE_HZ // 4

Sound = npt.NDArray[np.float32]


def main() -> int:
    """Gather, teach, and write the network with its checksum into the folder that is named."""
    with importing_speechbrain():
        import torch  # noqa: PLC0415 - torch comes after torchaudio was made to load

    from biometrics.teaching import Lesson, Recording, packaged_teacher, teach  # noqa: PLC0415 - loads torch

    torch.set_num_threads(1)
    recordings = [
        # Stamps are described by whoever wanted to: one language, several people.
        Recording(name=name, speech=speech, is_one_voice=not name.startswith("tuxpaint/"))
        for name, files in voices().items()
        if (speech := spoken(files)).size >= LEAST_SECONDS * WIDE_HZ
    ]
    taught = teach(
        recordings,
        teacher=packaged_teacher(PACKAGED),
        to=Path(sys.argv[1]) / "line_encoder.onnx",
        lesson=Lesson(shares=SHARES),
        progress=lambda done, of: print(f"\r{done}/{of}", end="", flush=True),
    )
    print(f"\n{len(recordings)} recordings, {sum(one.speech.size for one in recordings) / WIDE_HZ:.0f} s: {taught}")
    return 0


def voices() -> Mapping[str, Sequence[Path]]:
    """The files of each voice, by GROUP/VOICE."""
    found: dict[str, list[Path]] = defaultdict(list)
    for of_set, split in json.loads((SHARED / "voice_splits.json").read_text(encoding="utf-8")).items():
        calibration = split["calibration"]
        speakers = (
            calibration if isinstance(calibration, list) else [name for of in calibration.values() for name in of]
        )
        for speaker in speakers:
            found[f"{of_set}/{speaker}"] = sorted((SHARED / of_set / speaker).glob("*.flac"))
    for name, file in _packaged_files():
        found[name].append(file)
    return found


def _packaged_files() -> Iterator[tuple[str, Path]]:
    for place in sorted(UNPACKED.glob("**/asterisk/sounds/??_??_*")):
        yield from ((f"asterisk/{place.name}", file) for file in sorted(place.rglob("*.g722")))
    for place in sorted(UNPACKED.glob("**/hedgewars/Data/Sounds/voices/*")):
        if place.name not in _MADE:
            yield from ((f"hedgewars/{place.name}", file) for file in sorted(place.glob("*.ogg")))
    for game, pattern in (("ktuberling", "**/ktuberling/sounds/*"), ("klettres", "**/share/klettres/*")):
        for place in sorted(one for one in UNPACKED.glob(pattern) if one.is_dir()):
            yield from (
                (f"{game}/{place.name}", file) for file in sorted(place.rglob("*")) if file.suffix in {".ogg", ".wav"}
            )
    for place in sorted(UNPACKED.glob("**/content/audio/voice/*")):
        yield from ((f"horizons/{place.name}", file) for file in sorted(place.rglob("*.ogg")))
    for file in sorted(UNPACKED.glob("**/tuxpaint/stamps/**/*_desc*")):
        described = re.search(r"_desc(?:_(\w+?))?\.(ogg|wav)$", file.name)
        if described:
            yield f"tuxpaint/{described[1] or 'en'}", file


def spoken(files: Sequence[Path]) -> Sound:
    """What is said in files, without silences, four minutes at most."""
    parts = [trimmed(no_fainter(sound)) for file in files if (sound := _read(file)).size > _SHORTEST_FILE]
    return np.concatenate([part for part in parts if part.size] or [np.zeros(0, np.float32)])[: MOST_SECONDS * WIDE_HZ]


def _read(file: Path) -> Sound:
    if file.suffix == ".g722":
        decode = [
            "ffmpeg",
            "-v",
            "quiet",
            "-f",
            "g722",
            "-i",
            str(file),
            "-ar",
            str(WIDE_HZ),
            "-ac",
            "1",
            "-f",
            "s16le",
            "-",
        ]
        raw = subprocess.run(decode, capture_output=True, check=False).stdout
        return np.frombuffer(raw, "<i2").astype(np.float32) / 32768
    try:
        sound, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return np.zeros(0, np.float32)
    if rate_hz < WIDE_HZ or not sound.any():
        return np.zeros(0, np.float32)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate_hz, WIDE_HZ), dtype=np.float32)


if __name__ == "__main__":
    sys.exit(main())
