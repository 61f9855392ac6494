"""Notes: text signed by keys, as C2SP's signed-note and tlog-cosignature have them, exactly.

https://c2sp.org/signed-note and https://c2sp.org/tlog-cosignature, with Ed25519 (RFC 8032). A note is worth nothing
unless a key that whoever reads it had before verifies it: :func:`signers` takes such keys, and none out of a note.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519: Final = 0x01
"""Signs the text of a note."""
COSIGNATURE: Final = 0x04
"""Signs a checkpoint with the time at which it was found consistent with all that came before it."""
_PREFIX: Final = "PRIVATE+KEY+"
_DASH: Final = "\u2014"
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")
_ID_BYTES, _KEY_BYTES, _TIME_BYTES = 4, 32, 8
_MOST_BYTES: Final = 1 << 20
_MOST_SIGNATURES: Final = 100


class NotANote(ValueError):  # noqa: N818  reads well where it is caught
    """What was given has not the form that the specification demands; the text says in which way."""


class Forged(ValueError):  # noqa: N818  as above
    """A signature that names a known key was not made by that key over this text."""


class VerifierKey(NamedTuple):
    """A public key, with the name that it goes by."""

    name: str
    kind: int
    """:data:`ED25519` or :data:`COSIGNATURE`."""
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which signatures name it, beside its name."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """It as text: a *vkey*."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def read(cls, text: str) -> VerifierKey:
        """Return the key of a vkey; raises :class:`NotANote`."""
        name, digits, data = _parts(text)
        key = cls(name, data[0], data[1:])
        if key.kind not in {ED25519, COSIGNATURE}:
            raise NotANote(f"the key of {name} is of type {key.kind}, and not of Ed25519")
        if len(key.public) != _KEY_BYTES or key.id.hex() != digits:
            raise NotANote(f"the key of {name} is not whole: its id is not that of its bytes")
        return key


class SigningKey:
    """A private key. It shows itself to nobody but who asks for :attr:`text`."""

    __slots__ = ("_secret", "key")

    def __init__(self, name: str, secret: bytes, kind: int = ED25519) -> None:
        """``secret``: 32 bytes (RFC 8032, section 5.1.5)."""
        if not is_name(name):
            raise NotANote(f"{name!r} names no key: it must have a name without spaces and plus signs")
        self._secret = secret
        self.key = VerifierKey(name, kind, self._private().public_key().public_bytes_raw())
        """What verifies its signatures."""

    @classmethod
    def read(cls, text: str) -> SigningKey:
        """Return the key that :attr:`text` wrote; raises :class:`NotANote`, with nothing of the key in it."""
        try:
            name, digits, data = _parts(text.strip().removeprefix(_PREFIX))
        except NotANote:
            raise NotANote("this is no private key: it begins with PRIVATE+KEY+, a name, an id and the key") from None
        if not text.startswith(_PREFIX) or data[0] not in {ED25519, COSIGNATURE} or len(data) != 1 + _KEY_BYTES:
            raise NotANote("this is no private key of Ed25519 that begins with PRIVATE+KEY+")
        made = cls(name, data[1:], data[0])
        if made.key.id.hex() != digits:
            raise NotANote("the private key is not whole: its id is not that of its bytes")
        return made

    @property
    def text(self) -> str:
        """It as text, in the form of Go's note package."""
        data = base64.b64encode(bytes([self.key.kind]) + self._secret).decode()
        return f"{_PREFIX}{self.key.name}+{self.key.id.hex()}+{data}"

    def line(self, text: str, at: int = 0) -> str:
        """Return the signature line for a note; ``at``: when a cosignature is made, in seconds since 1970."""
        stamp = at.to_bytes(_TIME_BYTES, "big") if self.key.kind == COSIGNATURE else b""
        signature = self.sign(_message(self.key, text, at))
        return f"{_DASH} {self.key.name} {base64.b64encode(self.key.id + stamp + signature).decode()}\n"

    def sign(self, message: bytes) -> bytes:
        """Return the bare signature on ``message``, which must say itself what it is for."""
        return self._private().sign(message)

    def _private(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._secret)


