"""The usual way to show a model's words in a page: Starlette and the openai SDK."""

import json
import os
from collections.abc import AsyncIterator

from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

client = AsyncOpenAI(base_url=os.environ["LLM_BASE_URL"], api_key="none")


async def tokens(text: str) -> AsyncIterator[bytes]:
    said = [{"role": "user", "content": text}]
    async for part in await client.chat.completions.create(model="stub", messages=said, stream=True):
        if part.choices and (token := part.choices[0].delta.content):
            yield b"data: %b\n\n" % json.dumps(token).encode()


async def say(request: Request) -> StreamingResponse:
    return StreamingResponse(tokens((await request.body()).decode()), media_type="text/event-stream")


app = Starlette(routes=[Route("/say", say, methods=["POST"])])
