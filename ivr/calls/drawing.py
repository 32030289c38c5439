"""Draws digits that nobody can foresee, for proofs that are good once."""

import secrets


def random_digits(count: int) -> str:
    """So many digits of the system's randomness."""
    return "".join(secrets.choice("0123456789") for _ in range(count))
