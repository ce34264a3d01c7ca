"""Files of the sample of DSS's own test files, judged by both engines under the same anchors at the same times.

``PYTHONPATH=tests python -m interop.dss_corpus`` prints every difference that ``dss_reasons.toml`` does not list, ready
to be put there once its reason is known.
"""

from __future__ import annotations

import base64
import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from corpus import SHARED
from interop.dss_peer import Dss, DssError
from interop.dss_town import TYPES, every
from toyono_trust import TrustStore, verify
from toyono_trust.errors import MalformedError
from toyono_trust.formats.model import Signature
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.validation.report import Report

FOLDERS = ("dss-cades", "dss-jades", "dss-pades")
FILES = 85
"""As many files and presentations of them as the sample has; another number means that the sample is another one."""
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WHEN = ("then", "now")
REASONS = Path(__file__).parent / "dss_reasons.toml"
_TEXTS = Path(__file__).resolve().parents[1] / "corpora/dss_reasons.toml"


class File(NamedTuple):
    """A file with the content that one of DSS's tests presents with it. ``name``: how reasons call it."""

    name: str
    path: Path
    contents: tuple[tuple[str, bytes], ...]


class Difference(NamedTuple):
    """One object of a file of which the engines say different things; verdicts as ``INDICATION/SUB_INDICATION``.

    ``what``: ``signature``, a time stamp by its type such as ``archive time stamp``, or ``file``.
    """

    what: str
    ours: str
    theirs: str


