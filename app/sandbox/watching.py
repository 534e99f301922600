"""Who has a page open: each is woken when something changed, however much did."""

import asyncio


class Watchers:
    def __init__(self) -> None:
        self._bells: set[asyncio.Event] = set()
        self.closed = False

    def join(self) -> asyncio.Event:
        """A bell that rings at every change from now on."""
        bell = asyncio.Event()
        self._bells.add(bell)
        return bell

    def leave(self, bell: asyncio.Event) -> None:
        self._bells.discard(bell)

    def tell(self) -> None:
        for bell in self._bells:
            bell.set()

    def close(self) -> None:
        """The sandbox ends: all who watch are to go."""
        self.closed = True
        self.tell()
