"""What somebody shows first: an e-mail address and a password. Tries are counted before a password is looked at."""

from app.auth import passwords
from app.domain import audit
from app.domain.audit import Action
from app.domain.gate_try import GateTry
from app.domain.user import User


async def by_password(email: str, password: str) -> User | None:
    """Whose address and password these are; None when they are nobody's. TooMany while failures before this try make the
    name or the network wait, known and unknown alike."""
    tried = await GateTry.sign_in(email)
    user = await User.by_email(email)
    if await passwords.matches(password, user.password_hash if user else None):
        await tried.remove()  # it was right, but the second factor may still be guessed at: the failures stay
        return user
    await audit.note(Action.SIGN_IN_FAILED, about=user, detail="wrong password" if user else "no such account")
    return None


async def is_theirs(password: str, user: User) -> bool:
    """Whether somebody who is signed in as `user` knows their password. Guesses count as those at the sign-in do."""
    tried = await GateTry.sign_in(user.email)
    if await passwords.matches(password, user.password_hash):
        await tried.remove()
        return True
    await audit.note(Action.SIGN_IN_FAILED, about=user, detail="wrong password, by somebody signed in")
    return False
