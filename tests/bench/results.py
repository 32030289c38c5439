"""How a bench tells what it found: a table for people and build/bench/NAME.json for machines."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path("build/bench")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure; `holds` is None where there is no goal."""

    name: str
    value: float
    unit: str
    goal: str
    holds: bool | None
    how: str


def tell(name: str, figures: Sequence[Figure]) -> None:
    """Print the figures and write them to build/bench/NAME.json."""
    table = Table("figure", "value", "unit", "goal", "holds", title=name)
    for one in figures:
        table.add_row(one.name, f"{one.value:.3g}", one.unit, one.goal, {True: "yes", False: "NO", None: ""}[one.holds])
    Console().print(table)
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = json.dumps([asdict(one) for one in figures], indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(written + "\n", encoding="utf-8")
