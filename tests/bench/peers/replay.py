"""The least that streams: a bare ASGI app which plays recorded frames to all who listen, and holds idle streams.

FRAMES names a file of lines `[seconds, "bytes as latin-1"]`. GET /frames waits for POST /go, which plays them to every
listener; GET /idle says nothing; GET /page shows the frames by EventSource.
"""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
PAGE = (Path(__file__).parent / "eventsource.html").read_bytes()
LINES = Path(os.environ["FRAMES"]).read_text().splitlines()
FRAMES = [(due, text.encode("latin-1")) for due, text in map(json.loads, LINES)]
listeners: set[asyncio.Queue[bytes | None]] = set()
playing: set[asyncio.Task[None]] = set()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    match scope["path"]:
        case "/frames":
            await listen(send)
        case "/idle":
            await begin(send, HEADERS)
            while (await receive())["type"] != "http.disconnect":
                pass
        case "/go":
            task = asyncio.get_running_loop().create_task(play())
            playing.add(task)
            task.add_done_callback(playing.discard)
            await page(send, b"")
        case _:
            await page(send, PAGE)


async def begin(send: Any, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})


async def page(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def listen(send: Any) -> None:
    frames: asyncio.Queue[bytes | None] = asyncio.Queue()
    listeners.add(frames)
    await begin(send, HEADERS)
    try:
        while frame := await frames.get():
            await send({"type": "http.response.body", "body": frame, "more_body": True})
    finally:
        listeners.discard(frames)
    await send({"type": "http.response.body", "body": b""})


async def play() -> None:
    began = time.monotonic()
    for due, frame in FRAMES:
        await asyncio.sleep(began + due - time.monotonic())
        for frames in listeners:
            frames.put_nowait(frame)
    for frames in list(listeners):
        frames.put_nowait(None)
