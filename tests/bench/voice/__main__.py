"""`make bench ONLY=voice`; `python -m tests.bench.voice PART ...` measures the named parts alone."""

import sys

from tests.bench import parts

PARTS = ("verification", "encoding", "replay")

if __name__ == "__main__":
    sys.exit(parts.run("voice", PARTS, sys.argv[1:]))
