"""Passwords that cost next to nothing. tests/auth/test_passwords.py tells what they really cost."""

from argon2 import PasswordHasher


def hash_quickly() -> None:
    """From now on, in this process. What was hashed before is still found right."""
    from app.auth import passwords

    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
