"""JAdES: JSON advanced electronic signatures, and plain JWS (ETSI TS 119 182-1 V1.2.1, RFC 7515, RFC 7797).

``read`` turns bytes into facts; ``prepare``, ``finish``, ``imprint`` and ``attach`` are what the ladder of levels asks
of a format up to B-T, ``add_validation_data``, ``prepare_archive`` and ``attach_archive`` above it; ``prepare_counter``
and ``finish_counter`` sign another signature, ``prepare_parallel`` and ``finish_parallel`` what others have signed;
``wire`` is a signature value as it is stored, ``content_imprint`` what a content time stamp covers.
"""

from __future__ import annotations

from toyono_trust.formats.jades.archive import add_validation_data, attach_archive, prepare_archive
from toyono_trust.formats.jades.counter import finish_counter, prepare_counter
from toyono_trust.formats.jades.details import JadesDetails
from toyono_trust.formats.jades.envelope import detect
from toyono_trust.formats.jades.extend import attach, imprint
from toyono_trust.formats.jades.parallel import finish_parallel, prepare_parallel
from toyono_trust.formats.jades.read import read
from toyono_trust.formats.jades.write import content_imprint, finish, prepare, wire

__all__ = ["JadesDetails", "add_validation_data", "attach", "attach_archive", "content_imprint", "detect", "finish"]
__all__ += ["finish_counter", "finish_parallel", "imprint", "prepare", "prepare_archive", "prepare_counter"]
__all__ += ["prepare_parallel", "read", "wire"]
