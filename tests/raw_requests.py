"""Requests as no client of ours would send them: odd methods, headers, cookies and bodies, as bytes."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

TEN_MEGABYTES = 10_000_000
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "x" * 100]
ODD = [
    b"", b"\x00", b"%00", b"\xff\xfe", b"\xed\xa0\x80", b"%ED%A0%80", b"'--", b"<script>", b"../" * 20, b"[" * 5000,
    b"9" * 500, b"-1", b"1e999", b"null", b"true", b"{}", "١".encode(), "\u202e\ufffe".encode(), b"{{7*7}}", b"x" * 9000,
    b";;=;", b"http://[", b"\xf0\x9f\x98\x80", b"%", b"2026-02-30T25:61:00Z", b"00000000-0000-0000-0000-000000000000",
]  # fmt: skip
HEADERS = [
    b"Accept", b"Accept-Encoding", b"Accept-Language", b"Authorization", b"Content-Type", b"Content-Encoding", b"Cookie",
    b"Expect", b"Forwarded", b"HX-Current-URL", b"HX-Request", b"HX-Target", b"Idempotency-Key", b"If-None-Match",
    b"Last-Event-ID", b"Origin", b"Range", b"Referer", b"Sec-Fetch-Site", b"User-Agent", b"X-Forwarded-For",
    b"X-Forwarded-Proto", b"X-HTTP-Method-Override", b"X-Request-Id", b"traceparent", b"Odd-Name",
]  # fmt: skip
COOKIES = [b"access", b"refresh", b"browser", b"theme", b"csrf", b"\xff", b"", b"__Host-access"]
KINDS = [
    b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"multipart/form-data",
    b"", b"application/json; charset=utf-16", b"text/plain", b"application/msgpack", b"application/problem+json", b"\xff",
    b"x/" * 999, b"application/x-www-form-urlencoded; charset=nonsense", b"multipart/mixed; boundary=x",
    b'multipart/form-data; boundary="',
]  # fmt: skip
NOT_IN_A_HEADER = bytes(range(32)) + b"\x7f"
FIELDS = ["text", "client_id", "title", "type", "csrf", "value", "email", "password", "name", "q", "grant_type", ""]


@dataclass(frozen=True)
class Known:
    """What a person's own requests carry, and the ids of what is theirs."""

    cookie: str
    token: str
    csrf: str
    ids: list[str]


class Raw:
    """Makes requests out of `chance`, most of them to `routes`: methods, and paths with {holes} to be filled."""

    def __init__(self, chance: random.Random, routes: list[tuple[str, str]], known: Known) -> None:
        self.chance, self.routes, self.known = chance, routes, known

    def request(self, host: str) -> bytes:
        """One, whole: its end is the connection's to send."""
        body = self.body()
        lines = [self.first_line(), b"Host: " + (host.encode() if self.often() else self.odd())]
        lines += [self.credential() for _ in range(self.chance.randrange(3))]
        lines += [self.chance.choice(HEADERS) + b": " + self.odd() for _ in range(self.chance.randrange(4))]
        if body or self.often():
            lines += [b"Content-Type: " + self.chance.choice(KINDS), b"Content-Length: %d" % len(body)]
        if self.often():
            lines = [line.translate(None, NOT_IN_A_HEADER) for line in lines]
        return b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body

    def first_line(self) -> bytes:
        method, path = self.chance.choice(self.routes)
        method = method if self.often() else self.chance.choice(METHODS)
        while "{" in path:
            before, _, rest = path.partition("{")
            hole = self.chance.choice(self.known.ids) if self.often() else quote(self.odd()[:200])
            path = before + hole + rest.partition("}")[2]
        query = (
            "" if self.often() else f"?{self.chance.choice(FIELDS)}={quote(self.odd()[:900])}&after={quote(self.odd()[:99])}"
        )
        return f"{method} {path.replace('//', '/')}{query} HTTP/1.1".encode()

    def credential(self) -> bytes:
        return self.chance.choice(
            [
                f"Cookie: {self.known.cookie}".encode(),
                f"Authorization: Bearer {self.known.token}".encode(),
                b"Authorization: Bearer " + self.odd(),
                b"Cookie: " + b"; ".join(self.chance.choice(COOKIES) + b"=" + self.odd()[:2000] for _ in range(3)),
            ]
        )

    def body(self) -> bytes:
        kinds: list[Callable[[], bytes]] = [self.odd, self.form, self.multipart, self.json, self.broken_json, bytes]
        return b"x" * TEN_MEGABYTES if self.chance.random() < 0.01 else self.chance.choice(kinds)()

    def form(self) -> bytes:
        pairs = [self.chance.choice(FIELDS).encode() + b"=" + self.odd() for _ in range(self.chance.randrange(6))]
        return b"&".join([f"csrf={self.known.csrf}".encode() if self.often() else b"csrf=" + self.odd(), *pairs])

    def multipart(self) -> bytes:
        head = b'--x\r\nContent-Disposition: form-data; name="'
        parts = [head + self.odd()[:300] + b'"\r\n\r\n' + self.odd() + b"\r\n" for _ in range(self.chance.randrange(5))]
        whole = head + b'csrf"\r\n\r\n' + self.known.csrf.encode() + b"\r\n" + b"".join(parts) + b"--x--\r\n"
        return whole if self.often() else whole[: self.chance.randrange(len(whole))]

    def json(self) -> bytes:
        values = [None, 1, -1, 1e308, "", "x", "\0", "\ud800", "x" * 100_001, [], {}, [[]], True, 2**70]
        return json.dumps({self.chance.choice(FIELDS): self.chance.choice(values) for _ in range(3)}).encode()

    def broken_json(self) -> bytes:
        whole = self.chance.choice([b"[" * 50_000, b'{"a":' * 9_000, b'{"text": "\xff"}', b"\xef\xbb\xbf{}", self.json()])
        return whole[: self.chance.randrange(len(whole) + 1)]

    def odd(self) -> bytes:
        return self.chance.choice(ODD)

    def often(self) -> bool:
        return self.chance.random() < 0.7
