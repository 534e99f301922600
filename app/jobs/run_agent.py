"""Answer in one conversation."""

from uuid import UUID

from saq.types import Context

from app.agent.turn import Answers


async def run_agent(ctx: Context, *, row_id: str) -> None:
    """Begin the turns that are due in the conversation `row_id`, if any. The job ends at once, so that SAQ's concurrency
    bounds nothing; the turn's own lease guards it."""
    answers: Answers = ctx["answers"]  # type: ignore[typeddict-item]
    answers.begin(UUID(row_id))
