"""Let the threads in which conversations go on show what is new in their logs."""

from app.domain.mirror import behind, catch_up

AT_ONCE = 100


async def mirror_due() -> None:
    """All that are behind."""
    for binding_id in await behind(AT_ONCE):
        await catch_up(binding_id)
