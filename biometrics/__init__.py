"""Is this the enrolled voice: voiceprints, encoders, a decision that fails closed. It knows nothing of the telephone."""
