"""Phrases with their right reading, a line each: those that the rules were written with, and those held aside."""

from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent


def rows(name: str) -> list[tuple[str, ...]]:
    """Return the columns of every line of a file of this folder."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def halves(name: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the lines of a file in two halves: seen while rules are written, and held aside (every second of a language)."""
    seen: list[tuple[str, ...]] = []
    aside: list[tuple[str, ...]] = []
    for _, of_language in groupby(rows(name), key=lambda row: row[0]):
        for place, row in enumerate(of_language):
            (aside if place % 2 else seen).append(row)
    return seen, aside
