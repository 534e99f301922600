"""`parley create-admin`."""

from app import database
from app.auth import passwords
from app.domain import audit
from app.domain.audit import Action
from app.domain.user import Role, User


async def create_admin(email: str, password: str) -> str:
    """Make the account `email` an admin, with this password; a new one if there is none. Returns what was done."""
    if complaint := passwords.complaint(password):
        return complaint
    await database.connect()
    try:
        hashed = await passwords.hash_password(password)
        async with database.transaction():
            user = await User.by_email(email)
            if user is None:
                user = await User.sign_up(name=email.partition("@")[0], email=email, password_hash=hashed)
            await user.update_self({User.role: Role.ADMIN, User.password_hash: hashed})
            await audit.note(
                Action.ROLE_CHANGED, about=user, detail=f"{Role.ADMIN} with a new password, by parley create-admin"
            )
        return f"{user.email} is an admin."
    finally:
        await database.disconnect()
