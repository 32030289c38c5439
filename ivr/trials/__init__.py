"""Calls of a draft: a house of its own for each, with the production code on a local line, where nothing real is touched."""
