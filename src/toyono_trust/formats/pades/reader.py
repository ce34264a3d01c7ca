"""pyHanko's reader, with the signature dictionaries' ``/Contents`` taken out of its way.

It reads a hexadecimal string octet by octet, once for each revision that it looks at, which was half of the time of a
file with two signatures. Nothing here needs the value: its digest stands for it, so that two of them still differ.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Mapping
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodeLimits, StreamDecodeLimits
from pyhanko.pdf_utils.reader import PdfFileReader

from toyono_trust.formats.pades.octets import Octets
from toyono_trust.formats.pades.scan import SignatureDictionary

__all__ = ["Reader"]

MAX_DECODED = 32 << 20
"""Octets that one compressed stream may give; object streams and validation data are all that is decompressed here."""


_READ_DICTIONARY = generic.DictionaryObject.read_from_stream.__code__


class Reader(PdfFileReader):
    """Reads one file's structure leniently.

    ``known``: signature dictionaries by their place. ``ambiguous``: whether a dictionary read so far has a key twice.
    """

    known: Mapping[int, SignatureDictionary] = {}

    def __init__(self, octets: Octets, known: Mapping[int, SignatureDictionary]) -> None:
        limits = DecodeLimits(per_stream=StreamDecodeLimits(max_output_size=MAX_DECODED))
        self.ambiguous = False
        super().__init__(octets.stream, strict=False, decode_limits=limits)
        self._octets = octets
        if not self.encrypted:  # the other strings of an encrypted dictionary are pyHanko's to decrypt
            self.known = known

    @property
    def strict(self) -> bool:
        """False always; that the one who asks is reading a dictionary means that a key stands in it twice.

        pyHanko takes the first value then and most viewers take the last, so such a file has two faces (7.3.7).
        """
        if sys._getframe(1).f_code is _READ_DICTIONARY:
            self.ambiguous = True
        return False

    @strict.setter
    def strict(self, value: bool) -> None:
        """Nothing: pyHanko sets it once, to False."""

    def get_object(self, ref: Any, revision: int | None = None, **options: Any) -> Any:  # type: ignore[override]
        """An object, as pyHanko reads it, but for the value of a signature."""
        if self.known:
            place = self.xrefs[ref] if revision is None else self.xrefs.get_historical_ref(ref, revision)
            signature = self.known.get(place) if isinstance(place, int) else None
            if signature is not None and signature.object == (ref.idnum, ref.generation):
                return self._without_value(signature)
        return super().get_object(ref, revision, **options)  # type: ignore[no-untyped-call]

    def _without_value(self, signature: SignatureDictionary) -> Any:
        data = self._octets.read(signature.start, signature.end)
        span = signature.entries.get("/Contents")
        if span is not None and signature.contents is not None and signature.contents[:1] == b"<":
            value = b"<%b>" % hashlib.sha256(signature.contents).hexdigest().encode("ascii")
            data = data[: span[0] - signature.start] + value + data[span[1] - signature.start :]
        reference = generic.Reference(*signature.object, self)
        made = generic.read_object(io.BytesIO(data + b" endobj"), reference)
        made.container_ref = reference
        return made
