"""Encryption at rest: the key ring, and columns whose values lie sealed in the database."""
