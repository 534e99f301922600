"""Chainlit's own example of a streaming chat; no history, nothing stored. LLM_BASE_URL says where the model is."""

import os

import chainlit as cl
from openai import AsyncOpenAI

client = AsyncOpenAI(base_url=os.environ["LLM_BASE_URL"], api_key="none")


@cl.on_message
async def answer(message: cl.Message) -> None:
    reply = cl.Message(content="")
    said = [{"role": "user", "content": message.content}]
    async for part in await client.chat.completions.create(model="stub", messages=said, stream=True):
        if part.choices and (token := part.choices[0].delta.content):
            await reply.stream_token(token)
    await reply.update()
