"""The reader's words for the figures of what-if."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

WORDS: Mapping[str, Mapping[str, Any]] = {
    "what_if_figure": {
        "answered": _l("Answered, of all calls"),
        "mean_wait_seconds": _l("Mean wait of the answered"),
        "slow_wait_seconds": _l("Nine of ten were answered within"),
        "service_level": _l("Answered in time, of all calls"),
        "level_distance": _l("Levels between asked and given"),
        "first_ring": _l("Answered in the first ring"),
        "preferred": _l("Got the agent they wanted"),
    },
}
