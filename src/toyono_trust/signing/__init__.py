"""The ladder B-B → B-T → B-LT → B-LTA, climbed in one place for every format (EN 319 102-1 4).

``make`` climbs the first two rungs with a key, ``augment`` the rest, or all that is missing, without one.
"""

from toyono_trust.signing.addition import Addition
from toyono_trust.signing.augmentation import Augmented, Rise, augment
from toyono_trust.signing.ladder import choose_algorithm, format_module, make
from toyono_trust.signing.records import lasting_digest, make_record, renew_record
from toyono_trust.signing.stamps import Stamping, stamped, urls_of

__all__ = [
    "Addition",
    "Augmented",
    "Rise",
    "Stamping",
    "augment",
    "choose_algorithm",
    "format_module",
    "lasting_digest",
    "make",
    "make_record",
    "renew_record",
    "stamped",
    "urls_of",
]
