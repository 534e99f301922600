"""What stands in a form."""

from app.domain.errors import Unfit
from app.web.pages import AnyRequest


async def field(request: AnyRequest, name: str, longest: int = 200_000) -> str:
    """A text field of the posted form, "" if it is missing. Unfit if it is a file or far too long."""
    value = (await request.form()).get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise Unfit(f"The field {name!r} does not hold what it should.")
    return value
