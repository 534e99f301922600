"""Folders that only one user may enter, and sockets in them."""

import errno
import hashlib
import os
import re
from pathlib import Path

SOCKET_PATH_LIMIT_BYTES = 103  # macOS; Linux takes 107, unix(7)
PLAIN = re.compile(r"[\w./ +@~-]*")  # asyncpg takes a comma in a path for the end of it
PRIVATE = 0o700


def private_folder(path: Path, user: tuple[int, int] | None = None) -> Path:
    """Makes `path` a folder of `user` (uid and gid; ours if none) that nobody else may enter.

    Raises PermissionError when it is someone else's.
    """
    uid, gid = user or (os.geteuid(), os.getegid())
    made = not path.exists()
    path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if made and user:
            os.fchown(folder, uid, gid)
        if os.fstat(folder).st_uid != uid:
            raise PermissionError(errno.EPERM, "it belongs to another user", str(path))
        os.fchmod(folder, PRIVATE)
    finally:
        os.close(folder)
    return path


def socket_folder(wanted: Path, socket_name: str, user: tuple[int, int] | None = None) -> Path:
    """A private folder for a socket: the wanted one, or a plain short one where the path would be too long or odd."""
    if len(os.fsencode(wanted / socket_name)) <= SOCKET_PATH_LIMIT_BYTES and PLAIN.fullmatch(str(wanted)):
        return private_folder(wanted, user)
    name = f"parley-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    own = Path(runtime) if runtime and user is None and os.access(runtime, os.W_OK) else Path("/tmp")  # noqa: S108
    return private_folder(own / name, user)
