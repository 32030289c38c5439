"""What a call does next, purely: events in, steps out. It calls nobody, reads no clock and keeps no call."""
