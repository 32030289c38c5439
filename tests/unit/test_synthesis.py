"""The voices: what they say is audible, telephone-like and as long as speech is; without one there is silence."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr import audio
from ivr.synthesis import (
    Espeak,
    Pico,
    Speaker,
    Synthesiser,
    UnreadableRecordingError,
    Voice,
    installed_voice,
    recording,
    seconds_to_say,
    silent_voice,
    waiting_music,
)

ITALIAN = "Buongiorno, in che cosa posso aiutarla? Può dire, per esempio: dov'è il mio ordine."
ENGLISH = "Good morning, how can I help you? You can say, for example: where is my order."


def _share_within_telephone_band(ulaw: bytes) -> float:
    samples = np.frombuffer(audio.ulaw_to_pcm(ulaw), dtype="<i2").astype(float)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.size, 1 / audio.RATE_HZ)
    return float(power[(hertz >= 250) & (hertz <= 3500)].sum() / power.sum())


def _synthesiser(kind: type[Pico | Espeak]) -> Synthesiser:
    try:
        return kind()
    except (ImportError, OSError) as error:
        pytest.skip(f"{kind.name} is not installed here: {error}")


@pytest.mark.parametrize("kind", [Pico, Espeak])
@pytest.mark.parametrize(("text", "language"), [(ITALIAN, "it-IT"), (ENGLISH, "en-GB"), (ENGLISH, "en-US")])
def test_each_synthesiser_speaks_audibly_in_the_telephone_band_for_a_sane_time(
    kind: type[Pico | Espeak], text: str, language: str
) -> None:
    spoken = Voice([_synthesiser(kind)]).speak(text, language=language)
    assert -23 < audio.loudness_dbfs(audio.ulaw_to_pcm(spoken)) < -17
    assert _share_within_telephone_band(spoken) > 0.97
    assert 0.5 < audio.seconds_of_ulaw(spoken) / seconds_to_say(text, language=language) < 2


@pytest.mark.parametrize("kind", [Pico, Espeak])
def test_line_and_caller_sound_different(kind: type[Pico | Espeak]) -> None:
    voice = Voice([_synthesiser(kind)])
    assert voice.speak(ITALIAN, speaker=Speaker.LINE) != voice.speak(ITALIAN, speaker=Speaker.CALLER)


def test_without_synthesiser_a_text_is_silence_as_long_as_saying_it() -> None:
    spoken = silent_voice().speak(ITALIAN, language="it-IT")
    assert set(spoken) == {audio.ULAW_SILENCE}
    assert audio.seconds_of_ulaw(spoken) == pytest.approx(seconds_to_say(ITALIAN), abs=0.01)
    assert 3 < audio.seconds_of_ulaw(spoken) < 8


def test_language_that_no_synthesiser_knows_is_silence_too() -> None:
    class OnlyItalian:
        name = "only Italian"

        def speaks(self, language: str) -> bool:
            return language.startswith("it")

        def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
            raise AssertionError((text, language, speaker, pace))

    assert set(Voice([OnlyItalian()]).speak("Guten Tag", language="de-DE")) == {audio.ULAW_SILENCE}


def test_synthesiser_that_fails_leaves_the_call_its_silence() -> None:
    class Broken:
        name = "broken"

        def speaks(self, language: str) -> bool:
            return bool(language)

        def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
            raise OSError(f"{text} {language} {speaker} {pace}")

    assert set(Voice([Broken()]).speak("buongiorno")) == {audio.ULAW_SILENCE}


def test_same_text_is_spoken_once_and_the_memory_is_bounded() -> None:
    asked: list[str] = []

    class Counting:
        name = "counting"

        def speaks(self, language: str) -> bool:
            return bool(language)

        def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
            asked.append(f"{text} {language} {speaker}" if pace == 1 else f"{text} at {pace}")
            return b"\x00\x10" * 8000, 8000

    voice = Voice([Counting()], cache_bytes=20_000)
    voice.speak("uno")
    voice.speak("uno")
    assert len(asked) == 1
    voice.speak("due")
    voice.speak("tre")
    voice.speak("uno")
    assert len(asked) == 4


def test_what_was_said_before_does_not_wait_for_a_slow_synthesis() -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        name = "slow"

        def speaks(self, language: str) -> bool:
            return bool(language)

        def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
            if text == "lento":
                begun.set()
                assert go_on.wait(10), (language, speaker, pace)
            return b"\x00\x10" * 800, 8000

    voice = Voice([Slow()])
    known = voice.speak("noto")
    slow = threading.Thread(target=voice.speak, args=("lento",))
    slow.start()
    assert begun.wait(10)
    # Were the memory held by the synthesis, this would never come back: the slow one goes on only afterwards.
    assert voice.speak("noto") == known
    go_on.set()
    slow.join(10)
    assert not slow.is_alive()


def test_same_text_asked_by_many_at_once_is_spoken_once() -> None:
    asked: list[str] = []

    class Counting:
        name = "counting"

        def speaks(self, language: str) -> bool:
            return bool(language)

        def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
            asked.append(f"{text} {language} {speaker}" if pace == 1 else f"{text} at {pace}")
            return b"\x00\x10" * 800, 8000

    voice = Voice([Counting()])
    threads = [threading.Thread(target=voice.speak, args=("uno",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(asked) == 1


def test_long_text_spoken_in_sentences_lasts_as_long_as_its_sentences() -> None:
    voice = Voice([_synthesiser(Pico)])
    sentences = ("La spedizione è partita ieri da Bologna con il corriere.", "Arriva domani tra le nove e le undici.")
    alone = sum(audio.seconds_of_ulaw(voice.speak(one)) for one in sentences)
    assert audio.seconds_of_ulaw(voice.speak(" ".join(sentences))) == pytest.approx(alone, abs=0.05)


@pytest.mark.parametrize("text", ["", "   ", "\x00\n"])
def test_no_text_is_no_sound(text: str) -> None:
    assert installed_voice().speak(text) == b""


@pytest.mark.parametrize("text", ["x" * 3000, "<pitch level='5'>a & b </speed>", "日本 €49,90", "...", "1042"])
def test_odd_texts_are_spoken_or_passed_over(text: str) -> None:
    for speaker in Speaker:
        assert len(installed_voice().speak(text, language="it-IT", speaker=speaker)) >= 0


def test_longer_text_takes_longer_and_digits_count() -> None:
    assert seconds_to_say("ordine 1042") > seconds_to_say("ordine") > 0
    assert 6 < seconds_to_say("parola " * 15) < 9


@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_recording_of_any_rate_becomes_telephone_sound_of_the_same_length(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate_hz) / rate_hz)
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([tone] * channels, axis=1), rate_hz)
    ulaw = recording(path)
    assert audio.seconds_of_ulaw(ulaw) == pytest.approx(2.0, abs=0.02)
    assert audio.loudness_dbfs(audio.ulaw_to_pcm(ulaw)) == pytest.approx(-13.5, abs=0.5)
    assert recording(path.read_bytes()) == ulaw


def test_high_tone_of_a_recording_does_not_fold_into_the_telephone_band() -> None:
    content = io.BytesIO()
    soundfile.write(content, 0.5 * np.sin(2 * np.pi * 7000 * np.arange(48000) / 48000), 48000, format="WAV")
    assert audio.loudness_dbfs(audio.ulaw_to_pcm(recording(content.getvalue()))) < -55


def test_file_that_is_no_sound_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "note.wav"
    path.write_text("not a sound")
    with pytest.raises(UnreadableRecordingError, match=r"note\.wav"):
        recording(path)
    with pytest.raises(UnreadableRecordingError, match="missing"):
        recording(tmp_path / "missing.wav")


def test_waiting_music_is_soft_and_repeats_without_a_seam() -> None:
    music = waiting_music()
    samples = np.frombuffer(audio.ulaw_to_pcm(music), dtype="<i2").astype(float)
    assert audio.seconds_of_ulaw(music) == 16
    assert -32 < audio.loudness_dbfs(audio.ulaw_to_pcm(music)) < -28
    assert abs(samples[0] - samples[-1]) < np.abs(np.diff(samples)).max()
    assert _share_within_telephone_band(music) > 0.9
