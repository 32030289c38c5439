"""What is wrong in a file that people write: one record a problem, with the place and what to do. Nothing here decides."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem, for the person who wrote the file."""

    file: str
    line: int  # from 1; 0 when the file as a whole is meant
    place: str  # "node ask_order", "prompt greeting", "" for the file as a whole
    message: str
    remedy: str  # what to do

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.file}:{self.line}: {place}{self.message}. {self.remedy}."
