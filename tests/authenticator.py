"""A passkey's other half, in software: what a browser and its device make of the options that Parley gives them.

    device = Authenticator()
    credential = device.create(options)         JSON, as navigator.credentials.create tells it
    credential = device.get(options)            the same for navigator.credentials.get

What is not as it should be is said by attributes: `origin`, `site`, `verifies`, `count`, `handle`, `type`."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Authenticator:
    """One device with one key. It counts up from `count`, unless that is 0."""

    origin: str
    site: str = "localhost"
    verifies: bool = True
    count: int = 1
    handle: bytes = b""
    type: str = ""
    id: bytes = field(default_factory=lambda: token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> str:
        self.handle = decoded(options["user"]["id"])
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + self._public}
        told = self._client_data("webauthn.create", options["challenge"])
        return self._told({"clientDataJSON": encoded(told), "attestationObject": encoded(cbor2.dumps(attestation))})

    def get(self, options: dict[str, Any]) -> str:
        told, data = self._client_data("webauthn.get", options["challenge"]), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        answer = {"clientDataJSON": told, "authenticatorData": data, "signature": signature, "userHandle": self.handle}
        return self._told({name: encoded(value) for name, value in answer.items()})

    def _client_data(self, type: str, challenge: str) -> bytes:
        return json.dumps({"type": self.type or type, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        count, self.count = self.count, self.count + (self.count > 0)
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    @property
    def _public(self) -> bytes:
        """The key as COSE has it (RFC 9053): EC2, ES256, P-256."""
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        return bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)

    def _told(self, response: dict[str, str]) -> str:
        name = encoded(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