class Signature(NamedTuple):
    """A line below a note's text."""

    name: str
    id: bytes
    data: bytes
    """What follows the id."""


class Note(NamedTuple):
    """A signed note, read and not verified."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def read(cls, data: str | bytes) -> Note:
        """Return the note that ``data`` is; raises :class:`NotANote`."""
        try:
            whole = data.decode() if isinstance(data, bytes) else data
            whole.encode()
        except UnicodeError:
            raise NotANote("it is not UTF-8") from None
        if len(whole) > _MOST_BYTES or _CONTROL.search(whole):
            raise NotANote("it is too long, or holds control characters")
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise NotANote("it has no signatures below an empty line")
        several = lines.removesuffix("\n").split("\n")
        if len(several) > _MOST_SIGNATURES:
            raise NotANote(f"it has more than {_MOST_SIGNATURES} signatures")
        return cls(f"{text}\n", tuple(map(_signature, several)))


class Signed(NamedTuple):
    """A signature that was verified."""

    key: VerifierKey
    at: int
    """When a cosignature was made, by whoever made it; of other signatures 0."""


def signers(note: Note, keys: Iterable[VerifierKey]) -> list[Signed]:
    """Return who of ``keys`` signed ``note``; signatures of other keys are passed over.

    Raises :class:`Forged` where one names a key of ``keys`` and is not that key's.
    """
    known = {(key.name, key.id): key for key in keys}
    return [
        Signed(key, _verified(note.text, key, signature.data))
        for signature in note.signatures
        if (key := known.get((signature.name, signature.id))) is not None
    ]


def signed(text: str, keys: Sequence[SigningKey], at: int = 0) -> str:
    """Return the note with that text, which ends with a line feed, signed by ``keys``."""
    return f"{text}\n{''.join(key.line(text, at) for key in keys)}"


def is_name(name: str) -> bool:
    """Return whether a key can go by that name."""
    return bool(name) and not re.search(r"[\s+\x00-\x1f]", name)


def base64_bytes(text: str) -> bytes:
    """Return what standard base64 holds, strictly read; raises :class:`NotANote`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotANote(f"{text[:40]!r} is no base64") from None
    if base64.b64encode(data).decode() != text:
        raise NotANote(f"{text[:40]!r} is no base64 in its one form")
    return data


def _parts(text: str) -> tuple[str, str, bytes]:
    """Return name, id in hexadecimal, and bytes of a key."""
    name, plus, rest = text.partition("+")
    digits, other, data = rest.partition("+")
    if not plus or not other or not is_name(name) or not re.fullmatch("[0-9a-f]{8}", digits):
        raise NotANote("this is no key: NAME+ID+BASE64, as drcheck ledger keygen prints it")
    found = base64_bytes(data)
    if not found:
        raise NotANote("this is no key: it has no bytes")
    return name, digits, found


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, data = rest.partition(" ")
    if dash != _DASH or not is_name(name):
        raise NotANote("a line below the empty one is no signature")
    found = base64_bytes(data)
    if len(found) <= _ID_BYTES:
        raise NotANote("a signature is empty")
    return Signature(name, found[:_ID_BYTES], found[_ID_BYTES:])


def verify(key: VerifierKey, signature: bytes, message: bytes) -> None:
    """Raise :class:`Forged` unless ``key`` made the bare signature on ``message``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Forged(f"the signature of {key.name} is not of its key {key.id.hex()}, or not for this text") from None


def _verified(text: str, key: VerifierKey, data: bytes) -> int:
    """Return when a cosignature was made; raises :class:`Forged`."""
    at = 0
    if key.kind == COSIGNATURE:
        at, data = int.from_bytes(data[:_TIME_BYTES], "big"), data[_TIME_BYTES:]
    verify(key, data, _message(key, text, at))
    return at


def _message(key: VerifierKey, text: str, at: int) -> bytes:
    return (f"cosignature/v1\ntime {at}\n{text}" if key.kind == COSIGNATURE else text).encode()
