"""Logging of the service: one filter that takes telephone numbers, and whatever else identifies a caller, out of every record."""

import logging
import re

# E.164 and national forms of seven digits and more; identifiers of the carrier are letters and hexadecimal digits, and stay.
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\+?\d(?:[\s.-]?\d){6,14}(?![0-9A-Za-z])")


_TRACEBACKS = logging.Formatter()


class Redacting(logging.Filter):
    """Leaves the last two digits of every number that could be a telephone's. Voices, words and keys are never logged at all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; none is dropped."""
        message = record.getMessage()
        redacted = redact(message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        if record.exc_info:
            # An error's own message may hold what the log must not; handlers use this text in place of their own.
            record.exc_text = redact(_TRACEBACKS.formatException(record.exc_info))
        return True


def redact(text: str) -> str:
    """The text with its telephone numbers cut to their last two digits."""
    return _NUMBER.sub(lambda found: "…" + found[0][-2:], text)


def configure(level: str) -> None:
    """Log to standard error at `level`, redacted; repeated calls change only the level."""
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(one, Redacting) for handler in root.handlers for one in handler.filters):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handler.addFilter(Redacting())
        root.addHandler(handler)
    # Twilio's client logs request bodies, which hold numbers and messages, at INFO.
    logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
    # Alembic tells what database it looks at each time that readiness is asked.
    logging.getLogger("alembic").setLevel(logging.WARNING)
