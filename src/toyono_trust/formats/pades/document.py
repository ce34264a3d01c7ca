"""A PDF opened to be extended by an incremental update (ISO 32000-2 7.5.6, 7.6): pyHanko's writer, fenced in.

pyHanko reads and writes structure only. What it would do by itself is switched off: it neither reads the clock nor
draws random file identifiers, and it leaves the document's metadata and version as they are.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.crypt.api import AuthStatus
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from toyono_trust.core.content import Content
from toyono_trust.errors import MalformedError, MisuseError, TrustError

__all__ = ["Document", "Tail", "dictionary_in", "entry", "line_end", "open_document", "structure"]


_SILENT = logging.NullHandler()


class Document(IncrementalPdfFileWriter):
    """A document and the objects that an update changes or adds; ``write`` writes the update alone."""

    output_version = (1, 0)  # no need to raise /Version for a signature

    @classmethod
    def _handle_id(cls, prev: Any) -> generic.ArrayObject:
        return generic.ArrayObject()  # identify() sets it

    def _update_meta(self) -> None:
        """Leave /Info and /Metadata alone: they are not ours, and PDF/A wants them to agree."""

    def _write_header(self, stream: Any) -> None:
        """The original stays where it is; ``Tail`` counts from its end."""

    def write(self, stream: Any) -> None:
        """Write the update alone."""
        for value in self.objects.values():
            _write_out(value)
        super().write(stream)  # type: ignore[no-untyped-call]

    def check_hidden(self) -> None:
        """Refuse to change what a hybrid file hides from old readers (7.5.8.4): they hold it for freed for ever."""
        for revision in range(self.prev.total_revisions):
            section = self.prev.xrefs.get_xref_data(revision)
            freed = section.freed if section.hybrid is not None else ()
            if any((0, number) in self.objects for number in freed):
                raise MalformedError(
                    "pdf.not-extensible",
                    "the signature would change an object that this hybrid file hides from old readers",
                    "save the document anew without compatibility to PDF 1.4",
                )

    @property
    def identifier(self) -> bytes:
        """The changing half of the file identifier, b"" where there is none."""
        try:
            changing: bytes = self.prev.trailer["/ID"][1].original_bytes
        except (KeyError, IndexError):
            return b""
        return changing

    def identify(self, seed: bytes) -> None:
        """Set the file identifier (14.4): the first half stays, the second changes with ``seed`` (16 octets)."""
        try:
            first = self.prev.trailer["/ID"][0].original_bytes
        except KeyError:
            first = seed
        self._document_id = generic.ArrayObject([generic.ByteStringObject(first), generic.ByteStringObject(seed)])


class _WrittenOut(generic.FloatObject):
    """A number with all its digits: PDF has no exponents (7.3.3), which pyHanko writes from 0.0000001 down."""

    def __repr__(self) -> str:
        return f"{self:f}"


def _write_out(value: Any) -> None:
    """Replace such numbers among the direct members of an object that is written anew."""
    waiting = [value]
    while waiting:
        outer = waiting.pop()
        if isinstance(outer, generic.DictionaryObject):
            members: Any = dict.items(outer)
        elif isinstance(outer, generic.ArrayObject):
            members = enumerate(list.__iter__(outer))
        else:
            continue
        for key, inner in list(members):
            if isinstance(inner, generic.FloatObject) and "E" in repr(inner):
                outer[key] = _WrittenOut(inner)  # type: ignore[no-untyped-call]
            elif isinstance(inner, dict | list):
                waiting.append(inner)


class Tail(io.BytesIO):
    """What follows ``start`` octets of a file; positions are told as of the whole file."""

    def __init__(self, start: int, data: bytes) -> None:
        super().__init__()
        self.start = start
        self.write(data)

    def tell(self) -> int:
        """The position in the whole file."""
        return self.start + super().tell()


@contextmanager
def structure() -> Iterator[None]:
    """Turn whatever pyHanko raises about a document's structure into ``MalformedError``."""
    try:
        yield
    except (TrustError, OSError):
        raise
    # Of 3,000 mutants 52 escaped pyHanko's own errors as KeyError, AttributeError, TypeError, AssertionError,
    # NotImplementedError, RecursionError or zlib.error, so that this one boundary catches all.
    except Exception as error:  # noqa: BLE001
        text = str(error).partition("\n")[0][:200] or type(error).__name__
        raise MalformedError(
            "pdf.not-extensible",
            f"the structure of this PDF cannot be read strictly and so not be extended: {text}",
            "repair the document first, for instance with qpdf, or save it anew",
        ) from None


def open_document(content: Content, password: str | bytes | None) -> Document:
    """Open a PDF to extend it.

    Raises ``MisuseError`` for what is no PDF and for a password that is missing or wrong, ``MalformedError`` for a
    structure that has no strict reading.
    """
    logging.getLogger("pyhanko").addHandler(_SILENT)  # what it warns of is an error here, or does not matter
    stream = content.open()
    if stream.read(5) != b"%PDF-":
        stream.close()
        raise MisuseError("pdf.no-pdf", "the content is no PDF", 'use format="cades" for other files')
    try:
        with structure():
            document = Document(stream)
            if document.prev.encrypt_dict is not None:
                _decrypt(document, password)
            return document
    except BaseException:
        stream.close()
        raise


def _decrypt(document: Document, password: str | bytes | None) -> None:
    """Open an encrypted document (7.6.4); one whose user password is empty needs none."""
    handler = document.security_handler
    if not isinstance(handler, StandardSecurityHandler) or handler.pdf_mac_enabled:
        raise MisuseError(
            "pdf.encryption",
            "the document is encrypted for certificates, or protected by a MAC, which cannot be extended here",
            "sign it before it is encrypted",
        )
    result = document.encrypt("" if password is None else password)
    if result.status != AuthStatus.FAILED:
        return
    if password is None:
        raise MisuseError(
            "pdf.password-missing", "the document is encrypted and needs a password", "pass PdfDetails(password=…)"
        )
    raise MisuseError(
        "pdf.password-wrong", "the password does not open the document", "pass its user or owner password"
    )


def line_end(document: Document) -> bytes:
    """What must stand between the document's end and an object behind it: a line feed where it ends without one."""
    stream = document.prev.stream
    stream.seek(-1, 2)
    return b"" if stream.read(1) in (b"\n", b"\r") else b"\n"


def entry(dictionary: generic.DictionaryObject, key: str, default: Any = None) -> Any:
    """A dictionary's entry with references followed and strings decrypted; null is as good as absent (7.3.7)."""
    try:
        value = dictionary[key]
    except KeyError:
        return default
    return default if isinstance(value, generic.NullObject) else value


def dictionary_in(dictionary: generic.DictionaryObject, key: str) -> generic.DictionaryObject:
    """The same where only a dictionary makes sense; an empty one where there is none."""
    value = entry(dictionary, key)
    return value if isinstance(value, generic.DictionaryObject) else generic.DictionaryObject()
