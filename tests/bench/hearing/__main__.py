"""`make bench ONLY=hearing`; `python -m tests.bench.hearing PART ...` measures the named parts alone."""

import sys

from tests.bench import parts

PARTS = ("decoding", "messages", "against_pipecat", "latency", "activity", "barge_in", "italian")

if __name__ == "__main__":
    sys.exit(parts.run("hearing", PARTS, sys.argv[1:]))
