"""The least that shows a model's words in a page: Starlette relaying the model's tokens as server-sent events."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

URL = f"{os.environ['LLM_BASE_URL']}/chat/completions"


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        app.state.session = session
        yield


async def tokens(session: aiohttp.ClientSession, text: str) -> AsyncIterator[bytes]:
    body = {"model": "stub", "stream": True, "messages": [{"role": "user", "content": text}]}
    async with session.post(URL, json=body) as answer:
        async for line in answer.content:
            if line.startswith(b"data: {"):
                choices = json.loads(line[6:])["choices"]
                if choices and (token := choices[0]["delta"].get("content")):
                    yield b"data: %b\n\n" % json.dumps(token).encode()


async def say(request: Request) -> StreamingResponse:
    text = (await request.body()).decode()
    return StreamingResponse(tokens(request.app.state.session, text), media_type="text/event-stream")


app = Starlette(routes=[Route("/say", say, methods=["POST"])], lifespan=lifespan)
