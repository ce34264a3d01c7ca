"""Errors and findings of evidence records (RFC 4998)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_MAKING = "RFC 4998 4.2"
_VERIFYING = "RFC 4998 4.3"
_ASK = (
    "Ask for the evidence record as it was made.",
    "作成時のままの証拠記録（エビデンスレコード）を求めてください。",
)
_COMPARE = (
    "Check that this is the record of this data, and that neither was altered.",
    "このデータに対する証拠記録であること、いずれも変更されていないことを確認してください。",
)
_NOTHING = ("Nothing needs to be done.", "対応は不要です。")


def _row(
    code: str,
    clause: str,
    en: str,
    ja: str,
    remedy: tuple[str, str],
    sub_indication: str | None = None,
    level: FindingLevel = "fail",
) -> Entry:
    return Entry(code, level, sub_indication, clause, (en, ja), remedy)


ENTRIES: tuple[Entry, ...] = (
    _row(
        "ers.leaves", _MAKING,
        "A hash tree needs leaves, not too many of them, each a digest of the tree's algorithm.",
        "ハッシュツリーの葉がないか、多すぎるか、ハッシュ値の長さがアルゴリズムと合いません。",
        ("Hash each data object with the tree's algorithm first.",
         "先に各データオブジェクトのハッシュ値を、ハッシュツリーと同じアルゴリズムで求めてください。"),
    ),
    _row(
        "ers.malformed", "RFC 4998 3.1", "This is no evidence record.", "証拠記録（RFC 4998）の形式ではありません。",
        _ASK, "FORMAT_FAILURE",
    ),
    _row(
        "ers.algorithm-unlisted", "RFC 4998 3.1",
        "The evidence record uses the digest algorithm {algorithm} and does not list it.",
        "証拠記録が使用しているハッシュアルゴリズム {algorithm} が、その一覧に記載されていません。",
        _ASK, "FORMAT_FAILURE",
    ),
    _row(
        "ers.chain-algorithm", "RFC 4998 5.2",
        "Time stamps of one chain are made with different digest algorithms, {first} and {second}.",
        "一つの連鎖の中のタイムスタンプが、異なるハッシュアルゴリズム（{first} と {second}）で作られています。", _ASK,
        "HASH_FAILURE",
    ),
    _row(
        "ers.algorithm", _VERIFYING,
        "The hash tree is made with {tree}, the time stamp over it is over a digest of {imprint}.",
        "ハッシュツリーは {tree}、その上のタイムスタンプは {imprint} のハッシュ値に対するものです。",
        _ASK, "HASH_FAILURE",
    ),
    _row(
        "ers.hash-size", _VERIFYING,
        "A hash value in the hash tree has another size than one of {algorithm}.",
        "ハッシュツリーに、{algorithm} とは長さの異なるハッシュ値があります。", _ASK, None, "inform",
    ),
    _row(
        "ers.not-in-tree", _VERIFYING,
        "What the time stamp should cover is not among the hash values of the record.",
        "タイムスタンプの対象となるべきもののハッシュ値が、証拠記録にありません。", _COMPARE, None, "inform",
    ),
    _row(
        "ers.other-root", _VERIFYING,
        "The hash tree does not lead to what was stamped.",
        "ハッシュツリーの根が、タイムスタンプの対象と一致しません。", _ASK, None, "inform",
    ),
    _row(
        "ers.group", _VERIFYING,
        "The record covers the data that was presented among others; it does not prove that these belong together.",
        "証拠記録は、提示されたもの以外のデータも対象としています。提示されたデータが一組であることの証明にはなりません。",
        _NOTHING, None, "inform",
    ),
    _row(
        "ers.encrypted", "RFC 4998 6.1",
        "The record was made over encrypted data; present the encrypted data with it.",
        "この証拠記録は暗号化されたデータに対するものです。暗号化されたデータを指定してください。",
        _NOTHING, None, "inform",
    ),
    _row(
        "ers.index", _MAKING, "The hash tree has no such leaf.", "ハッシュツリーに、その番号の葉がありません。",
        ("Name an index below the number of leaves.", "葉の数未満の番号を指定してください。"),
    ),
    _row(
        "ers.content", "RFC 4998 5.2",
        "An evidence record is verified and its hash tree renewed over the data itself, which is not at hand.",
        "証拠記録の更新（検証及びハッシュツリーの更新）には、対象のデータそのものが必要です。",
        ("Present all the data that the record covers.", "証拠記録の対象となるデータをすべて指定してください。"),
    ),
    _row(
        "ers.token", "RFC 4998 4.1", "The time stamp is over another digest than the hash tree's root.",
        "タイムスタンプの対象が、ハッシュツリーの根のハッシュ値ではありません。",
        ("Stamp the root of this hash tree.", "このハッシュツリーの根に対するタイムスタンプを取得してください。"),
    ),
)  # fmt: skip
