"""Fits the rates of `prompts.spoken_length` to the packaged voice, and says how far the estimate is from what the voice takes.

python -m tests.bench.spoken_length
"""

import re

import numpy as np

from ivr.audio import seconds_of_ulaw
from ivr.calls.company import FlowVersion
from ivr.calls.open_question import Spoken
from ivr.flow.definition import build
from ivr.speech.prompt_voice import PromptVoice
from ivr.synthesis import installed_voice
from ivr.web.voicing import Voicing
from prompts import spoken_length, syllables
from prompts.measures import measured
from prompts.version import load


def main() -> None:
    """Print, for each language, the fitted rates and the errors of those in use."""
    shipped = load()
    version = FlowVersion(number=1, flow=build(shipped.flow), catalogue=shipped.catalogue)
    voicing = Voicing(PromptVoice(installed_voice()))
    for language in ("it", "en"):
        rows, taken, guessed = [], [], []
        for prompt in shipped.catalogue.prompts.values():
            for found in measured(shipped.catalogue, prompt, language):
                if found.seconds is None:
                    continue
                body = found.words.rstrip(".!?:;, ")
                count = sum(syllables.syllables(word, language) for word in syllables.words(found.words, language))
                rows.append([count, len(re.findall(r"[.!?…]+", body)), len(re.findall(r"[,;:]+", body)), 1])
                taken.append(seconds_of_ulaw(voicing.ulaw(version, Spoken(text=found.words, language=language))))
                guessed.append(found.seconds)
        fitted, *_ = np.linalg.lstsq(np.array(rows, float), np.array(taken), rcond=None)
        off = np.abs(np.array(guessed) - taken) / taken
        print(f"{language}: {len(taken)} texts; syllable, sentence, clause, text seconds: {np.round(fitted, 3)}")
        print(
            f"    in use {spoken_length.PACES[language]}: half within {np.median(off):.0%}, nine of ten within ", end=""
        )
        print(f"{np.quantile(off, 0.9):.0%}")


if __name__ == "__main__":
    main()
