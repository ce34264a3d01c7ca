"""Words of the report on many records, English and Japanese."""

from __future__ import annotations

from toyono_trust.core.findings import Language

__all__ = ["said"]

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Bulk verification report", "一括検証報告書"),
    "unread": ("UNREADABLE", "検証不可"),
    "failed": ("INVALID", "無効"),
    "undecided": ("UNDECIDED", "判定不能"),
    "passed": ("VALID", "有効"),
    "count": ("{count} {word}", "{word} {count}件"),
    "records": ("{count} of {listed} records verified", "記録 {listed}件中 {count}件を検証"),
    "all-records": ("{count} records verified", "記録 {count}件を検証"),
    "no-records": ("No record was asked for, or there is none", "検証対象の記録がありません"),
    "period": ("Period", "対象期間"),
    "span": ("{first} – {last}", "{first} ～ {last}"),
    "counterparty": ("Counterparty", "取引先"),
    "amounts": ("Amount", "金額"),
    "dates-index": ("Dates, counterparties and amounts are as the index file {index} says.",
                    "日付・取引先・金額は索引ファイル {index} の記載によります。"),
    "dates-proven": (
        "There is no index: a receipt counts by the day of its event, others by their first proof of existence.",
        "索引ファイルがないため、記録の日付は、受領証（配達証拠）ではイベントの日、それ以外では存在が証明された日です。",
    ),
    "others": ("{count} other files are no signed files and were passed over.",
               "署名済みファイルではないもの {count}件は対象外としました。"),
    "at": ("Validation time", "検証時刻"),
    "policy": ("Policy", "検証ポリシー"),
    "trust": ("Trust", "トラストストア"),
    "log": ("Evidence log", "証拠ログ"),
    "log-key": ("Key of the log", "証拠ログの鍵"),
    "log-state": ("{size} entries, {signed} under a checkpoint",
                  "記録 {size}件、うちチェックポイントの対象 {signed}件"),
    "log-sound": ("The log is sound: all entries lead to what it signed.",
                  "証拠ログに異常はありません（全記録が署名済みの値と一致）。"),
    "log-unsound": ("The log is NOT sound.", "証拠ログに異常があります。"),
    "log-period": ("{count} entries were time-stamped in the period",
                   "対象期間にタイムスタンプが付与された記録 {count}件"),
    "orphans": ("Entries of the log without a record here", "対応するファイルがない証拠ログの記録"),
    "orphans-more": ("and {count} more", "ほか {count}件"),
    "index": ("index", "番号"),
    "entry": ("entry", "記録値"),
    "stamped": ("stamped", "タイムスタンプ"),
    "problems": ("Records that did not pass", "合格しなかった記録"),
    "problems-none": ("Every record passed.", "すべての記録が合格しました。"),
    "problems-more": ("{count} more did not pass; the CSV names all of them (--format csv).",
                      "合格しなかった記録はほかに {count}件あります。CSV（--format csv）には全件を記載します。"),
    "passes": ("Records that passed, by signer", "合格した記録（署名者別）"),
    "passes-more": ("and {count} more signers", "ほか署名者 {count}名"),
    "passes-all": ("All {count} records that passed", "合格した記録 {count}件の一覧"),
    "passes-where": ("The CSV names every record (--format csv).", "全件は CSV（--format csv）に記載します。"),
    "notes": ("What concerns no single record", "全体に関する事項"),
    "verdict": ("Verdict", "判定"),
    "file": ("File", "ファイル"),
    "date": ("Date", "日付"),
    "amount": ("Amount", "金額"),
    "signer": ("Signer", "署名者"),
    "why": ("Why", "理由"),
    "do": ("What to do:", "対応:"),
    "number": ("Records", "件数"),
    "sum": ("Total", "合計"),
    "proven": ("proven since", "存在証明時刻"),
    "log-index": ("log index", "ログ番号"),
    "unknown": ("unknown", "不明"),
    "skip": ("Skip to the result", "結果へ移動"),
    "subtitle": ("Made by a program; every verdict can be repeated from the same files, policy, trust and time.",
                 "プログラムが作成した報告書です。同じファイル・ポリシー・トラストストア・時刻から同じ判定が得られます。"),
    "law": (
        "The verdicts are technical, by ETSI EN 319 102-1; whether a legal requirement is met is for people to say.",
        "判定は ETSI EN 319 102-1 による技術的なものです。法令の要件を満たすかどうかは、人が判断してください。",
    ),
    "made-by": ("Made by {program}.", "作成: {program}"),
    "indexed": ("{count} records → {target}", "記録 {count}件 → {target}"),
    "index-missing": ("{count} of them without {column}; fill it in", "うち {column} が不明 {count}件（要補完）"),
    "progress": ("{done} of {total} · {rate}/s · {left} left", "{done}/{total}件 · 毎秒{rate}件 · 残り{left}"),
    "interrupted": ("interrupted after {done} of {total}; the same command with --resume goes on from here",
                    "{total}件中 {done}件で中断しました。同じコマンドに --resume を付けると続きから再開します"),
    "interrupted-kept": ("interrupted after {done} of {total}; the same command goes on from here ({journal})",
                         "{total}件中 {done}件で中断しました。同じコマンドで続きから再開します（{journal}）"),
}  # fmt: skip


def said(key: str, language: Language, **values: object) -> str:
    """One of the words, its places filled. Not made safe: values are counts, or were made so."""
    return WORDS[key][language == "ja"].format_map(values)
