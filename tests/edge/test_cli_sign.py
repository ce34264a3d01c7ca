"""``toyono-trust sign``, ``seal``, ``timestamp`` and ``receipt``: names of products, secrets, refusals, failures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import PAYLOAD, Place, Run

DEAD = "http://127.0.0.1:9/tsr"
TRUST = "import sys; from toyono_trust.edge.main import toyono_trust; sys.exit(toyono_trust())"


@pytest.fixture
def order(tmp_path: Path) -> Path:
    path = tmp_path / "order.json"
    path.write_bytes(PAYLOAD)
    return path


@pytest.mark.parametrize(
    ("options", "product"),
    [
        (("--as", "jades"), "order.json.jws"),
        (("--as", "jades", "--serialization", "flattened"), "order.json.jws.json"),
        (("--as", "jades", "--detached"), "order.json.jws"),
        (("--as", "cades"), "order.json.p7m"),
        (("--as", "cades", "--detached"), "order.json.p7s"),
    ],
)
def test_product_lies_beside_its_source_and_verifies(
    run: Run, place: Place, order: Path, options: tuple[str, ...], product: str
) -> None:
    ran = run("seal", order, *options, *place.key())
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith(f"{order} → {order.parent / product} (")
    assert run("verify", order.parent / product, *place.trust).code == 0


def test_nothing_is_replaced_without_force(run: Run, place: Place, order: Path) -> None:
    product = order.with_name("order.json.p7m")
    product.write_bytes(b"precious")
    ran = run("seal", order, "--as", "cades", *place.key())
    assert ran.code == 64
    assert "exists already" in ran.err
    assert product.read_bytes() == b"precious"
    assert run("seal", order, "--as", "cades", *place.key(), "--force").code == 0
    assert product.read_bytes() != b"precious"


def test_several_files_and_a_folder_for_products(run: Run, place: Place, order: Path) -> None:
    other, products = order.with_name("other.json"), order.with_name("products")
    other.write_bytes(b"[]")
    products.mkdir()
    assert run("seal", order, other, "--as", "jades", *place.key(), "--out", products).code == 0
    assert sorted(path.name for path in products.iterdir()) == ["order.json.jws", "other.json.jws"]
    for out in ("-", str(order.with_name("one"))):
        ran = run("seal", order, other, "--as", "jades", *place.key(), "--out", out)
        assert ran.code == 64
        assert "same product" in ran.err


def test_product_in_no_folder(run: Run, place: Place, order: Path) -> None:
    ran = run("seal", order, "--as", "jades", *place.key(), "--out", order.with_name("none") / "x.jws")
    assert ran.code == 64
    assert "cannot be written" in ran.err


def test_pipe_from_seal_to_verify(place: Place) -> None:
    command = [sys.executable, "-c", TRUST, "seal", "-", "--as", "cades", *place.key()]
    sealed = subprocess.run(command, input=PAYLOAD, capture_output=True, check=True, timeout=60)
    assert sealed.stderr == b""
    command = [sys.executable, "-c", TRUST, "verify", "-", *place.trust]
    assert subprocess.run(command, input=sealed.stdout, check=False, timeout=60).returncode == 0


def test_signed_properties_reach_the_file(run: Run, place: Place, order: Path) -> None:
    document = order.with_name("policy.txt")
    document.write_bytes(b"how we sign")
    ran = run(
        *("sign", order, "--as", "jades", *place.key("resident-sign.p12"), "--role", "clerk", "--content-type"),
        *("application/json", "--commitment", "1.2.840.113549.1.9.16.6.1", "--place", "country=JP,locality=見本町"),
        *("--claimed-at", "2026-04-01T09:00:00+09:00", "--signature-policy", "1.2.3.4"),
        *("--signature-policy-document", document),
    )
    assert ran.code == 0, ran.err
    ran = run("inspect", order.with_name("order.json.jws"), "--format", "json")
    (signature,) = ran.lines[0]["signatures"]
    assert signature["claimed_signing_time"] == "2026-04-01T00:00:00Z"
    properties = signature["properties"]
    assert properties["roles"] == ["clerk"]
    assert properties["place"] == {"country": "JP", "locality": "見本町"}
    assert any("1.2.840.113549.1.9.16.6.1" in name for name in properties["commitments"])
    assert "1.2.3.4" in properties["policy"]["identifier"]
    assert "json" in properties["content_type"]


class TestSecrets:
    @pytest.mark.parametrize("option", ["--secret", "--password", "--pin"])
    def test_never_on_the_command_line(self, run: Run, place: Place, order: Path, option: str) -> None:
        key = place.key()[:2]
        ran = run("seal", order, "--as", "jades", *key, option, "toyono")
        assert ran.code == 64
        assert "--secret-file" in ran.err
        assert not order.with_name("order.json.jws").exists()

    def test_variable(self, run: Run, place: Place, order: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIN", "toyono")
        assert run("seal", order, "--as", "jades", *place.key()[:2], "--secret-env", "PIN").code == 0
        ran = run("seal", order, "--as", "cades", *place.key()[:2], "--secret-env", "NO_SUCH_VARIABLE")
        assert ran.code == 64
        assert "NO_SUCH_VARIABLE" in ran.err

    def test_missing(self, run: Run, place: Place, order: Path) -> None:
        ran = run("seal", order, "--as", "jades", *place.key()[:2])
        assert ran.code == 64
        assert "[signer.secret-missing]" in ran.err
        assert "--secret-file" in ran.err

    def test_wrong(self, run: Run, place: Place, order: Path) -> None:
        wrong = order.with_name("secret")
        wrong.write_text("wrong\n")
        ran = run("seal", order, "--as", "jades", *place.key()[:2], "--secret-file", wrong, "--lang", "ja")
        assert ran.code == 64
        assert "パスワードまたは PIN が違います" in ran.err
        ran = run("seal", order, "--as", "jades", *place.key()[:2], "--secret-file", order.with_name("none"))
        assert ran.code == 66

    def test_both(self, run: Run, place: Place, order: Path) -> None:
        assert run("seal", order, "--as", "jades", *place.key(), "--secret-env", "HOME").code == 64


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("seal", "{order}", "--as", "jades", "--key", "{resident}"), "toyono-trust sign"),
        (("seal", "{order}", "--as", "jades", "--key", "{town}", "--level", "B-T"), "--tsa URL"),
        (("seal", "{order}", "--as", "jades", "--key", "{town}", "--level", "B-B", "--tsa", DEAD), "--level"),
        (("seal", "{order}", "--as", "xades", "--key", "{town}"), "xades"),
        (("seal", "{order}", "--key", "{town}"), "--as"),
        (("seal", "{order}", "--as", "jades", "--key", "floppy:{town}"), "pkcs12:"),
        (("seal", "{order}", "--as", "jades", "--key", "{town}", "--place", "JP"), "--place"),
        (("seal", "{order}", "--as", "cades", "--key", "{town}", "--serialization", "general"), "JAdES"),
        (("seal", "{order}", "--as", "cades", "--key", "{town}", "--signature-policy", "1.2.3"), "together"),
        (("receipt", "Handover", "{order}", "--key", "{town}", "--sender", "a@x.example", "--recipient", "b@x.example",
          "--message-id", "1", "--policy-id", "1.2"), "--list-events"),
        (("receipt", "ContentHandover", "{order}", "--key", "{town}", "--sender", "a@x.example", "--recipient",
          "b@x.example", "--message-id", "1", "--policy-id", "1.2"), "--submission-time"),
    ],
)  # fmt: skip
def test_misuse_ends_with_64_and_says_what_to_do(
    run: Run, place: Place, order: Path, arguments: tuple[str, ...], says: str
) -> None:
    words = {
        "order": order,
        "town": f"pkcs12:{place.folder / 'town-seal.p12'}",
        "resident": f"pkcs12:{place.folder / 'resident-sign.p12'}",
    }
    password = ("--secret-file", place.folder / "password.txt")
    ran = run(*(argument.format(**words) for argument in arguments), *password)
    assert ran.code == 64
    assert says in ran.err
    assert sorted(path.name for path in order.parent.iterdir()) == ["order.json"]


def test_unreadable_source_and_key(run: Run, place: Place, order: Path) -> None:
    assert run("seal", order.with_name("none"), "--as", "jades", *place.key()).code == 66
    assert run("seal", order, "--as", "jades", *place.key("none.p12")).code == 66


class TestDeadAuthority:
    def test_unavailable_and_nothing_written(self, run: Run, place: Place, order: Path) -> None:
        ran = run("seal", order, "--as", "jades", *place.key(), "--tsa", DEAD)
        assert ran.code == 69
        assert "[net.refused]" in ran.err
        assert run("timestamp", order, "--tsa", DEAD).code == 69
        assert sorted(path.name for path in order.parent.iterdir()) == ["order.json"]

    def test_fallback_is_told(self, run: Run, place: Place, order: Path) -> None:
        ran = run("seal", order, "--as", "jades", *place.key(), "--tsa", DEAD, "--fallback", "B-B", "--lang", "ja")
        assert ran.code == 0
        assert ran.err.startswith("警告: ")
        assert "[net.refused]" in ran.err
        assert order.with_name("order.json.jws").exists()


@pytest.mark.integration
class TestStamped:
    def test_seal_names_the_product_by_what_it_became(self, run: Run, served: tuple[Place, str], order: Path) -> None:
        place, url = served
        assert run("seal", order, "--as", "jades", *place.key(), "--tsa", url, "--fallback", "B-B").code == 0
        ran = run("verify", order.with_name("order.json.jws.json"), *place.trust, "--format", "json")
        assert ran.code == 0
        assert ran.lines[0]["signatures"][0]["level"] == "B-T"

    def test_second_authority_is_tried(self, run: Run, served: tuple[Place, str], order: Path) -> None:
        place, url = served
        ran = run("seal", order, "--as", "cades", *place.key(), "--tsa", DEAD, "--tsa", url, *place.trust)
        assert ran.code == 0, ran.err

    def test_stamp_that_is_not_trusted(self, run: Run, served: tuple[Place, str], place: Place, order: Path) -> None:
        _, url = served
        ran = run("seal", order, "--as", "cades", *place.key(), "--tsa", url, *place.trust)
        assert ran.code == 1
        assert "[tsa.not-trusted]" in ran.err
        assert not order.with_name("order.json.p7m").exists()

    def test_timestamp(self, run: Run, served: tuple[Place, str], order: Path) -> None:
        place, url = served
        assert run("timestamp", order, "--tsa", url, *place.trust).code == 0
        ran = run("verify", order.with_name("order.json.tst"), *place.trust, "--format", "json")
        assert ran.code == 0
        assert ran.lines[0]["indication"] == "PASSED"
        order.write_bytes(b"changed")
        assert run("verify", order.with_name("order.json.tst"), *place.trust).code == 1

    def test_receipt(self, run: Run, served: tuple[Place, str], order: Path) -> None:
        place, url = served
        ran = run(
            *("receipt", "ContentHandover", order, "--sender", "NTRJP-1345678901234"),
            *("--recipient", "NTRJP-9234567890123", "--message-id", "m-1", "--policy-id", "1.3.6.1.4.1.32473.522.1"),
            *("--submission-time", "2026-01-01T09:00:00+09:00", "--tsa", url, *place.key()),
        )
        assert ran.code == 0, ran.err
        ran = run("verify", f"{order}.receipt.json", *place.trust, "--format", "json")
        assert ran.code == 0
        receipt = ran.lines[0]["receipt"]
        assert receipt["proves"] == "handed-over"
        assert receipt["parts"] == [{"name": "order.json", "found": True, "intact": True}]
        ran = run("inspect", f"{order}.receipt.json", "--format", "json")
        assert ran.lines[0]["receipt"]["message_identifier"] == "m-1"


def test_receipt_parts_by_name(run: Run, place: Place, order: Path) -> None:
    target = order.with_name("evidence.json")
    ran = run(
        *("receipt", "SubmissionAcceptance", f"body={order}", order, "--sender", "a@x.example"),
        *("--recipient", "b@x.example", "--message-id", "m", "--policy-id", "https://x.example/policy"),
        *("--out", target, *place.key()),
    )
    assert ran.code == 0, ran.err
    value = json.loads(target.read_bytes())
    parts = value["UserContentInfo"]["PartsInfo"]["PartInfo"]
    assert [part["Identifier"] for part in parts] == ["body", "order.json"]


def test_events_and_reasons_are_listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run("receipt", "--list-events")
    assert (ran.code, len(ran.out.splitlines())) == (0, 22)
    for arguments in (("--lang", "ja", "--list-events"), ("--list-events", "--lang", "ja")):
        assert "差し出し" in run("receipt", *arguments).out
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert "差し出し" in run("receipt", "--list-events").out
    assert "R_ERDS_MessageRejected" in run("receipt", "--list-reasons").out
