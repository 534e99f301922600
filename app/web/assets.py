"""The files under static/, kept in memory, compressed once, and named by what they hold: a browser asks for each once."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from app.domain.errors import NotFound

STATIC = Path(__file__).resolve().parents[2] / "static"
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    media_type: str
    content: bytes
    compressed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Every file by its path below static/."""
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            media_type = guess_type(path.name)[0] or "text/plain"
            found[path.relative_to(STATIC).as_posix()] = Asset(media_type, content, gzip.compress(content, mtime=0))
    return found


@cache
def version() -> str:
    """A name for the state of all files together; it stands in their addresses."""
    digest = hashlib.sha256()
    for name, one in assets().items():
        digest.update(name.encode() + b"\0" + one.content)
    return digest.hexdigest()[:12]


def asset(path: str) -> str:
    """The address of a file under static/; an error if there is none."""
    if path not in assets():
        raise FileNotFoundError(f"static/{path}")
    return f"/static/{version()}/{path}"


@get("/static/{version_asked:str}/{path:path}", opt={"open": True, "stateless": True}, include_in_schema=False)
async def static_file(request: Request[Any, Any, Any], version_asked: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    """A file. One asked for under another version (a page from before an update) is not to be kept for ever."""
    found = assets().get(path.lstrip("/"))
    if found is None:
        raise NotFound("There is no such file.")
    squeezed = "gzip" in request.headers.get("accept-encoding", "") and len(found.compressed) < len(found.content)
    return Response(
        found.compressed if squeezed else found.content,
        media_type=found.media_type,
        headers={
            "Cache-Control": FOR_EVER if version_asked == version() else "no-cache",
            "Vary": "Accept-Encoding",
            **({"Content-Encoding": "gzip"} if squeezed else {}),
        },
    )
