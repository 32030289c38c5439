"""A process of its own that trains on a phrasebook and judges it on held-back phrases: `python -m ivr.intents.held_back_work`.

It takes some ten seconds of a processor, so that it runs apart from the process that answers calls, and more slowly than it.
Its order comes as one line of JSON on standard input; what it finds goes to the cache's folder, how far it is to standard output.
"""

import contextlib
import json
import os
import sys
from pathlib import Path

from ivr.intents import cache
from ivr.intents.classifier import FOLDS, held_out_scores, train
from ivr.intents.held_back import folds_of
from ivr.intents.phrases import phrasebook_of
from ivr.intents.understanding import training_rows

# How much of the processor is left to calls: the least urgent but for idling.
_NICENESS = 15
STEPS = FOLDS + 1


def work(order: str) -> int:
    """Do one order; gives the process's return code."""
    told = json.loads(order)
    book = phrasebook_of(told["document"])
    folder, encoder = Path(told["folder"]), str(told["encoder"])
    texts, names, languages = training_rows(book)
    folders = [Path(one) for one in told["vectors"]]
    vectors = None if encoder == "none" else cache.known_vectors(texts, encoder, folders)
    if encoder != "none" and vectors is None:
        print("vectors are missing", file=sys.stderr)  # noqa: T201 - it is read by whoever began the process
        return 2
    classifier = cache.classifier_file(folder, book.digest, encoder)
    if cache.read_classifier(classifier) is None:
        cache.write_classifier(classifier, train(texts, names, vectors, out_of_scope=book.out_of_scope))
    _tell(1)
    scores = held_out_scores(
        texts, names, languages, vectors, folds=folds_of(book), done=lambda done, _total: _tell(1 + done)
    )
    cache.write_held_back(cache.held_back_file(folder, book.digest, encoder), scores)
    cache.used(classifier)
    cache.forget_unused(folder)
    return 0


def _tell(done: int) -> None:
    print(done, flush=True)  # noqa: T201 - it is read by whoever began the process


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    sys.exit(work(sys.stdin.readline()))
