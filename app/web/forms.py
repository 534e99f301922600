"""What stands in a form."""

from collections.abc import Callable

from app.domain.errors import Unfit
from app.web.pages import AnyRequest


async def field(request: AnyRequest, name: str, longest: int = 200_000) -> str:
    """A text field of the posted form, "" if it is missing. Unfit if it is a file or far too long."""
    return _text(name, (await request.form()).get(name, ""), longest)


async def fields(request: AnyRequest, name: str) -> list[str]:
    """All that was chosen under a name, such as by checkboxes."""
    return [_text(name, value, 1000) for value in (await request.form()).getall(name, [])]


def complaints(**fits: Callable[[], object]) -> dict[str, str]:
    """What is Unfit, by field; each is tried, so that all is told at once."""
    found = {}
    for name, fit in fits.items():
        try:
            fit()
        except Unfit as unfit:
            found[name] = str(unfit)
    return found


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise Unfit(f"The field {name!r} does not hold what it should.")
    return value
