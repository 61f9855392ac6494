"""What is attached to a PDF, however it is packed."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest

from drcheck.errors import UsageError
from drcheck.reports.pdf import attachments as module
from drcheck.reports.pdf.attachments import attachments


def document(*packed: tuple[bytes, object]) -> bytes:
    made = pikepdf.new()
    for number, (data, filters) in enumerate(packed):
        name = f"{number}.json"
        made.attachments[name] = pikepdf.AttachedFileSpec(made, b"", filename=name)
        made.attachments[name].get_file().obj.write(data, filter=filters)
    file = io.BytesIO()
    made.save(file, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return file.getvalue()


def test_what_is_attached_is_read_packed_or_not() -> None:
    twice = zlib.compress(zlib.compress(b"two"))
    flate = pikepdf.Name.FlateDecode
    pdf = document((b"none", None), (zlib.compress(b"one"), flate), (twice, pikepdf.Array([flate, flate])), (b"", None))
    assert attachments(pdf) == {"0.json": b"none", "1.json": b"one", "2.json": b"two", "3.json": b""}


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_attached_is_not_unpacked_beyond_what_can_be_checked(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    bomb = bytes(3 << 20)
    for _ in range(times):
        bomb = zlib.compress(bomb)
    with pytest.raises(UsageError) as caught:
        attachments(document((bomb, pikepdf.Array([pikepdf.Name.FlateDecode] * times))))
    assert "more is attached than 1048576 bytes" in caught.value.hint
    half = zlib.compress(bytes(600_000))
    with pytest.raises(UsageError):
        attachments(document(*[(half, pikepdf.Name.FlateDecode)] * 2))


def test_what_is_attached_in_another_form_or_breaks_off_is_told() -> None:
    for data, filters in (
        (b"00>", pikepdf.Name.ASCIIHexDecode),
        (zlib.compress(b"one")[:-5], pikepdf.Name.FlateDecode),
    ):
        with pytest.raises(UsageError):
            attachments(document((data, filters)))
