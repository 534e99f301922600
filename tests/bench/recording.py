"""Frames as a page got them, kept so that a peer can play the same bytes on the same timetable."""

import asyncio
import html
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.bench.clocks import Ear
from tests.bench.ground import Ground
from tests.bench.processes import Server
from tests.stub_orders import prose

FRAME_S = 0.033
Frames = list[tuple[float, bytes]]


def recorded(ear: Ear) -> Frames:
    """What the ear heard since its question: seconds since the first frame, and the frame with its end."""
    began = ear.frames[0][0]
    return [((at - began) / 1e9, data_of(frame)) for at, frame in ear.frames if b"data:" in frame]


def data_of(frame: bytes) -> bytes:
    """The event alone, without the chunk sizes that stand between."""
    lines = (line.rstrip(b"\r") for line in frame.split(b"\n"))
    return b"\n".join(line for line in lines if line.startswith((b"data:", b"id:", b"event:"))) + b"\n\n"


def invented(seconds: float = 4.0) -> Frames:
    """Frames in the shape of ours, for a run without Parley: paragraphs that grow by two tokens a frame."""
    frames, text = [], ""
    for number in range(int(seconds / FRAME_S)):
        text = "" if number % 40 == 0 else text
        text += html.escape(prose(2 * number) + prose(2 * number + 1)).replace("\n", "&#10;")
        head = f'id: 1-{number}\ndata: <hx-partial hx-target="#message-1 .open" hx-swap="outerHTML settle:0">'
        frames.append((number * FRAME_S, f'{head}<div class="open"><p>{text}</p></div></hx-partial>\n\n'.encode()))
    return frames


@asynccontextmanager
async def replaying(ground: Ground, frames: Frames) -> AsyncIterator[Server]:
    """The bare server that plays them."""
    path = ground.folder / "frames.jsonl"
    await asyncio.to_thread(write, path, frames)
    async with ground.peer("replay:app", FRAMES=str(path)) as server:
        yield server


def write(path: Path, frames: Frames) -> None:
    path.write_text("".join(json.dumps([due, frame.decode("latin-1")]) + "\n" for due, frame in frames))


async def go(server: Server) -> None:
    """Play the frames to all who listen now."""
    async with aiohttp.ClientSession() as web, web.post(f"{server.url}/go") as answer:
        answer.raise_for_status()
