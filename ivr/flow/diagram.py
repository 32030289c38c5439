"""Draws the machine's transition table as a Mermaid diagram, for docs/flow.md. It decides nothing: the table does."""

from ivr.flow.machine import EVENTS, TRANSITIONS, Handler


def mermaid() -> str:
    """Return the diagram's text: kinds of node that behave alike as one box, each handler as a rounded one."""
    lines = ["flowchart LR"]
    handlers: dict[Handler, str] = {}
    for number, (row, kinds) in enumerate(_alike().items(), start=1):
        lines.append(f'  k{number}["{", ".join(kinds)}"]')
        for handler in dict.fromkeys(row):
            name = handlers.setdefault(handler, f"h{len(handlers) + 1}")
            events = " / ".join(event.__name__ for event, does in zip(EVENTS, row, strict=True) if does is handler)
            lines.append(f'  k{number} -- "{events}" --> {name}')
    lines.extend(f'  {name}("{_sentence(handler)}")' for handler, name in handlers.items())
    return "\n".join(lines) + "\n"


def _alike() -> dict[tuple[Handler, ...], list[str]]:
    rows: dict[tuple[Handler, ...], list[str]] = {}
    for kind in dict.fromkeys(kind for kind, _ in TRANSITIONS):
        rows.setdefault(tuple(TRANSITIONS[kind, event] for event in EVENTS), []).append(kind.value)
    return rows


def _sentence(handler: Handler) -> str:
    return (handler.__doc__ or handler.__name__).strip().rstrip(".")
