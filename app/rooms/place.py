"""How far somebody has come in a conversation."""

import re
from typing import NamedTuple, Self

LARGEST = 2**31 - 1
CURSOR = re.compile(r"(\d{1,18})-(\d{1,10})(?:-(\d{1,18})-(\d{1,18}))?", re.ASCII)
UNKNOWN = (0, 1)


class Place(NamedTuple):
    """Entries up to `seq` are known as they were at `revision`; and of the answer being written, the text up to the frame
    `fence`-`number`: all zero means none of it, `UNKNOWN` that nobody can say."""

    revision: int
    seq: int
    fence: int = 0
    number: int = 0

    def __str__(self) -> str:
        frame = f"-{self.fence}-{self.number}" if self.fence or self.number else ""
        return f"{self.revision}-{self.seq}{frame}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The place that a cursor names; None if it is no cursor."""
        found = CURSOR.fullmatch(text)
        if found is None or int(found[2]) > LARGEST:
            return None
        return cls(int(found[1]), int(found[2]), int(found[3] or 0), int(found[4] or 0))
