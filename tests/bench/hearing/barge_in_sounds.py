"""What a caller's side carries while a prompt plays, for the barge-in bench: people, coughs, "mmh", streets, music and echoes.

Real sounds are used from where their packages put them (`asterisk-moh-opsound-wav`: music on hold; `lincity-ng-data`: streets,
trains, markets, crowds; `festival` with `festvox-italp16k` and `festvox-itapc16k`: two Italian voices; `espeak-ng`) and from
../shared/data; where a package is not there its sounds are left out and named. Coughs are made here: no package brings them.
Every sound belongs to one half, `tuning` or `report`, by its speaker, file or seed; figures are of the second alone.
"""

import io
import json
import shutil
import subprocess
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from ivr import audio
from ivr.synthesis import Pico, Speaker
from tests.bench.hearing import noises
from tests.bench.hearing.real_speech import DATA, recordings

Sound = npt.NDArray[np.float64]
HALVES: Final = ("tuning", "report")
MUSIC: Final = Path("/usr/share/asterisk/moh")
CITY: Final = Path("/usr/share/games/lincity-ng/sounds")
STREETS: Final = (
    "Trafic*",
    "RailTrain*",
    "Market*",
    "Harbor*",
    "DirtTrack*",
    "FireStation*",
    "SportsCroud*",
    "School*",
    "Industry*",
)

REQUESTS: Final = (
    "Vorrei sapere dov'e' il mio ordine numero quarantadue",
    "Scusi, voglio parlare con una persona",
    "Il pacco non e' ancora arrivato",
    "Devo cambiare l'indirizzo di consegna",
    "Avete il forno in magazzino",
    "Mi serve la fattura di ottobre",
)
SHORT_ANSWERS: Final = ("Si'.", "No.", "Si', si'.", "Va bene.", "Certo.", "Grazie.")
# eSpeak's phonemes: closed mouths and hesitations, none of which is a word.
MURMURS: Final = ("[[m:m:]]", "[[m:]]", "[[mh@m]]", "[[m:hm:]]", "[[@:m:]]", "[[e:m:]]", "[[@:]]", "[[a:]]")
_VARIANTS: Final = {
    "tuning": ("m1", "f2", "m4", "klatt2", "linda", "Mario"),
    "report": ("m3", "f1", "f4", "m7", "klatt4", "steph"),
}
_FESTIVAL: Final = {"tuning": "pc_diphone", "report": "lp_diphone"}
_TEXTS: Final = (
    "Buongiorno, sono l'assistente automatico. Posso dirle dov'è il suo ordine, oppure passarle una persona.",
    "Ho trovato due ordini a suo nome: il primo è del tre ottobre, il secondo del dodici novembre. Di quale vuole parlare?",
    "Per continuare ho bisogno del numero dell'ordine. Sono sei cifre: lo può dire o digitare sulla tastiera, una dopo l'altra.",
)


def prompts() -> list[Sound]:
    """Prompts as they are played, at the level of the line's voice: three of Pico's and three of a man's recordings."""
    spoken = [_at_telephone(*Pico().pcm(text, language="it-IT", speaker=Speaker.LINE)) for text in _TEXTS]
    longest = sorted(DATA.glob("asterisk-it/carlo/*.flac"), key=lambda file: (-file.stat().st_size, file.name))[:3]
    recorded = [read(file)[: 15 * audio.RATE_HZ] for file in longest]
    return [voice_at(sound, -20.0) for sound in (*spoken, *recorded)]


def requests(half: str) -> list[Sound]:
    """What callers say for a second and longer: English of AN4 (people) and Italian of synthesisers."""
    people = _people(half)
    chosen = [file for name in people for file in recordings(f"an4/{name}/*.flac")[:4]]
    spoken = [sound for sound in map(_trimmed, map(read, chosen)) if sound.size >= audio.RATE_HZ][: 2 * len(people)]
    return spoken + [_trimmed(sound) for text in REQUESTS for sound in _italian(half, text)]


def short_answers(half: str) -> list[Sound]:
    """Answers of a word or two: "yes", "no", "stop" of AN4's people and Italian of synthesisers."""
    rows = (DATA / "an4" / "transcripts.tsv").read_text(encoding="utf-8").splitlines()[1:]
    people = set(_people(half))
    real = [
        read(DATA / "an4" / speaker / file)
        for speaker, file, text in (row.split("\t") for row in rows)
        if speaker in people and text in {"YES", "NO", "STOP", "HELP", "START", "GO"}
    ][:24]
    return [_trimmed(sound) for sound in (*real, *(one for text in SHORT_ANSWERS for one in _italian(half, text)))]


def murmurs(half: str) -> list[Sound]:
    """Closed mouths, "mhm" and hesitations, of eSpeak's voices at three pitches, and hummed notes made here."""
    spoken = [
        _espeak(text, variant=variant, pitch=pitch)
        for number, text in enumerate(MURMURS)
        for variant in _VARIANTS[half]
        for pitch in ((30, 50, 70)[number % 3],)
    ]
    hummed = [_hum(seed) for seed in _seeds(half, 12)]
    return [_trimmed(sound) for sound in (*spoken, *hummed)]


