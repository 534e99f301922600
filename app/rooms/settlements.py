"""Programs that wait for requests to be settled: any number of them, over the connections that this process has anyway."""

import asyncio
from contextlib import suppress
from uuid import UUID

from app.database import sql


class Settlements:
    """Who waits for which request. What settles it is heard through Valkey; the database says whether it is so."""

    def __init__(self) -> None:
        self.waiting: dict[UUID, set[asyncio.Future[None]]] = {}
        self.closing = False

    async def wait(self, request_id: UUID, seconds: float) -> None:
        """Returns when the request is settled or `seconds` are over, whichever is first; early when this process ends."""
        settled = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(request_id, set()).add(settled)
        try:
            await self.look(request_id)  # it may have been settled before we listened
            if not self.closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(settled, seconds)
        finally:
            self.waiting[request_id].discard(settled)
            if not self.waiting[request_id]:
                del self.waiting[request_id]

    async def look(self, *request_ids: UUID) -> None:
        """Ask the database, with one query, which of these (of all that are waited for, if none is named) are settled."""
        if asked := list(request_ids or self.waiting):
            query = "SELECT id FROM feedback_requests WHERE id = ANY($1) AND status <> 'open'"
            for row in await sql(query, asked):
                self._let_go(row["id"])

    def close(self) -> None:
        """Let all go: this process ends, and they come back to whoever answers then."""
        self.closing = True
        for request_id in list(self.waiting):
            self._let_go(request_id)

    def _let_go(self, request_id: UUID) -> None:
        for settled in self.waiting.get(request_id, ()):
            if not settled.done():
                settled.set_result(None)
