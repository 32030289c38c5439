"""The API of version 1: the same acts as the pages, for scripts and for the pages' own."""
