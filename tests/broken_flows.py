"""The corpus of broken flows, tests/unit/flow/broken: small flows with one fault each, and what the checker must say of it.

`expected.txt` has a line a flow: its name, then the one problem as it is shown. A flow without prompts of its own is read with
those of the sound one that they were all made from.
"""

from collections.abc import Mapping
from pathlib import Path

from ivr.flow.files import problems_of

FOLDER = Path(__file__).parent / "unit" / "flow" / "broken"
SOUND = "sound"


def expected() -> Mapping[str, str]:
    """Return, by the flow's name, the one problem that must be found."""
    lines = (FOLDER / "expected.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


def found(name: str) -> tuple[str, ...]:
    """Return what the checker finds in a flow of the corpus."""
    own = FOLDER / f"{name}.prompts.yaml"
    prompts = own if own.exists() else FOLDER / f"{SOUND}.prompts.yaml"
    flow = FOLDER / f"{name}.flow.yaml"
    problems = problems_of(
        flow.read_text(encoding="utf-8"),
        prompts.read_text(encoding="utf-8"),
        flow_file=flow.name,
        prompts_file=prompts.name,
    )
    return tuple(str(problem) for problem in problems)


def right_messages() -> int:
    """Count the flows of which the one right problem is found, with its file, node and line, and nothing else."""
    return sum(found(name) == (problem,) for name, problem in expected().items())
