"""Errors and findings of a log's tiles, of monitors and of witnesses (C2SP tlog-tiles, tlog-witness)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_TILES = "C2SP tlog-tiles"
_MONITOR = "RFC 9162 8.2"
_WITNESS = "C2SP tlog-witness"
_CHECK_PLACE = (
    "Check the address of the log; try again later.",
    "証拠ログの場所を確認し、後でもう一度お試しください。",
)
_DISTRUST = (
    "Do not rely on the log; keep the two signed notes, and show them to everybody who relies on it.",
    "この証拠ログに依拠せず、署名された二つのノートを保管し、依拠する者すべてに示してください。",
)


def _row(code: str, clause: str, en: str, ja: str, remedy: tuple[str, str], sub_indication: str | None = None) -> Entry:
    return Entry(code, "fail", sub_indication, clause, (en, ja), remedy)


_PLACES = (
    _row(
        "tiles.address", _TILES, "This names no place of a log's tiles.",
        "証拠ログのタイルの場所として使えない指定です。",
        ("Give an existing folder, or an http or https URL without a query.",
         "既存のフォルダーか、クエリのない http・https の URL を指定してください。"),
    ),
    _row(
        "tiles.place", _TILES, "A file of the log's tiles cannot be read, or is a link.",
        "証拠ログのタイルのファイルを読み取れないか、リンクになっています。",
        ("Look at the folder and its rights; it must not have links in it.",
         "フォルダーと権限を確認してください。フォルダー内にリンクは置けません。"),
    ),
    _row(
        "tiles.missing", _TILES, "A file of the log's tiles is not there.", "証拠ログのタイルのファイルがありません。",
        _CHECK_PLACE, "SIGNED_DATA_NOT_FOUND",
    ),
    _row(
        "tiles.size", _TILES, "A file of the log's tiles has not the size or the form that its place demands.",
        "証拠ログのタイルのファイルの大きさまたは形式が、その位置に合いません。", _CHECK_PLACE, "FORMAT_FAILURE",
    ),
    _row(
        "tiles.wrong", _TILES, "The tiles do not lead to what the log signed.",
        "タイルから、証拠ログが署名したルートハッシュが得られません。",
        ("Keep a copy of the files; ask the operator of the log for an explanation.",
         "ファイルの写しを保管し、証拠ログの運営者に説明を求めてください。"),
        "HASH_FAILURE",
    ),
    _row(
        "tiles.differs", _TILES, "The folder of tiles and the log contradict each other.",
        "タイルのフォルダーと証拠ログの内容が矛盾しています。",
        ("Audit the log; where it is sound, write its tiles into a new folder.",
         "証拠ログを監査し、異常がなければ新しいフォルダーにタイルを書き出してください。"),
        "HASH_FAILURE",
    ),
    _row(
        "tiles.other-log", _TILES, "The folder has the tiles of another log, or no checkpoint that can be read.",
        "フォルダーに別の証拠ログのタイルがあるか、チェックポイントを読み取れません。",
        ("Name another folder.", "別のフォルダーを指定してください。"),
    ),
)  # fmt: skip

_MONITORS = (
    _row(
        "monitor.fork", _MONITOR, "The log has signed two histories that exclude each other, at {size} entries.",
        "証拠ログが、大きさ {size} について両立しない二つの内容に署名しています。", _DISTRUST, "HASH_FAILURE",
    ),
    _row(
        "monitor.rollback", _MONITOR,
        "The log shows a checkpoint of {size} entries, after one of {seen} entries was seen.",
        "{seen} 件のチェックポイントの後に、{size} 件のチェックポイントが示されています。",
        ("Ask the operator whether an old copy is served; until then rely on nothing new.",
         "古い写しが配信されていないか運営者に確認し、それまで新しい内容に依拠しないでください。"),
        "HASH_FAILURE",
    ),
    _row(
        "monitor.entries", _MONITOR, "The entries below {size} are not those that the log signed.",
        "大きさ {size} までの記録が、証拠ログが署名したものと一致しません。",
        ("Keep a copy of the files; ask the operator of the log for an explanation.",
         "ファイルの写しを保管し、証拠ログの運営者に説明を求めてください。"),
        "HASH_FAILURE",
    ),
    Entry(
        "monitor.ahead", "warn", None, _MONITOR,
        ("Others were shown a checkpoint of {size} entries, which the log does not show here yet.",
         "他者には {size} 件のチェックポイントが示されていますが、ここではまだ示されていません。"),
        ("Look again soon; if it stays so, the log shows different things to different people.",
         "間を置いて再度確認してください。続く場合は、相手により異なる内容が示されています。"),
    ),
    Entry(
        "monitor.stale", "warn", None, _MONITOR,
        ("The log has shown no new checkpoint since {since}.",
         "{since} 以降、新しいチェックポイントが示されていません。"),
        ("Ask the operator whether the log is running.", "証拠ログが稼働しているか運営者に確認してください。"),
    ),
    Entry(
        "monitor.behind", "inform", None, _MONITOR,
        ("The entries from {entry} on are not read yet.", "記録 {entry} 以降は、まだ読み取られていません。"),
        ("Run the monitor again.", "監視をもう一度実行してください。"),
    ),
    _row(
        "monitor.state", _MONITOR, "This is not what a monitor of this log has written.",
        "この証拠ログの監視が書き出した状態ファイルではありません。",
        ("Name the monitor's own file, or a new one.", "監視専用のファイルか、新しいファイルを指定してください。"),
        "FORMAT_FAILURE",
    ),
    _row(
        "monitor.held", _MONITOR, "More notes of others are held than a monitor takes.",
        "監視が保持できる、他者のノートの数を超えています。",
        ("Bring the log and the monitor to the same size first.",
         "先に監視を実行し、証拠ログの最新の大きさまで進めてください。"),
    ),
    _row(
        "fork.malformed", _MONITOR, "This does not show that a log signed two histories.",
        "証拠ログが二つの内容に署名したことを示すデータではありません。",
        ("Ask whoever claims it for both notes.", "主張する者に、両方のノートの提示を求めてください。"),
        "FORMAT_FAILURE",
    ),
)  # fmt: skip

_WITNESSES = (
    _row(
        "witness.request", _WITNESS, "This is no request to add a checkpoint.",
        "チェックポイントの追加要求の形式ではありません。",
        ("Send old size, proof and checkpoint as C2SP tlog-witness says.",
         "C2SP tlog-witness に従い、前回の大きさ、証明、チェックポイントを送ってください。"),
        "FORMAT_FAILURE",
    ),
    _row(
        "witness.unknown-log", _WITNESS, "The witness does not know this log.", "この証人の対象ではない証拠ログです。",
        ("Ask the witness to take the log up.", "証人の運営者に、対象への追加を依頼してください。"),
    ),
    _row(
        "witness.old-size", _WITNESS, "The witness has last seen another size of the log.",
        "証人が最後に確認した証拠ログの大きさと異なります。",
        ("Prove consistency from the size that the witness names.",
         "証人が示す大きさからの一貫性証明を送ってください。"),
    ),
    _row(
        "witness.inconsistent", _WITNESS, "The checkpoint is not shown to begin with what the witness has cosigned.",
        "証人が連署した内容の続きであることが証明されていません。",
        ("Send the consistency proof from the last cosigned size.",
         "最後に連署された大きさからの一貫性証明を送ってください。"),
        "HASH_FAILURE",
    ),
    _row(
        "witness.fork", _WITNESS, "The log has signed something else than the witness has cosigned at this size.",
        "同じ大きさについて、証人が連署した内容と異なるものに証拠ログが署名しています。", _DISTRUST, "HASH_FAILURE",
    ),
    _row(
        "witness.refused", _WITNESS, "The witness does not cosign the checkpoint.",
        "証人がチェックポイントへの連署を拒否しています。",
        ("Ask its operator why; audit the log.", "証人の運営者に理由を確認し、証拠ログを監査してください。"),
    ),
    _row(
        "witness.logs", _WITNESS, "The logs of the witness are not named soundly.",
        "証人の対象となる証拠ログの指定が正しくありません。",
        ("Name each log once, by its Ed25519 key, and none with the witness's own key.",
         "各証拠ログを Ed25519 鍵で一度だけ指定し、証人自身の鍵は除いてください。"),
    ),
    _row(
        "witness.state", _WITNESS,
        "What the witness remembers of the log is damaged; it cosigns nothing until that is restored.",
        "証人の状態ファイルが損なわれています。復元するまで連署は行われません。",
        ("Restore the newest copy; never an older one, and never begin anew with the same key.",
         "最新の写しから復元してください。古い写しの使用や、同じ鍵での初期化は避けてください。"),
        "FORMAT_FAILURE",
    ),
)  # fmt: skip

ENTRIES: tuple[Entry, ...] = (*_PLACES, *_MONITORS, *_WITNESSES)
