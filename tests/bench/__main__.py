"""`make bench [ONLY=name]`: runs the benches, each of which prints its table and writes build/bench/NAME.json."""

import subprocess
import sys

BENCHES = ("admin", "hearing", "intents", "routing", "voice", "webhook")


def main() -> int:
    """Run the benches that are named, or all, each in a process of its own; a name that is none is refused."""
    wanted = sys.argv[1:] or BENCHES
    unknown = set(wanted) - set(BENCHES)
    if unknown:
        print(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
        return 2
    return max(subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode for name in wanted)


sys.exit(main())
