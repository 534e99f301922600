"""How a place in Slack is written down: "T1/C1/1700000000.000100" is a thread, "T1/U1" a person, "C1/1700.1" a message."""

from typing import NamedTuple


class Place(NamedTuple):
    """A thread in a channel (or direct conversation) of a workspace; without `thread`, the channel itself."""

    team: str
    channel: str
    thread: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in self if part)

    @classmethod
    def read(cls, written: str) -> "Place":
        return cls(*written.split("/"))


class Who(NamedTuple):
    """A person in a workspace."""

    team: str
    user: str

    def __str__(self) -> str:
        return f"{self.team}/{self.user}"

    @classmethod
    def read(cls, written: str) -> "Who":
        return cls(*written.split("/"))


class Copy(NamedTuple):
    """Messages that are one thing, in order: what was too long for one."""

    channel: str
    stamps: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.channel}/{','.join(self.stamps)}"

    @classmethod
    def read(cls, written: str) -> "Copy":
        channel, _, stamps = written.partition("/")
        return cls(channel, tuple(stamps.split(",")))


def thread_of(address: str, copy: str) -> str:
    """The thread that a message to somebody begins."""
    there = Copy.read(copy)
    return str(Place(Who.read(address).team, there.channel, there.stamps[0]))
