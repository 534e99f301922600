"""What an e-mail address looks like."""

import re

ADDRESS = re.compile(r"[^@\s\x00-\x1f<>,;:\"()\[\]\\]{1,64}@[^@\s\x00-\x1f<>,;:\"()\[\]\\]{1,253}")


def is_address(text: str) -> bool:
    """Whether one can write an e-mail to it."""
    return bool(ADDRESS.fullmatch(text)) and text.isprintable()