def files() -> list[File]:
    """Of the three formats, each once per content that is presented."""
    folder = SHARED / "corpus/dss"
    if not (folder / "expected.tsv").is_file():
        return []
    texts = tomllib.loads(_TEXTS.read_text("utf-8"))["content"]
    found: dict[tuple[str, tuple[str, ...]], File] = {}
    with (folder / "expected.tsv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["path"].split("/")[0] not in FOLDERS:
                continue
            given = [(Path(name).name, (folder / name).read_bytes()) for name in row["detached"].split(";") if name]
            for item in texts:
                if item["path"] == row["path"] and item.get("what", row["what"]) == row["what"]:
                    given.append(("content", item["text"].encode()))
            name = row["path"].replace("/validation/", "/")
            key = (name, tuple(label for label, _ in given))
            found[key] = File(name, folder / row["path"], tuple(given))
    several = {name for name, _ in found if sum(other == name for other, _ in found) > 1}
    return [
        file._replace(name=f"{file.name} without content") if file.name in several and not file.contents else file
        for file in found.values()
    ]


# -- the same trust and time for both


class Embedded(NamedTuple):
    """What a file brings: its certificates, and every time that it states."""

    certificates: list[Certificate]
    times: list[datetime]

    @property
    def anchors(self) -> list[Certificate]:
        """The tops of the embedded chains: what issued itself, and what nothing in the file could have issued."""
        subjects = {each.subject_der for each in self.certificates}
        return [
            each for each in self.certificates if each.issuer_der == each.subject_der or each.issuer_der not in subjects
        ]

    @property
    def then(self) -> datetime:
        """One second after the last thing that the file tells of; where it tells no time, a day after the leaf."""
        begins = [each.not_before + timedelta(days=1) for each in self.certificates]
        return max(self.times or begins, default=NOW) + timedelta(seconds=1)


def embedded(report: Report) -> Embedded:
    """Claimed times, times of stamps, of CRLs and OCSP responses count; the order of certificates is their octets'."""
    octets: set[bytes] = set()
    times: list[datetime] = []
    for signature in _all(report):
        octets |= {*signature.certificates, *filter(None, [signature.leaf])}
        times += [] if signature.claimed_signing_time is None else [signature.claimed_signing_time]
        times += [token.generated_at for token in signature.timestamps]
        for item in (*signature.crls, *signature.ocsp_responses):
            try:
                read = Crl.load(item) if item in signature.crls else OcspResponse.load(item)
            except MalformedError:
                continue
            times.append(read.this_update if isinstance(read, Crl) else read.produced_at)
            octets |= set(getattr(read, "certificates", ()))
    return Embedded([each for each in map(_certificate, sorted(octets)) if each is not None], times)


def _all(report: Report) -> Iterator[Signature]:
    def inside(signature: Signature) -> Iterator[Signature]:
        yield signature
        for token in signature.timestamps:
            yield from inside(token.signer)
        for counter in signature.counter_signatures:
            yield from inside(counter)

    for signature in report.signatures:
        yield from inside(signature.facts)
    for item in report.timestamps:
        yield from inside(item.token.signer)


def _certificate(octets: bytes) -> Certificate | None:
    try:
        return Certificate.load(octets)
    except MalformedError:
        return None


# -- both verdicts


def differences(dss: Dss, file: File, when: str) -> set[Difference]:
    """What the engines say differently of a file, under our default policy and DSS's changed one."""
    content: Any = dict(file.contents) or None
    brought = embedded(verify(file.path, at=NOW, content=content))
    at = brought.then if when == "then" else NOW
    anchors = [each.der for each in brought.anchors]
    trust = TrustStore.from_certificates(anchors) if anchors else None
    ours = verify(file.path, at=at, content=content, trust=trust)
    contents = [{"file": octets, "name": name} for name, octets in file.contents] or None
    try:
        theirs = dss.validate(file.path, at=at, contents=contents, anchors=anchors)
    except DssError as error:
        return {Difference("file", _verdict(ours.indication, ours.sub_indication), f"throws {error.args[0]}")}
    return _compare(ours, theirs)


def _compare(ours: Report, theirs: dict[str, Any]) -> set[Difference]:
    """Signatures are paired by their values, the time stamps of a pair by type and time."""
    mine: dict[bytes, list[Any]] = defaultdict(list)
    other: dict[bytes, list[Any]] = defaultdict(list)
    for signature in every(ours.signatures):
        mine[_value(signature.facts)].append(signature)
    for found in theirs["signatures"]:
        other[base64.b64decode(found["value"])].append(found)
    pairs: set[Difference] = set()
    for value in mine.keys() | other.keys():
        for index in range(max(len(mine[value]), len(other[value]))):
            one = mine[value][index] if index < len(mine[value]) else None
            two = other[value][index] if index < len(other[value]) else None
            said = "absent" if one is None else _verdict(one.indication, one.sub_indication)
            pairs.add(Difference("signature", said, _verdict_of(two)))
            if one is not None and two is not None:
                pairs |= _tokens(one.timestamps, two["timestamps"])
    return {pair for pair in pairs if pair.ours != pair.theirs}


def _tokens(ours: Any, theirs: list[dict[str, Any]]) -> set[Difference]:
    mine: dict[tuple[str, datetime], list[str]] = defaultdict(list)
    other: dict[tuple[str, datetime], list[str]] = defaultdict(list)
    for item in ours:
        at = item.token.generated_at.replace(microsecond=0)
        mine[item.token.type, at].append(_verdict(item.indication, item.sub_indication))
    for found in theirs:
        at = datetime.fromisoformat(found["generated_at"].replace("Z", "+00:00")).replace(microsecond=0)
        other[TYPES[found["type"]], at].append(_verdict_of(found))
    pairs = set()
    for key in mine.keys() | other.keys():
        for index in range(max(len(mine[key]), len(other[key]))):
            said = [sorted(each[key])[index] if index < len(each[key]) else "absent" for each in (mine, other)]
            pairs.add(Difference(f"{key[0]} time stamp", *said))
    return pairs


def _value(signature: Signature) -> bytes:
    wire = signature.value.wire
    if signature.format in ("JAdES", "JWS"):
        return base64.urlsafe_b64decode(wire + b"=" * (-len(wire) % 4))
    return wire


def _verdict_of(found: dict[str, Any] | None) -> str:
    return "absent" if found is None else _verdict(found["indication"], found["sub_indication"])


def _verdict(indication: str, sub_indication: str | None) -> str:
    return indication if sub_indication is None else f"{indication}/{sub_indication}"


# -- reasons


def reasons() -> list[dict[str, Any]]:
    """The reasons, each with the differences that it explains."""
    found: list[dict[str, Any]] = tomllib.loads(REASONS.read_text("utf-8"))["reason"]
    return found


def listed(file: File, when: str) -> set[Difference]:
    """The differences of a file that have a reason."""
    found: set[Difference] = set()
    for reason in reasons():
        for item in reason["difference"]:
            if file.name in item.get(when, ()):
                difference = Difference(item.get("what", "signature"), item["ours"], item["theirs"])
                assert difference not in found, f"{file.name} {when}: {difference} is listed twice"
                found.add(difference)
    return found


def main() -> None:
    """Print what is not listed, as stubs of differences, and what is listed and no longer so."""
    stubs: dict[Difference, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    gone: list[str] = []
    with Dss() as dss:
        for file in files():
            for when in WHEN:
                found, known = differences(dss, file, when), listed(file, when)
                for difference in found - known:
                    stubs[difference][when].append(file.name)
                gone += [f"# no longer so {when}: {file.name}: {difference}" for difference in known - found]
    for difference, where in sorted(stubs.items()):
        lines = [f'{name} = "{value}"' for name, value in difference._asdict().items()]
        for when, names in where.items():
            lines.append(f"{when} = [\n" + "".join(f'    "{name}",\n' for name in names) + "]")
        print("[[reason.difference]]", *lines, "", sep="\n")
    print(*gone, sep="\n")


if __name__ == "__main__":
    main()
