"""The very first sign-up makes the admin. Off loopback it needs the link printed at start, so that no passer-by does it."""

from app.settings import settings

PURPOSE = "first sign-up"


def first_sign_up_url() -> str:
    """Where the first visitor becomes admin."""
    if settings().loopback:
        return f"{settings().base_url}/sign-up"
    from app.auth.tokens import proof  # takes a while to load, which a start on loopback needn't wait for

    return f"{settings().base_url}/sign-up?key={proof(PURPOSE)}"


def may_be_first(key: str) -> bool:
    """Whether somebody who brings this key may make the first account."""
    from app.auth.tokens import proves

    return settings().loopback or proves(key, PURPOSE)
