"""Ending a connection without an answer, as a broken network does. ASGI has no word for it: the server's own transport is
reached through its `send`, which app/sandbox/doors.py keeps in the scope."""

import asyncio
from typing import Any, cast

from litestar import Response
from litestar.types import HTTPScope

STRAIGHT = "sandbox.send"
LONGEST_SECONDS, LOOKS_SECONDS = 120.0, 0.05


async def drop(scope: HTTPScope, *, hang: bool = False) -> Response[bytes]:
    """End the connection, after a long silence if `hang`. What it returns goes nowhere."""
    send = cast(dict[str, Any], scope)[STRAIGHT]
    transport: asyncio.Transport = send.__self__.transport
    if hang:
        await _silence(transport)
    transport.abort()
    await asyncio.sleep(0.01)  # until the server knows: it would answer 500 otherwise
    return Response(b"", status_code=500)


async def _silence(transport: asyncio.Transport) -> None:
    """Say nothing while the other end waits."""
    for _ in range(int(LONGEST_SECONDS / LOOKS_SECONDS)):
        if transport.is_closing():
            return
        await asyncio.sleep(LOOKS_SECONDS)