def coughs(half: str) -> list[Sound]:
    """Coughs, made here: a burst, breath through a throat, often a hoarse voice at the end; one to three of them."""
    return [_cough(seed) for seed in _seeds(half, 24)]


def clicks(half: str) -> list[Sound]:
    """A handset put down, a key of a keyboard: some milliseconds of anything."""
    made = []
    for seed in _seeds(half, 12):
        chance = np.random.default_rng(seed)
        size = int(chance.integers(20, 400))
        made.append(chance.normal(size=size) * np.exp(-np.arange(size) * 5 / size))
    return made


def streets(half: str) -> list[Sound]:
    """Streets, trains, markets and crowds of `lincity-ng-data`, each one repeated to ten seconds; none where it is not there."""
    files = sorted(set(chain.from_iterable(CITY.glob(f"{one}.wav") for one in STREETS)))
    return [np.resize(read(file), 10 * audio.RATE_HZ) for file in files[HALVES.index(half) :: 2]]


def music_on_hold(half: str) -> list[Sound]:
    """Ten seconds from several places of the pieces of `asterisk-moh-opsound-wav`; none where it is not there."""
    found = []
    for file in sorted(MUSIC.glob("*.wav"))[HALVES.index(half) :: 2]:
        whole = read(file)
        found += [whole[start : start + 10 * audio.RATE_HZ] for start in range(0, whole.size - 80000, whole.size // 6)]
    return found


def made_noises(half: str, kind: str) -> list[Sound]:
    """Noises of `tests.bench.hearing.noises`, ten seconds each; babble is of real people, six at once."""
    speakers = [noises.level(sound) for sound in map(read, (recordings(f"an4/{n}/*.flac")[0] for n in _people(half)))]
    make = noises.noises(speakers)[kind]
    return [make(10.0, seed) for seed in _seeds(half, 6)]


def echo_of(prompt: Sound, *, dbfs_below: float, delay_seconds: float, way: str, seed: int) -> Sound:
    """The prompt as it comes back: straight, through a room, or through a room and the GSM codec."""
    gone = prompt
    if way != "straight":
        chance = np.random.default_rng(seed)
        size = round(0.15 * audio.RATE_HZ)
        room = chance.normal(size=size) * np.exp(-np.arange(size) / (0.03 * audio.RATE_HZ)) * 0.15
        room[0] = 1.0
        gone = np.convolve(gone, room)[: prompt.size]
    if way == "gsm":
        file = io.BytesIO()
        loud = gone / (np.abs(gone).max() or 1.0) * 0.5
        soundfile.write(file, loud, audio.RATE_HZ, format="WAV", subtype="GSM610")
        file.seek(0)
        gone = np.resize(soundfile.read(file)[0], prompt.size)
    gone = voice_at(gone, voice_dbfs(prompt) - dbfs_below)
    silence = np.zeros(round(delay_seconds * audio.RATE_HZ))
    return np.concatenate([silence, gone])[: prompt.size]


def voice_dbfs(sound: Sound) -> float:
    """The level of the active part: of the frames within 25 dB of the loudest, after the idea of ITU-T P.56."""
    powers = (
        np.square(sound[: sound.size // 160 * 160].reshape(-1, 160)).mean(axis=1)
        if sound.size >= 160
        else np.square(sound)
    )
    if not powers.size or powers.max() <= 0:
        return audio.QUIETEST_DBFS
    return 10 * float(np.log10(powers[powers > powers.max() / 316].mean()))


def voice_at(sound: Sound, dbfs: float) -> Sound:
    """Bring a sound's active part to a level; full scale is one."""
    return sound * 10 ** ((dbfs - voice_dbfs(sound)) / 20)


def to_frames(sound: Sound) -> list[bytes]:
    """What the service decodes of it: mu-law and back, in frames of 20 ms."""
    pcm = np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()
    return [audio.ulaw_to_pcm(frame) for frame in audio.frames_of_ulaw(audio.pcm_to_ulaw(pcm))]


@cache
def read(file: Path) -> Sound:
    """Read a recording as a telephone carries it."""
    samples, rate_hz = soundfile.read(file, always_2d=True)
    mono = np.clip(samples.mean(axis=1), -1, 1) * 32767
    return _at_telephone(mono.astype("<i2").tobytes(), rate_hz)


def missing() -> list[str]:
    """What is not on this machine and left out."""
    absent = [
        f"{name}: nothing in {folder}"
        for name, folder in (("music on hold", MUSIC), ("streets", CITY))
        if not folder.is_dir()
    ]
    return absent + [f"{tool}: its voices" for tool in ("espeak-ng", "text2wave") if shutil.which(tool) is None]


def _at_telephone(pcm: bytes, rate_hz: int) -> Sound:
    narrow = audio.telephone_band(audio.resample(pcm, rate_hz, audio.RATE_HZ), audio.RATE_HZ)
    return np.frombuffer(narrow, dtype="<i2").astype(np.float64) / 32768


def _trimmed(sound: Sound) -> Sound:
    """From the first frame that is within 30 dB of the loudest to the last one: what is timed begins with a sound."""
    powers = np.square(sound[: sound.size // 160 * 160].reshape(-1, 160)).mean(axis=1)
    loud = np.flatnonzero(powers > powers.max() / 1000)
    return sound[loud[0] * 160 : (loud[-1] + 1) * 160]


def _people(half: str) -> list[str]:
    splits = json.loads((DATA / "voice_splits.json").read_text(encoding="utf-8"))["an4"]
    group = splits["calibration" if half == "tuning" else "test"]
    return [*group["m"][:12], *group["f"][:12]]


def _seeds(half: str, count: int) -> range:
    return range(HALVES.index(half), 2 * count, 2)


def _italian(half: str, text: str) -> list[Sound]:
    accented = text.replace("e'", "è").replace("i'", "ì")
    spoken = [_espeak(accented, variant=variant, pitch=50) for variant in _VARIANTS[half][:2]]
    if half == "report":
        spoken.append(_at_telephone(*Pico().pcm(accented, language="it-IT", speaker=Speaker.CALLER)))
    if shutil.which("text2wave") is not None:
        said = _run(["text2wave", "-eval", f"(voice_{_FESTIVAL[half]})"], text.replace("'", " ").encode("latin-1"))
        spoken.append(said)
    return [one for one in spoken if one.size]


@cache
def _espeak(text: str, *, variant: str, pitch: int) -> Sound:
    return _run(["espeak-ng", "-v", f"it+{variant}", "-p", str(pitch), "--stdout", text], b"")


def _run(command: list[str], given: bytes) -> Sound:
    if shutil.which(command[0]) is None:
        return np.zeros(0)
    made = subprocess.run(command, input=given, capture_output=True, check=True).stdout
    # A program that writes to a pipe leaves the length in the header open.
    samples = np.frombuffer(made[44 : len(made) // 2 * 2], dtype="<i2")
    return _at_telephone(samples.tobytes(), int.from_bytes(made[24:28], "little"))


def _hum(seed: int) -> Sound:
    """A hummed "mmh": harmonics of a slowly moving pitch through a nose, which lets little pass above 1 kHz."""
    chance = np.random.default_rng(seed)
    size = round(chance.uniform(0.25, 0.9) * audio.RATE_HZ)
    at = np.linspace(0, 1, size)
    pitch_hz = chance.uniform(90, 240) * (1 + chance.uniform(-0.15, 0.15) * at + 0.05 * np.sin(2 * np.pi * at))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / audio.RATE_HZ
    total = sum(
        np.sin(over * phase) / over ** chance.uniform(1.2, 1.8) for over in range(1, 16) if over * pitch_hz.max() < 3400
    )
    swell = np.minimum(np.minimum(at / 0.15, (1 - at) / 0.2), 1.0)
    return (total + 0.02 * chance.normal(size=size)) * swell


def _cough(seed: int) -> Sound:
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(int(chance.integers(1, 4))):
        made += [_one_cough(chance), np.zeros(round(chance.uniform(0.08, 0.3) * audio.RATE_HZ))]
    return np.concatenate(made)


def _one_cough(chance: np.random.Generator) -> Sound:
    size = round(chance.uniform(0.2, 0.42) * audio.RATE_HZ)
    at = np.arange(size) / audio.RATE_HZ
    breath = chance.normal(size=size)
    total = np.zeros(size)
    # A throat that opens suddenly: two or three broad resonances.
    for hertz in (chance.uniform(400, 800), chance.uniform(1000, 1600), chance.uniform(2000, 2900)):
        width = chance.uniform(0.002, 0.004)
        ring = np.exp(-np.arange(160) / (width * audio.RATE_HZ)) * np.cos(
            2 * np.pi * hertz * np.arange(160) / audio.RATE_HZ
        )
        total += np.convolve(breath, ring)[:size] * chance.uniform(0.4, 1.0)
    total *= np.exp(-at / chance.uniform(0.05, 0.1)) * np.minimum(at / 0.006, 1.0)
    if chance.random() < 0.6:
        # The third phase of a cough: the cords come together, hoarsely, and the pitch falls.
        pitch_hz = chance.uniform(150, 350) * (1 - 0.4 * at / at[-1])
        voice = sum(np.sin(over * 2 * np.pi * np.cumsum(pitch_hz) / audio.RATE_HZ) / over for over in range(1, 9))
        late = np.clip((at / at[-1] - 0.45) / 0.1, 0, 1) * np.clip((1 - at / at[-1]) / 0.3, 0, 1)
        total += 0.35 * np.abs(total).max() * late * (voice / 2 + 0.3 * breath)
    return total
