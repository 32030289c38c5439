"""`make bench [ONLY=name]`: runs the benches, each of which prints its table and writes build/bench/NAME.json."""

import importlib
import sys

BENCHES = ("intents", "webhook")


def main() -> int:
    """Run the benches that are named, or all; a name that is none is refused."""
    wanted = sys.argv[1:] or BENCHES
    unknown = set(wanted) - set(BENCHES)
    if unknown:
        print(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
        return 2
    for name in wanted:
        importlib.import_module(f"tests.bench.{name}").main()
    return 0


sys.exit(main())
