"""How routing's plots look, and whose turn it is to draw: one look for reports and what-if, one drawing at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl

# Dark enough on white to be told from it at 4.5 to 1 (WCAG 2.2, 1.4.3); blue and orange are told apart by everybody.
INK: Final = "#1c1c1c"
BLUE: Final = "#0b4f8a"
ORANGE: Final = "#a34700"
_STYLE: Final = {
    "font.size": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "text.parse_math": False,
}
# Matplotlib's settings are the process's: one drawing at a time.
_DRAWING = threading.Lock()


@contextmanager
def in_style(name: str) -> Iterator[None]:
    """Draw in this style; `name` makes the identifiers of an SVG the same each time and different from another plot's."""
    settings: dict[Any, Any] = {**_STYLE, "svg.hashsalt": name}
    with _DRAWING, mpl.rc_context(settings):
        yield
