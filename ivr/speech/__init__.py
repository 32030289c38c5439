"""Listening to a caller: voice activity, end of speech, barge-in, recognition, and one turn made of them all."""
