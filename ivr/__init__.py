"""The service: answers the telephone, understands, solves what it can, and hands the rest to the right person."""
