"""`make bench ONLY=routing`; `python -m tests.bench.routing PART ...` measures the named parts alone."""

import sys

from tests.bench import parts

PARTS = ("claims", "batons", "chaos", "erlang", "estimates", "board")

if __name__ == "__main__":
    sys.exit(parts.run("routing", PARTS, sys.argv[1:]))
