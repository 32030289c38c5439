"""The caller's audio as it comes over the wire: put into frames, with what came late, twice or not at all counted.

It neither decodes nor listens: what a frame holds is the business of others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ivr.audio import FRAME_BYTES, FRAME_SECONDS, seconds_of_ulaw
from ivr.telephony.media import Media

# Sound that is heard so much later than it came is no use for a conversation: the caller would wait for every answer. Half
# of the shortest wait behind an answer's words (0.5 s) would be too strict for a process that rests a moment.
LATEST_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Twenty milliseconds of the caller."""

    ulaw: bytes
    is_late: bool  # too late to be recognised; its time has passed all the same


class Wire:
    """One stream's audio. Fed with its media messages in the order in which they came."""

    def __init__(self) -> None:
        self._partial_frame = b""
        self._last_chunk = 0
        self._next_timestamp_milliseconds: float | None = None
        self.late_messages = 0  # came out of their order, twice, or too late to be recognised
        self.lost_seconds = 0.0  # by the carrier, as its time stamps show, or because they came too late

    def frames(self, media: Media, *, late_seconds: float) -> Iterator[Frame]:
        """Give the whole frames that a message completes; none for another track, or one that came after a later one."""
        if media.track != "inbound" or not self._is_in_order(media):
            return
        is_late = late_seconds > LATEST_SECONDS
        if is_late:
            self.late_messages += 1
            self.lost_seconds += seconds_of_ulaw(media.ulaw)
        sound = self._partial_frame + media.ulaw
        whole = len(sound) // FRAME_BYTES * FRAME_BYTES
        self._partial_frame = sound[whole:]
        for at in range(0, whole, FRAME_BYTES):
            yield Frame(ulaw=sound[at : at + FRAME_BYTES], is_late=is_late)

    def _is_in_order(self, media: Media) -> bool:
        """Whether a message is not late; counts what the time stamps show to be missing before it."""
        if media.chunk is not None:
            if media.chunk <= self._last_chunk:
                self.late_messages += 1
                return False
            self._last_chunk = media.chunk
        if media.timestamp_milliseconds is not None:
            if self._next_timestamp_milliseconds is not None:
                gap_seconds = (media.timestamp_milliseconds - self._next_timestamp_milliseconds) / 1000
                # Time stamps jitter by a frame; only more than that is a loss.
                self.lost_seconds += gap_seconds if gap_seconds > FRAME_SECONDS else 0.0
            self._next_timestamp_milliseconds = media.timestamp_milliseconds + 1000 * seconds_of_ulaw(media.ulaw)
        return True
