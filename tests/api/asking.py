"""What programs ask and answer, as tests of it say it."""

from typing import Any

import httpx

from tests.programs import Program

SHIP = {"type": "approval", "question": "Shall we ship?"}


async def ask(program: Program, **more: Any) -> dict[str, Any]:
    answer = await program.post("/api/feedback", {**SHIP, **more})
    assert answer.status_code == 201, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


async def answer_to(program: Program, asked: dict[str, Any], value: object, **more: str) -> httpx.Response:
    return await program.post(f"/api/feedback/{asked['id']}/response", {"value": value, **more})
