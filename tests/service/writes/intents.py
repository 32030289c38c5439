"""Examples of intents, and what was not understood."""

from tests.written import Write

WRITES = (
    Write(
        endpoint="api_intents.change",
        act="phrases.changed",
        address="/api/v1/intents/phrases",
        json={"wishes": [{"act": "add", "language": "it", "intent": "return", "text": "lo rispedisco al mittente"}]},
    ),
    Write(
        endpoint="api_intents.dismiss",
        act="phrases.dismissed",
        address="/api/v1/intents/heard/dismissed",
        json={"language": "it", "phrases": ["mah non saprei"]},
    ),
)
NO_CHANGES = {
    "api_intents.explained": "answers a sentence that is not kept",
    "api_intents.compare": "begins to judge phrases; what it finds is kept beside the models",
}
