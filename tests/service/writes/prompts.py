"""Prompts and recordings."""

import base64

from tests.unit.test_recording_sound import file, tone
from tests.written import Write

WRITES = (
    Write(
        endpoint="api_recordings.add",
        act="recording.added",
        address="/api/v1/recordings",
        json={"name": "saluto.wav", "sound": base64.b64encode(file(tone(rate_hz=8000), rate_hz=8000)).decode()},
    ),
)
NO_CHANGES = {
    "api_prompts.measure": "measures a text that is not saved",
    "api_prompts.speech": "says a text that is not saved",
}
