"""A river-level sensor that signs what it measures, and the receiver that takes readings from that sensor only.

    python sensor.py send --key pkcs12:town/sensor.p12 --secret-file town/password.txt --count 3 --out readings.jsonl
    python sensor.py receive readings.jsonl --trust town/trust --signed-by urn:dev:ops:32473-waterlevel-0003

A line of the file is one JSON object with one member, the signed observation: whatever stood beside it would be
unsigned, and sooner or later somebody would believe it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toyono_trust import NotVerified, Signer, TrustError, TrustStore, sign, verify

STATION = "urn:ngsi-ld:WaterObserved:river-3"
CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"


def measure(moment: datetime) -> float:
    """Water level in metres; a real sensor asks its probe here."""
    return round(1.40 + 0.05 * math.sin(moment.timestamp() / 600), 3)


def observation(level: float, moment: datetime) -> dict[str, Any]:
    """An NGSI-LD entity (ETSI GS CIM 009). The time stands inside, so that it is signed too."""
    height = {"type": "Property", "value": level, "unitCode": "MTR", "observedAt": moment.isoformat()}
    return {"@context": CONTEXT, "id": STATION, "type": "WaterObserved", "height": height}


def send(sensor: Signer, count: int, interval: float) -> Iterator[str]:
    """Signed readings, one line each, ``interval`` seconds apart."""
    for number in range(count):
        if number:
            time.sleep(interval)
        moment = datetime.now(UTC)
        entity = json.dumps(observation(measure(moment), moment), ensure_ascii=False).encode()
        # sign(), not seal(): a thing attests, and the report calls it a device. Level B-B needs no server, so that a
        # sensor without a network can go on; whoever collects the readings may have many of them stamped at once.
        signed = sign(entity, by=sensor, format="jades", content_type="application/ld+json")
        yield json.dumps({"jws": signed.decode("ascii")})


def receive(lines: Iterable[str], trust: TrustStore, sensor: str) -> Iterator[dict[str, Any] | str]:
    """For each line the entity that ``sensor`` signed, or the reason (a text) why there is none."""
    latest = datetime.min.replace(tzinfo=UTC)
    for line in lines:
        try:
            # Only what comes out of require() is used. The line itself is anybody's.
            report = verify(json.loads(line)["jws"].encode(), trust=trust)
            entity = json.loads(report.require(signed_by={sensor}).content)
            moment = datetime.fromisoformat(entity["height"]["observedAt"]).astimezone(UTC)
        except NotVerified as reason:
            yield str(reason)
            continue
        except (ValueError, KeyError, TypeError, AttributeError):
            yield "this is no signed water level"
            continue
        # A signature says who and what, not that it is new: a copy of yesterday's reading verifies as well.
        if moment <= latest:
            yield f"the reading of {moment.isoformat()} came again or out of order"
            continue
        latest = moment
        yield entity


def main() -> int:
    """Exit code 0 where every reading was accepted, 1 where one was refused; 66 where a key or a file is not usable."""
    options = _options()
    if options.role == "send":
        secret = options.secret_file.read_text("utf-8").splitlines()[0] if options.secret_file else None
        sensor = Signer.open(options.key, secret=secret)  # once: opening proves that key and certificate fit
        with options.out.open("a", encoding="utf-8") as file:
            for line in send(sensor, options.count, options.interval):
                print(line, file=file, flush=True)
        return 0
    refused = 0
    trust = TrustStore.load(options.trust)  # once: what is known about the sensor's certificate is kept with it
    with options.readings.open(encoding="utf-8") as file:
        for number, result in enumerate(receive(file, trust, options.signed_by), 1):
            if isinstance(result, str):
                refused += 1
                print(f"line {number} refused: {result}", file=sys.stderr)
            else:
                print(f"{result['id']} {result['height']['observedAt']} {result['height']['value']} m")
    return 1 if refused else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sign water levels, or verify them.")
    roles = parser.add_subparsers(dest="role", required=True)
    sender = roles.add_parser("send", help="measure, sign and append to a file")
    sender.add_argument("--key", required=True, metavar="URI", help="the device key, such as pkcs12:FILE")
    sender.add_argument("--secret-file", type=Path, metavar="FILE", help="its first line is the password")
    sender.add_argument("--count", type=int, default=3, help="readings (default: 3)")
    sender.add_argument("--interval", type=float, default=1.0, help="seconds between them (default: 1)")
    sender.add_argument("--out", type=Path, default=Path("readings.jsonl"), metavar="FILE")
    receiver = roles.add_parser("receive", help="verify, and print what may be used")
    receiver.add_argument("readings", type=Path, metavar="FILE")
    receiver.add_argument("--trust", required=True, metavar="PATH")
    receiver.add_argument("--signed-by", required=True, metavar="IDENTIFIER", help="the only sensor that is accepted")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (TrustError, OSError) as error:  # a traceback would end with 1, which says that a reading was refused
        print(error, file=sys.stderr)
        sys.exit(66)
