"""Photographs as citizens send them, without what cameras write into them: place, time, device, thumbnails.

JPEG (ITU-T T.81): application segments and comments are left out, except JFIF (APP0), Adobe's colour mark (APP14) and the
colour profile; whatever follows the end of the image (second images of phones) is cut off. PNG: only the chunks that draw
the picture are kept. Other formats are refused, so that nothing is kept that was not cleaned.
"""

from __future__ import annotations

from dafeng.kernel.errors import UploadError

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE


def cleaned(content: bytes, *, name: str) -> tuple[str, bytes]:
    """Media type and cleaned bytes. Raises `UploadError` for what is not a whole JPEG or PNG."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", _jpeg(content, name)
    if content.startswith(_PNG):
        return "image/png", _png(content, name)
    raise UploadError(
        f"“{name}”不是可以接受的图片",
        expected="JPG 或 PNG 照片",
        mend="请用手机拍照或截图后上传；其他格式请先转存为 JPG",
    )


def _broken(name: str) -> UploadError:
    return UploadError(f"图片“{name}”不完整，读不出来", mend="请重新选择图片上传")


def _jpeg(content: bytes, name: str) -> bytes:
    kept, at = bytearray(b"\xff\xd8"), 2
    while True:
        if at + 2 > len(content) or content[at] != 0xFF:
            raise _broken(name)
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == _EOI:
            return bytes(kept + b"\xff\xd9")
        size = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + size
        if size < 2 or end > len(content) or marker == _SOI:
            raise _broken(name)
        segment = content[at:end]
        if _jpeg_kept(marker, segment):
            kept += segment
        at = end
        if marker == _SOS:
            stop = _end_of_scan(content, at, name)
            kept += content[at:stop]
            at = stop


def _jpeg_kept(marker: int, segment: bytes) -> bool:
    if marker == 0xE2:
        return segment[4:].startswith(b"ICC_PROFILE\0")
    return marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == _COM)


def _end_of_scan(content: bytes, at: int, name: str) -> int:
    """Where the coded data of a scan end: at the next marker that is no stuffed byte and no restart."""
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        following = content[at + 1]
        if following == 0x00 or 0xD0 <= following <= 0xD7:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at
    raise _broken(name)


def _png(content: bytes, name: str) -> bytes:
    kept, at = bytearray(_PNG), len(_PNG)
    while at + 12 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        end = at + 12 + size
        if end > len(content):
            break
        if kind in _PNG_KEPT:
            kept += content[at:end]
        if kind == b"IEND":
            return bytes(kept)
        at = end
    raise _broken(name)
