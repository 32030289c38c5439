"""Measures how well the line understands, on phrases written apart from the examples and on public sets.

Tables and build/bench/intents.json.
`python -m tests.bench.intents [--sets FOLDER] [--encoder CHOICE]`. What is not there is skipped with the reason;
nothing is tuned here.
"""

import csv
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from ivr.intents.cache import encode_phrases
from ivr.intents.classifier import held_out_scores
from ivr.intents.encoders import EncoderMissing, TextEncoder, load_encoder
from ivr.intents.meaning import Doubtful, Intent, Meaning, NotUnderstood
from ivr.intents.order_numbers import order_number
from ivr.intents.understanding import Understanding, load_understanding
from ivr.intents.words import normalise

ROOT = Path(__file__).resolve().parents[2]
PHRASES = ROOT / "tests" / "bench" / "phrases"
OUT = ROOT / "build" / "bench"
REFUSED, DOUBTFUL, OUTSIDE = "(refused)", "(doubtful)", "out_of_scope"
GOALS = {"accuracy": 0.92, "oos_recall": 0.85, "milliseconds": 60.0, "order_number": 0.95}
# Phrases a public set's class gives: enough for a figure, few enough for minutes on two cores.
MOST_OF_A_SET = 300

console = Console()


def label(meaning: Meaning) -> str:
    """Return what an answer counts as: strictly, a question back is not an answer."""
    match meaning:
        case Intent():
            return meaning.name
        case Doubtful():
            return DOUBTFUL
        case NotUnderstood():
            return REFUSED


def read_phrases(language: str) -> list[tuple[str, str]]:
    """Return (intent, phrase) of the held-back phrases, [] where they are absent."""
    file = PHRASES / f"{language}.tsv"
    if not file.is_file():
        console.print(f"[yellow]skipped: {file.relative_to(ROOT)} is absent")
        return []
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if "\t" in line]
    return [(row[0], row[1]) for row in rows if row[0] != "intent" and not row[0].startswith("#")]


