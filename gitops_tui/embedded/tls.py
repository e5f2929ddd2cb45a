"""A self-signed certificate for a loopback server.

Clients send a bearer token over TLS only, so the server needs a certificate; the standard library can use one but not
make one. This makes an ECDSA key on P-256 and signs its certificate with SHA-256: once, at start, on this machine, so
the arithmetic need not hide its timing.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_EC_PUBLIC_KEY = (1, 2, 840, 10045, 2, 1)
_PRIME256V1 = (1, 2, 840, 10045, 3, 1, 7)
_ECDSA_SHA256 = (1, 2, 840, 10045, 4, 3, 2)
_COMMON_NAME = (2, 5, 4, 3)
_BASIC_CONSTRAINTS = (2, 5, 29, 19)
_ALTERNATIVE_NAMES = (2, 5, 29, 17)
_KEY_USAGE = (2, 5, 29, 15)
_KEY_IDENTIFIER = (2, 5, 29, 14)
_Point = tuple[int, int] | None


class Credential(NamedTuple):
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str


def self_signed(days: int = 3650) -> Credential:
    """A certificate for 127.0.0.1, ::1 and localhost that is its own authority."""
    private = secrets.randbelow(_N - 1) + 1
    point = _multiply(private, _G)
    if point is None:
        raise ArithmeticError("the public key is the point at infinity")
    public = b"\x04" + _bytes32(point[0]) + _bytes32(point[1])
    signed = _certificate_body(public, days)
    certificate = _sequence(signed, _sequence(_oid(_ECDSA_SHA256)), _bits(_signature(private, signed)))
    key = _sequence(_integer(1), _octets(_bytes32(private)), _tagged(0, _oid(_PRIME256V1)), _tagged(1, _bits(public)))
    return Credential(_pem("CERTIFICATE", certificate), _pem("EC PRIVATE KEY", key))


def _certificate_body(public: bytes, days: int) -> bytes:
    now = datetime.now(UTC)
    name = _sequence(_set(_sequence(_oid(_COMMON_NAME), _text("gitops-tui embedded cluster"))))
    names = _sequence(_context(2, b"localhost"), _context(7, bytes((127, 0, 0, 1))), _context(7, bytes(15) + b"\x01"))
    extensions = _sequence(
        _sequence(_oid(_BASIC_CONSTRAINTS), _boolean(), _octets(_sequence(_boolean()))),
        _sequence(_oid(_KEY_USAGE), _boolean(), _octets(_der(3, b"\x02\x84"))),
        _sequence(_oid(_KEY_IDENTIFIER), _octets(_octets(hashlib.sha1(public, usedforsecurity=False).digest()))),
        _sequence(_oid(_ALTERNATIVE_NAMES), _octets(names)),
    )
    return _sequence(
        _tagged(0, _integer(2)),
        _integer(secrets.randbits(120)),
        _sequence(_oid(_ECDSA_SHA256)),
        name,
        _sequence(_time(now - timedelta(days=1)), _time(now + timedelta(days=days))),
        name,
        _sequence(_sequence(_oid(_EC_PUBLIC_KEY), _oid(_PRIME256V1)), _bits(public)),
        _tagged(3, extensions),
    )


def _signature(private: int, message: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        nonce = secrets.randbelow(_N - 1) + 1
        point = _multiply(nonce, _G)
        r = point[0] % _N if point else 0
        s = pow(nonce, -1, _N) * (digest + r * private) % _N
        if r and s:
            return _sequence(_integer(r), _integer(s))


def _multiply(factor: int, point: _Point) -> _Point:
    result: _Point = None
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _add(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _bytes32(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _set(*parts: bytes) -> bytes:
    return _der(0x31, b"".join(parts))


def _integer(number: int) -> bytes:
    return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _der(3, b"\x00" + content)


def _octets(content: bytes) -> bytes:
    return _der(4, content)


def _boolean() -> bytes:
    return _der(1, b"\xff")


def _text(text: str) -> bytes:
    return _der(12, text.encode())


def _time(moment: datetime) -> bytes:
    if moment.year < 2050:
        return _der(23, moment.strftime("%y%m%d%H%M%SZ").encode())
    return _der(24, moment.strftime("%Y%m%d%H%M%SZ").encode())


def _tagged(number: int, content: bytes) -> bytes:
    return _der(0xA0 | number, content)


def _context(number: int, content: bytes) -> bytes:
    return _der(0x80 | number, content)


def _oid(arcs: tuple[int, ...]) -> bytes:
    encoded = bytes((arcs[0] * 40 + arcs[1],))
    for arc in arcs[2:]:
        groups = [arc & 127]
        while arc := arc >> 7:
            groups.append(arc & 127 | 128)
        encoded += bytes(reversed(groups))
    return _der(6, encoded)


def _pem(label: str, content: bytes) -> str:
    text = base64.b64encode(content).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
