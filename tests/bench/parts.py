"""A bench of several parts: each in a process of its own, one after the other, joined in build/bench/NAME.json."""

import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.results import FOLDER, Figure, tell


def run(name: str, parts: Sequence[str], arguments: Sequence[str]) -> int:
    """Measure the named parts, or all; a name that is none is refused. The figures of the others stay as they were."""
    if arguments[:1] == ["--alone"]:
        return _alone(name, arguments[1])
    wanted = list(arguments) or list(parts)
    unknown = set(wanted) - set(parts)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
        return 2
    failed = 0
    for part in wanted:
        ran = subprocess.run([sys.executable, "-m", f"tests.bench.{name}", "--alone", part], check=False)
        failed = max(failed, ran.returncode)
    tell(name, [figure for part in parts for figure in _kept(name, part)])
    return failed


def _alone(name: str, part: str) -> int:
    measured: Any = importlib.import_module(f"tests.bench.{name}.{part}")
    figures: Sequence[Figure] = measured.figures()
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part}.json").write_text(json.dumps([asdict(one) for one in figures], indent=1), encoding="utf-8")
    return 0


def _kept(name: str, part: str) -> list[Figure]:
    file = FOLDER / name / f"{part}.json"
    return [Figure(**one) for one in json.loads(file.read_text(encoding="utf-8"))] if file.is_file() else []
