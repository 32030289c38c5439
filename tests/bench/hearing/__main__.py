"""`make bench ONLY=hearing`: every part in a process of its own, one after the other, joined in build/bench/hearing.json.

`python -m tests.bench.hearing PART ...` measures the named parts alone and leaves the figures of the others as they were.
"""

import importlib
import json
import subprocess
import sys
from dataclasses import asdict

from tests.bench.results import FOLDER, Figure, tell

PARTS = ("decoding", "messages", "against_pipecat", "latency", "activity", "barge_in", "italian")


def main() -> int:
    """Measure the named parts, or all; a name that is none is refused."""
    if sys.argv[1:2] == ["--alone"]:
        return _alone(sys.argv[2])
    wanted = sys.argv[1:] or list(PARTS)
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        return 2
    failed = 0
    for part in wanted:
        ran = subprocess.run([sys.executable, "-m", "tests.bench.hearing", "--alone", part], check=False)
        failed = max(failed, ran.returncode)
    tell("hearing", [figure for part in PARTS for figure in _kept(part)])
    return failed


def _alone(part: str) -> int:
    figures = importlib.import_module(f"tests.bench.hearing.{part}").figures()
    folder = FOLDER / "hearing"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part}.json").write_text(json.dumps([asdict(one) for one in figures], indent=1), encoding="utf-8")
    return 0


def _kept(part: str) -> list[Figure]:
    file = FOLDER / "hearing" / f"{part}.json"
    return [Figure(**one) for one in json.loads(file.read_text(encoding="utf-8"))] if file.is_file() else []


sys.exit(main())
