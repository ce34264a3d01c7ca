"""Errors and findings of bulk verification: index files, journals, and records held against an evidence log."""

from __future__ import annotations

from toyono_trust.core.findings import Entry, FindingLevel

_LAW = "電子帳簿保存法施行規則 2(6)"
_CSV = "RFC 4180"
_LOG = "RFC 9162 2.1.3"
_INDEX = ("Correct the index file, or make it again with toyono-trust index.",
          "索引ファイルを修正するか、toyono-trust index で作り直してください。")  # fmt: skip
_ASK = ("Ask whoever keeps the records for it.", "記録の保存者に提供を求めてください。")
_HOSTILE = ("Ask who put it there; it was not opened.", "置かれた経緯を確認してください（開いていません）。")
_ANEW = ("Name another journal, and verify from the beginning.",
         "別の作業記録を指定し、最初から検証してください。")  # fmt: skip
_SINGLE = ("Verify this file by itself; treat it as hostile.",
           "このファイルを単独で検証してください。悪意のあるものとして扱ってください。")  # fmt: skip


def _row(code: str, clause: str, en: str, ja: str, remedy: tuple[str, str], level: FindingLevel = "fail") -> Entry:
    return Entry(code, level, None, clause, (en, ja), remedy)


ENTRIES: tuple[Entry, ...] = (
    _row(
        "bulk.unreadable", _LAW, "The file cannot be read: {reason}.", "ファイルを読み取れません: {reason}",
        ("Check the name and the permissions.", "名前とアクセス権を確認してください。"),
    ),
    _row(
        "bulk.missing", _LAW, "The index names this file, but it is not there.",
        "索引にあるファイルが存在しません。", _ASK,
    ),
    _row(
        "bulk.path", _LAW, "The index names a file outside of its folder, or with a name that no file may have.",
        "索引に、フォルダの外のファイル、または使用できない名前が書かれています。", _HOSTILE,
    ),
    _row(
        "bulk.special", _LAW, "This is a link, a device or a pipe, and no regular file.",
        "通常のファイルではありません（リンク、デバイスまたはパイプ）。", _HOSTILE,
    ),
    _row(
        "bulk.late", _LAW, "The file was not verified within {seconds} s.",
        "{seconds} 秒以内に検証が終わりませんでした。", _SINGLE,
    ),
    _row(
        "bulk.ended", _LAW, "The worker that verified the file is gone: {reason}.",
        "検証していたワーカーが終了しました: {reason}", _SINGLE,
    ),
    _row(
        "bulk.date", _LAW, "The date in line {line} of the index is none of the calendar (YYYY-MM-DD): {value}.",
        "索引の {line} 行目の日付が暦にないか、YYYY-MM-DD の形ではありません: {value}", _INDEX,
    ),
    _row(
        "bulk.amount", _LAW, "The amount in line {line} of the index is no decimal number: {value}.",
        "索引の {line} 行目の金額が十進数ではありません: {value}", _INDEX,
    ),
    _row(
        "bulk.duplicate", _LAW, "The index names this file again in line {line}, with other particulars.",
        "索引の {line} 行目に、同じファイルが別の内容で書かれています。", _INDEX,
    ),
    _row(
        "bulk.beside-differs", _LAW, "What is signed is inside, and differs from the file beside it: {name}.",
        "署名の対象は署名ファイルの中にあり、同じ名前で隣に置かれたファイル（{name}）とは異なります。",
        ("Rely on what is signed alone (toyono-verify --extract), or ask for the file as it was signed.",
         "署名の対象だけに依拠する（toyono-verify --extract）か、署名時のままのファイルを求めてください。"),
    ),
    _row(
        "bulk.undated", _LAW, "Nothing says from which day this record is; it is verified with every period.",
        "記録の日付が分からないため、どの期間を指定しても検証対象に含めています。",
        ("Name it with its date in an index file.", "索引ファイルに日付とともに記載してください。"), "warn",
    ),
    _row(
        "bulk.index-sealed", _LAW, "The index is sealed by {signer}.", "索引には {signer} のeシールがあります。",
        ("Check that this is who answers for the records.", "記録の責任者であることを確認してください。"), "inform",
    ),
    _row(
        "bulk.index-seal", _LAW, "The seal of the index does not pass: {reason}",
        "索引のeシールが検証に合格しません: {reason}",
        ("Ask whoever answers for the index for it as it was sealed.",
         "eシール付与時のままの索引を責任者に求めてください。"),
    ),
    _row(
        "bulk.not-indexed", _LAW, "The folder holds signed files that the index does not name: {count}.",
        "索引に記載のない署名済みファイルがフォルダにあります: {count} 件", _INDEX, "warn",
    ),
    _row(
        "bulk.skipped", _LAW, "Links, devices and pipes in the folder were not opened: {count}.",
        "フォルダ内のリンク、デバイス、パイプは開いていません: {count} 件", _HOSTILE, "warn",
    ),
    _row(
        "bulk.too-many", _LAW, "There are more files or folders than one run takes.",
        "一回の検証で扱える数を超えるファイルまたはフォルダがあります。",
        ("Verify the folders one by one.", "フォルダごとに検証してください。"),
    ),
    _row(
        "bulk.executor", _LAW, "The workers are gone.", "検証を行うワーカーが失われました。",
        ("Start again; with --resume what is done is kept.",
         "もう一度実行してください。--resume を指定していれば途中から再開できます。"),
    ),
    _row(
        "bulk.dask", _LAW, "Dask is not installed.", "Dask がインストールされていません。",
        ("Install it with: pip install 'toyono-trust[dask]', or leave --dask out.",
         "pip install 'toyono-trust[dask]' でインストールするか、--dask を省いてください。"),
    ),
    _row(
        "bulk.proof-missing",
        _LOG, "There is neither a proof of its entry in the log beside the file nor what opens one.",
        "証拠ログへの記録の証明も、それを開示するデータも、ファイルの隣にありません。", _ASK,
    ),
    _row(
        "bulk.proof-closed", _LOG, "The salt is missing that would show that the proven entry is of this file.",
        "証明された記録がこのファイルのものであることを示すソルトがありません。", _ASK,
    ),
    _row(
        "bulk.proof-undecided", _LOG, "Whether the proof beside the file holds is undecided ({reason}).",
        "ファイルの隣にある証明は判定できません（{reason}）。",
        ("Verify the proof by itself; trust must name the log, or who certifies its key.",
         "証明を単独で検証してください。証拠ログ、またはその鍵を証明する組織を信頼する必要があります。"),
    ),
    _row(
        "bulk.proof-wrong", _LOG, "The proof beside the file does not hold for it ({reason}).",
        "ファイルの隣にある証明が、このファイルの記録を証明していません（{reason}）。",
        ("Do not rely on the file; ask the operator of the log for an explanation.",
         "このファイルに依拠せず、証拠ログの運営者に説明を求めてください。"),
    ),
    _row(
        "bulk.log-differs",
        _LOG, "The log does not have the entry that is proven or opened beside the file ({reason}).",
        "ファイルの隣のデータが示す記録が、証拠ログにありません（{reason}）。",
        ("Keep proof and log as they are for an investigation.",
         "証明と証拠ログを、調査のため現状のまま保全してください。"),
    ),
    _row(
        "bulk.log-unsigned", _LOG, "The entry stands in the log, but no checkpoint of the log covers it yet.",
        "証拠ログに記録されていますが、まだチェックポイントの対象になっていません。",
        ("Verify again after the next checkpoint.", "次のチェックポイントの後で、もう一度検証してください。"), "warn",
    ),
    _row(
        "bulk.log-unwitnessed",
        _LOG, "The entry stands in the log, but fewer witnesses than trust asks for have seen it there.",
        "証拠ログに記録されていますが、信頼設定で求められた数の証人による連署がありません。",
        ("Verify again when they have cosigned a later checkpoint.",
         "その後のチェックポイントに証人が連署してから、もう一度検証してください。"),
    ),
    _row(
        "bulk.log-unsound", _LOG, "The log itself is not sound; it decides about no record.",
        "証拠ログそのものに異常があるため、どの記録の判定にも用いていません。",
        ("Audit it by itself: toyono-trust log audit.", "証拠ログを単独で監査してください: toyono-trust log audit"),
    ),
    _row(
        "bulk.log-key", _LOG, "The log was audited under the key that it names itself: {key}.",
        "証拠ログを、ログ自身が示す鍵で監査しました: {key}",
        ("Compare the key with the one that you were told, or name that one.",
         "別途知らされた鍵と照合するか、その鍵を指定してください。"), "warn",
    ),
    _row(
        "bulk.log-chartered", _LOG, "The key of the log is certified by its charter, which is sealed by {by}.",
        "証拠ログの鍵は、{by} がeシールを付した文書で証明されています。",
        ("Check that this is who runs the log.", "証拠ログの運営者であることを確認してください。"), "inform",
    ),
    _row(
        "bulk.not-expected", _LOG,
        "Beside files that are no receipts nothing shows an entry; whether the log has them was not asked: {count}.",
        "配達証拠（受領証）ではなく、証明も開示データも隣にないため、証拠ログと照合していないもの: {count} 件",
        ("If they were logged, put their proofs or openings beside them.",
         "証拠ログに記録したものであれば、証明または開示データを隣に置いてください。"), "inform",
    ),
    _row(
        "bulk.stamps", _LOG, "Time stamps of the log do not pass here, and date nothing: {count}.",
        "証拠ログのタイムスタンプのうち、検証に合格せず日時の根拠にならないもの: {count} 件",
        ("Trust their authority, with fresh revocation data; toyono-trust log audit says what is wrong.",
         "時刻認証局と新しい失効情報を信頼対象に加えてください。詳細は toyono-trust log audit で確認できます。"),
        "warn",
    ),
    _row(
        "bulk.entries", _LOG, "The log has entries of the period to which no record here belongs: {count}.",
        "対象期間の証拠ログの記録のうち、対応するファイルがないもの: {count} 件", _ASK, "warn",
    ),
    _row(
        "bulk.entries-undated",
        _LOG, "The log has entries without time stamp to which no record here belongs: {count}.",
        "タイムスタンプのない証拠ログの記録のうち、対応するファイルがないもの: {count} 件",
        ("Nothing says whether they are of the period; have the log stamped.",
         "対象期間のものか分かりません。証拠ログにタイムスタンプを付与してください。"), "inform",
    ),
    _row(
        "index.encoding", _CSV, "The index file is not UTF-8 text, or has characters that no text has.",
        "索引ファイルが UTF-8 のテキストではないか、使用できない文字を含んでいます。",
        ("Save it as “CSV UTF-8”; plain “CSV” is Shift_JIS on Japanese systems.",
         "「CSV UTF-8」形式で保存してください（単なる「CSV」形式は Shift_JIS になります）。"),
    ),
    _row(
        "index.header", _CSV, "The first line of the index file is not the header that is asked for.",
        "索引ファイルの先頭行が、求められる見出しではありません。",
        ("Begin it with file,date,counterparty,amount.", "先頭行を file,date,counterparty,amount で始めてください。"),
    ),
    _row(
        "index.line", _CSV, "A line of the index file cannot be read.", "索引ファイルに読み取れない行があります。",
        _INDEX,
    ),
    _row(
        "index.too-large", _CSV, "The index file has more lines, or larger ones, than one run takes.",
        "索引ファイルの行数または行の長さが、一回の検証で扱える上限を超えています。",
        ("Split it.", "分割してください。"),
    ),
    _row(
        "index.special", _CSV, "The index file is no regular file.", "索引ファイルが通常のファイルではありません。",
        _HOSTILE,
    ),
    _row(
        "journal.malformed", _LAW, "This is no journal of a bulk verification, or somebody changed it.",
        "一括検証の作業記録ではないか、書き換えられています。", _ANEW,
    ),
    _row(
        "journal.other", _LAW, "The journal is of a run with other trust, policy, time or release.",
        "作業記録のトラストストア、検証ポリシー、検証時刻または版が異なります。", _ANEW,
    ),
    _row(
        "journal.busy", _LAW, "Another run is writing to the journal.", "別の検証が、この作業記録に書き込んでいます。",
        ("Wait until it has ended.", "終わるまでお待ちください。"),
    ),
)  # fmt: skip