def confusion(title: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Print truth against answer."""
    counted = Counter(pairs)
    columns = sorted({answer for _, answer in pairs})
    table = Table("truth", *columns, title=title)
    for truth in sorted({truth for truth, _ in pairs}):
        table.add_row(truth, *(str(counted[truth, answer] or "") for answer in columns))
    console.print(table)


def figure(name: str, value: float, unit: str, goal: float, how: str, *, least: bool = True) -> dict[str, Any]:
    """Return one measured figure for the file; `least`: the goal is a floor."""
    holds = value >= goal if least else value <= goal
    return {"name": name, "value": round(value, 4), "unit": unit, "goal": goal, "holds": bool(holds), "how": how}


def held_back(understanding: Understanding, language: str) -> list[dict[str, Any]]:
    """Measure one language on phrases that nobody trained on."""
    rows = read_phrases(language)
    if not rows:
        return []
    meanings = [understanding.understand(phrase, language) for _, phrase in rows]
    pairs = [(truth, label(meaning)) for (truth, _), meaning in zip(rows, meanings, strict=True)]
    inside = [(truth, answer) for truth, answer in pairs if truth != OUTSIDE]
    outside = [answer for truth, answer in pairs if truth == OUTSIDE]
    confusion(f"{language}: {len(inside)} in scope, {len(outside)} out of scope", pairs)
    accuracy = statistics.mean(truth == answer for truth, answer in inside)
    refused = statistics.mean(answer == REFUSED for _, answer in inside)
    doubtful = statistics.mean(answer == DOUBTFUL for _, answer in inside)
    recall = statistics.mean(answer == REFUSED for answer in outside)
    offered = statistics.mean(
        truth == label(meaning) or (isinstance(meaning, Doubtful) and truth in meaning.candidates)
        for (truth, _), meaning in zip(rows, meanings, strict=True)
        if truth != OUTSIDE
    )
    console.print(
        f"{language}: accuracy {accuracy:.3f} (refused and doubtful count as wrong; "
        f"{offered:.3f} when a doubt that offers the right one counts), "
        f"refused {refused:.3f}, doubtful {doubtful:.3f}; out-of-scope recall {recall:.3f}; "
        f"calibration error {calibration(meanings, pairs):.3f}"
    )
    how = (
        f"{len(inside)} in-scope phrases written apart; refusal and doubt count as wrong; {refused:.1%}, {doubtful:.1%}"
    )
    return [
        figure(f"intents_{language}_accuracy", accuracy, "share", GOALS["accuracy"], how),
        figure(
            f"intents_{language}_oos_recall",
            recall,
            "share",
            GOALS["oos_recall"],
            f"{len(outside)} out-of-scope phrases written apart, at {refused:.1%} of in-scope refused; a doubt counts as missed",
        ),
    ]


def calibration(meanings: Sequence[Meaning], pairs: Sequence[tuple[str, str]]) -> float:
    """Return the expected calibration error over ten bins of those answered with an intent."""
    answered = [
        (meaning.confidence, pair[0] == pair[1])
        for meaning, pair in zip(meanings, pairs, strict=True)
        if isinstance(meaning, Intent)
    ]
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in answered:
        bins.setdefault(min(9, int(confidence * 10)), []).append((confidence, right))
    return sum(abs(sum(sure for sure, _ in group) - sum(right for _, right in group)) for group in bins.values()) / max(
        1, len(answered)
    )


def order_numbers() -> list[dict[str, Any]]:
    """Measure order numbers on phrases that were written apart."""
    file = PHRASES / "order_numbers.tsv"
    if not file.is_file():
        console.print(f"[yellow]skipped: {file.relative_to(ROOT)} is absent")
        return []
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line.count("\t") == 2]
    rows = [row for row in rows if row[0] in {"it", "en"}]
    table = Table("language", "order number said", "phrases", "right", title="order numbers")
    right = {True: 0, False: 0}
    for language in ("it", "en"):
        for said in (True, False):
            chosen = [row for row in rows if row[0] == language and bool(row[1]) == said]
            hits = [order_number(normalise(row[2]).split(), language) == row[1] for row in chosen]
            table.add_row(
                language, "yes" if said else "no", str(len(hits)), f"{statistics.mean(hits):.3f}" if hits else "-"
            )
            right[True] += sum(hits)
            right[False] += len(hits) - sum(hits)
    console.print(table)
    share = right[True] / max(1, sum(right.values()))
    how = f"{sum(right.values())} phrases written apart, exact digits, unasked (where none was said, none may be found)"
    return [figure("order_number_accuracy", share, "share", GOALS["order_number"], how)]


def speed(understanding: Understanding) -> list[dict[str, Any]]:
    """Measure one utterance on one thread: the held-back phrases, or the examples where they are absent."""
    phrases = [(phrase, language) for language in ("it", "en") for _, phrase in read_phrases(language)]
    phrases = phrases or [(phrase.text, phrase.language) for phrase in understanding.book.phrases]
    random.Random(1).shuffle(phrases)  # noqa: S311 - a choice of sentences
    taken = []
    with threadpool_limits(limits=1):
        for phrase, language in phrases[:200]:
            begun = time.perf_counter()
            understanding.understand(phrase, language)
            taken.append(1000 * (time.perf_counter() - begun))
    taken.sort()
    middle, slow = statistics.median(taken), taken[int(0.95 * len(taken))]
    console.print(f"one utterance: median {middle:.1f} ms, 95% under {slow:.1f} ms")
    how = f"median of {len(taken)} utterances, one thread; 95% under {slow:.1f} ms"
    return [figure("intent_milliseconds", middle, "ms", GOALS["milliseconds"], how, least=False)]


# --- Public sets


def xsid(folder: Path, language: str) -> list[str]:
    """Return the sentences of xSID: all out of scope for a shop."""
    lines = (folder / "xsid" / f"{language}.valid.conll").read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]


def outside_sets(understanding: Understanding, folder: Path) -> None:
    """Print the share refused of public sentences that no shop serves."""
    clinc = json.loads((folder / "clinc" / "data_full.json").read_text(encoding="utf-8"))["oos_test"]
    table = Table(
        "set", "language", "sentences", "refused", "answered most as", title="public sentences out of a shop's scope"
    )
    chosen = random.Random(1)  # noqa: S311 - a choice of sentences
    for name, language, texts in (
        ("xSID 0.7 validation", "it", xsid(folder, "it")),
        ("xSID 0.7 validation", "en", xsid(folder, "en")),
        ("CLINC150 out of scope", "en", chosen.sample([text for text, _ in clinc], MOST_OF_A_SET)),
    ):
        answers = Counter(label(understanding.understand(text, language)) for text in texts)
        most = ", ".join(f"{answer} {count}" for answer, count in answers.most_common(4) if answer != REFUSED)
        table.add_row(name, language, str(len(texts)), f"{answers[REFUSED] / len(texts):.3f}", most)
    console.print(table)


# HINT3's labels of two shops that mean what ours mean; shops' other labels stay out.
HINT3 = {
    "ORDER_STATUS": "order_status", "DELAY_IN_PARCEL": "order_status", "DELAY_IN_DELIVERY": "order_status",
    "RETURN_EXCHANGE": "return", "REFUNDS_RETURNS_REPLACEMENTS": "return",
    "COMPARISON": "product_question", "WHAT_SIZE_TO_ORDER": "product_question", "ORTHO_FEATURES": "product_question",
    "PRODUCT_VARIANTS": "product_question", "PILLOWS": "product_question", "WARRANTY": "product_question",
    "SIDE_EFFECT": "product_question", "RECOMMEND_PRODUCT": "product_question", "ORIGINAL_PRODUCT": "product_question",
    "FRANCHISE": OUTSIDE, "DISTRIBUTORS": OUTSIDE, "EMI": OUTSIDE, "STORE_INFORMATION": OUTSIDE,
}  # fmt: skip


def hint3(understanding: Understanding, folder: Path) -> None:
    """Print what the shipped phrases make of what real users wrote to two other shops."""
    pairs = []
    for shop in ("curekart", "sofmattress"):
        with (folder / "hint3" / "test" / f"{shop}_test.csv").open(encoding="utf-8", newline="") as file:
            pairs += [
                (HINT3[row[1]], label(understanding.understand(row[0], "en")))
                for row in csv.reader(file)
                if row[1] in HINT3
            ]
    inside = [truth == answer for truth, answer in pairs if truth != OUTSIDE]
    confusion(
        f"HINT3, two shops' real users, nothing of theirs trained on: accuracy {statistics.mean(inside):.3f} of {len(inside)}",
        pairs,
    )


def five_fold(
    name: str, rows: Sequence[tuple[str, str]], encoder: TextEncoder | None, cache: Path, table: Table
) -> None:
    """Add the five-fold accuracy of the same method on a public set: with and without the encoder."""
    texts, names = [normalise(text) for text, _ in rows], [name for _, name in rows]
    classes = sorted(set(names))
    results = []
    for vectors in (None, None if encoder is None else encode_phrases(texts, encoder, [cache])):
        scores = held_out_scores(texts, names, [""] * len(texts), vectors)
        found = [classes[place] for place in np.argmax(scores, axis=1)]
        results.append(statistics.mean(truth == answer for truth, answer in zip(names, found, strict=True)))
    table.add_row(name, str(len(classes)), str(len(rows)), f"{results[0]:.3f}", f"{results[1]:.3f}" if encoder else "-")


def watson(folder: Path) -> list[tuple[str, str]]:
    """Return the Italian customer-care sentences with their intents."""
    content = json.loads((folder / "watson-it" / "test_virtual_assistant.json").read_text(encoding="utf-8"))
    rows = [(example["text"], intent["intent"]) for intent in content["intents"] for example in intent["examples"]]
    enough = Counter(name for _, name in rows)
    return [(text, name) for text, name in rows if enough[name] >= 10]


def sampled(file: Path, text: str, name: str, each: int) -> list[tuple[str, str]]:
    """Return so many sentences a class of a table with a header."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    random.Random(1).shuffle(rows)  # noqa: S311 - a choice of sentences
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[row[name]] += 1
        if seen[row[name]] <= each:
            kept.append((row[text], row[name]))
    return [(said, named) for said, named in kept if seen[named] >= 10]


def public_sets(understanding: Understanding, folder: Path, encoder: TextEncoder | None, cache: Path) -> None:
    """Print all tables on public sets; say what is absent."""
    if not (folder / "intents" / "xsid").is_dir():
        console.print(f"[yellow]skipped: no public sets under {folder}; name their folder with --sets")
        return
    sets = folder / "intents"
    outside_sets(understanding, sets)
    hint3(understanding, sets)
    table = Table(
        "set", "classes", "sentences", "TF-IDF alone", "with the encoder", title="five-fold accuracy of the same method"
    )
    five_fold("watson-it (Italian)", watson(sets), encoder, cache, table)
    five_fold(
        "HINT3 curekart train",
        sampled(sets / "hint3" / "train" / "curekart_train.csv", "sentence", "label", 30),
        encoder,
        cache,
        table,
    )
    five_fold(
        "BANKING77, 10 a class",
        sampled(sets / "banking77" / "train.csv", "text", "category", 10),
        encoder,
        cache,
        table,
    )
    console.print(table)


@click.command()
@click.option(
    "--sets",
    type=click.Path(path_type=Path),
    default=ROOT.parent / "shared" / "data",
    help="Folder of the public sets.",
)
@click.option(
    "--encoder", "choice", default="packaged", help='"packaged", "none", or a sentence-transformers folder or name.'
)
@click.option("--quick", is_flag=True, help="Leave out the public sets.")
def main(sets: Path, choice: str, *, quick: bool) -> None:
    """Measure intents and order numbers; write build/bench/intents.json."""
    try:
        encoder = load_encoder(choice)
    except EncoderMissing as missing:
        console.print(f"[yellow]no encoder, TF-IDF alone: {missing}")
        encoder = None
    cache = OUT / "cache"
    begun = time.perf_counter()
    with console.status("phrases") as status:
        understanding = load_understanding(
            ROOT / "prompts",
            encoder,
            cache_folder=cache,
            progress=lambda done, all_: status.update(f"phrases encoded: {done} of {all_}"),
        )
    console.print(
        f"ready in {time.perf_counter() - begun:.1f} s; encoder: {encoder.name if encoder else 'none'}; "
        f"{len(understanding.book.phrases)} phrases"
    )
    figures = held_back(understanding, "it") + held_back(understanding, "en") + speed(understanding) + order_numbers()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "intents.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if not quick:
        public_sets(understanding, sets, encoder, cache)
    table = Table("figure", "value", "goal", "holds", "how", title="build/bench/intents.json")
    for each in figures:
        table.add_row(
            each["name"],
            f"{each['value']} {each['unit']}",
            str(each["goal"]),
            "yes" if each["holds"] else "NO",
            each["how"],
        )
    console.print(table)


if __name__ == "__main__":
    main()
