"""Errors and findings of Merkle trees and the evidence log (RFC 9162, C2SP signed-note, checkpoint, cosignature)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

_TREE = "RFC 9162 2.1"
_NOTE = "C2SP signed-note"
_CHECKPOINT = "C2SP tlog-checkpoint"
_WITNESS = "C2SP tlog-cosignature"
_LOG = "RFC 9162 4"
_PROOF = "RFC 9162 2.1.3"
_STAMP = "RFC 4998 4.2"
_ASK_LOG = (
    "Ask the operator of the log for it again.",
    "証拠ログの運営者に再度の提供を求めてください。",
)
_DISTRUST = (
    "Do not rely on it; keep it, and ask the operator of the log for an explanation.",
    "依拠せずに保管し、証拠ログの運営者に説明を求めてください。",
)
_INVESTIGATE = (
    "Keep the store as it is for an investigation; restore the log from a copy that an audit finds sound.",
    "調査のため現状を保全し、監査で異常のない写しから証拠ログを復元してください。",
)
_AGAIN = ("Try again.", "もう一度お試しください。")


def _row(code: str, clause: str, en: str, ja: str, remedy: tuple[str, str], sub_indication: str | None = None) -> Entry:
    return Entry(code, "fail", sub_indication, clause, (en, ja), remedy)


_USE = (
    _row(
        "merkle.edge", _TREE,
        "The number of hashes does not fit the size of the tree.",
        "ハッシュ値の数が、マークル木の大きさに合いません。",
        ("Give the hashes of the same state as the size.", "大きさと同じ時点のハッシュ値を指定してください。"),
    ),
    _row(
        "merkle.range", _TREE,
        "The tree has no such leaf, or no such beginning.",
        "マークル木に、その番号の要素、またはその大きさの時点がありません。",
        ("Name an index below the size, and the smaller tree first.",
         "木の大きさ未満の番号を、また小さい方の木を先に指定してください。"),
    ),
    _row(
        "entry.salt", _LOG,
        "A salt of another size than 16 octets was given.",
        "ソルトの長さが16オクテットではありません。",
        ("Give 16 random octets.", "16オクテットの乱数を指定してください。"),
    ),
    _row(
        "entry.evidence", _LOG,
        "There is no evidence to commit to, or more than is accepted.",
        "記録の対象となる証拠がないか、大きさの上限を超えています。",
        ("Give the JSON object of one receipt.", "配達証拠（受領証）一件の JSON オブジェクトを指定してください。"),
    ),
    _row(
        "entry.malformed", "RFC 8785", "This is not what opens an entry of the log.",
        "証拠ログの記録を開示するデータの形式ではありません。", _ASK_LOG, "FORMAT_FAILURE",
    ),
)  # fmt: skip

_NOTES = (
    _row(
        "note.malformed", _NOTE, "This is no signed note.", "署名付きノートの形式ではありません。",
        _ASK_LOG, "FORMAT_FAILURE",
    ),
    _row(
        "note.key", _NOTE, "This is no verifier key of a signed note.", "署名付きノートの検証鍵の形式ではありません。",
        ("Ask the owner of the key for it: name+ID+base64.",
         "鍵の所有者に「名前+ID+base64」の形の検証鍵を求めてください。"),
        "FORMAT_FAILURE",
    ),
    _row(
        "note.name", _NOTE, "This cannot be the name of a key.", "鍵の名前に使えない文字列です。",
        ("Use a host name with a path, without spaces and plus signs.",
         "空白とプラス記号を含まない、ホスト名とパスの形の名前を使ってください。"),
    ),
    _row(
        "note.signer", _NOTE, "The key cannot sign this, or does not belong to its public half.",
        "この鍵では署名できないか、公開鍵と対になっていません。",
        ("Use the Ed25519 key that was made for it.", "専用に生成した Ed25519 鍵を使ってください。"),
    ),
    _row(
        "note.text", _NOTE, "This text cannot be signed as a note.", "この文章は署名付きノートにできません。",
        ("End it with one newline; leave control characters out.", "改行一つで終え、制御文字を除いてください。"),
    ),
    _row(
        "note.signature", _NOTE, "The signature of a known key does not fit the note.",
        "既知の鍵の署名が、ノートの内容と一致しません。", _DISTRUST, "SIG_CRYPTO_FAILURE",
    ),
    _row(
        "note.signature-twice", _NOTE, "The note has several signatures of one key.",
        "一つの鍵による署名が複数あります。", _ASK_LOG, "FORMAT_FAILURE",
    ),
    _row(
        "note.unsigned", _NOTE, "The note is not signed by the key that is expected.",
        "想定した鍵による署名がありません。",
        ("Check that the key is this log's.", "この証拠ログの鍵か確認してください。"), "SIG_CONSTRAINTS_FAILURE",
    ),
)  # fmt: skip

_CHECKPOINTS = (
    _row(
        "checkpoint.malformed", _CHECKPOINT, "The signed note is no checkpoint of a log.",
        "署名付きノートが、証拠ログのチェックポイントの形式ではありません。", _ASK_LOG, "FORMAT_FAILURE",
    ),
    _row(
        "checkpoint.origin", _CHECKPOINT, "The checkpoint is another log's than the key.",
        "チェックポイントの証拠ログと、鍵の証拠ログが異なります。",
        ("Use key and checkpoint of the same log.", "同じ証拠ログの鍵とチェックポイントを使ってください。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    _row(
        "checkpoint.other", _CHECKPOINT, "The two notes are different checkpoints.",
        "二つのノートは、別々のチェックポイントです。",
        ("Bring copies of one checkpoint together only.", "同じチェックポイントの写しだけを統合してください。"),
    ),
    _row(
        "checkpoint.cosignature", _WITNESS, "The cosignature of a known witness does not fit the checkpoint.",
        "既知の証人の連署が、チェックポイントの内容と一致しません。", _DISTRUST, "SIG_CRYPTO_FAILURE",
    ),
    _row(
        "checkpoint.witnesses", _WITNESS, "Fewer witnesses cosigned the checkpoint than must have.",
        "チェックポイントに連署した証人の数が、必要数に足りません。",
        ("Ask the log for a proof by a checkpoint that they have seen (log prove --witnesses).",
         "証人が連署したチェックポイントによる証明を、証拠ログの運営者に求めてください（log prove --witnesses）。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    _row(
        "witness.policy", _WITNESS, "The witnesses cannot be asked for in this way.",
        "証人の指定が正しくありません。",
        ("Name at least as many different witnesses as are needed, and not the log itself.",
         "必要数以上の相異なる証人を指定し、証拠ログ自身の鍵は除いてください。"),
    ),
    _row(
        "witness.time", _WITNESS, "The time of a cosignature is not usable.", "連署の時刻が使えません。",
        ("Give an aware datetime from 1970 on.", "1970年以降の、タイムゾーン付きの日時を指定してください。"),
    ),
    _row(
        "witness.twice", _WITNESS, "The witness has cosigned this checkpoint already.",
        "この証人は、すでにこのチェックポイントに連署しています。",
        ("Keep the cosignature that is there.", "既存の連署をそのまま使ってください。"),
    ),
)  # fmt: skip

_PROOFS = (
    _row(
        "proof.malformed", _PROOF, "This is no proof of an entry of a log.",
        "証拠ログの記録の証明の形式ではありません。",
        _ASK_LOG, "FORMAT_FAILURE",
    ),
    _row(
        "proof.unfit", _PROOF, "The proof cannot be written as a file.", "証明をファイルに書き出せません。",
        ("Take the proof from the log.", "証拠ログから取得した証明を使ってください。"),
    ),
    _row(
        "proof.log", _PROOF, "The proof is of another log than the key.",
        "証明の証拠ログと、鍵の証拠ログが異なります。",
        ("Use the key of the log that the proof is of.", "証明の対象である証拠ログの鍵を使ってください。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    _row(
        "proof.path", _PROOF, "The proof does not lead from its entry to the root that the log signed.",
        "証明の経路が、記録から、証拠ログが署名したルートハッシュに至りません。", _DISTRUST, "HASH_FAILURE",
    ),
    _row(
        "proof.salt", _PROOF, "The salt that shows what the entry is, is not in the proof.",
        "記録の内容を示すためのソルトが、証明に含まれていません。",
        ("Ask the holder of the receipt for the salt.", "配達証拠（受領証）の保有者にソルトを求めてください。"),
        "SIGNED_DATA_NOT_FOUND",
    ),
    _row(
        "proof.evidence", _PROOF, "The proven entry is not of the presented evidence.",
        "証明された記録は、提示された証拠のものではありません。",
        ("Present the evidence that the proof belongs to.", "証明に対応する証拠を提示してください。"), "HASH_FAILURE",
    ),
)  # fmt: skip

_RECORDS = (
    _row(
        "record.leaf", _STAMP, "The record is shown with something that can be no leaf of a batch.",
        "証拠ログの記録の開示データでもチェックポイントでもないものが提示されました。",
        ("Present the opening of the entry, or the checkpoint.",
         "記録の開示データ、またはチェックポイントを提示してください。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    _row(
        "record.other", _STAMP, "The evidence record is not of what is presented.",
        "証拠記録（エビデンスレコード）の対象が、提示されたものと異なります。",
        ("Present what the record was made for.", "証拠記録の対象であるデータを提示してください。"), "HASH_FAILURE",
    ),
)  # fmt: skip

_STATEMENTS = (
    _row(
        "charter.malformed", _LOG, "The sealed content is no charter of a log.",
        "eシールの対象が、証拠ログの鍵を定める文書の形式ではありません。", _ASK_LOG, "FORMAT_FAILURE",
    ),
    _row(
        "promise.malformed", _LOG, "The signed note is no promise of the log.",
        "署名付きノートが、証拠ログの記録の約束の形式ではありません。", _ASK_LOG, "FORMAT_FAILURE",
    ),
    _row(
        "promise.unfit", _LOG, "This cannot be promised.", "この内容では約束に署名できません。",
        ("Give the log's own entry, index and key, and an aware deadline.",
         "証拠ログ自身の記録・番号・鍵と、タイムゾーン付きの期限を指定してください。"),
    ),
)  # fmt: skip

_STORE = (
    _row(
        "ledger.address", _LOG, "This is no address of a log.", "証拠ログの場所として使えない指定です。",
        ("Give a path, or postgresql://….", "ファイルのパスか、postgresql://… を指定してください。"),
    ),
    _row(
        "ledger.driver", _LOG, "The driver of the database is not installed.",
        "データベースのドライバーがインストールされていません。",
        ("pip install 'toyono-trust[postgres]'", "pip install 'toyono-trust[postgres]' を実行してください。"),
    ),
    _row(
        "ledger.exists", _LOG, "There is a log already, or something else.", "すでに証拠ログか、別のものがあります。",
        ("Open the log, or choose another place.", "既存の証拠ログを開くか、別の場所を指定してください。"),
    ),
    _row(
        "ledger.missing", _LOG, "There is no log.", "証拠ログがありません。",
        ("Create the log first.", "先に証拠ログを作成してください。"),
    ),
    _row(
        "ledger.not-a-log", _LOG, "The file is no evidence log.", "証拠ログのファイルではありません。",
        ("Name the file of the log.", "証拠ログのファイルを指定してください。"),
    ),
    _row(
        "ledger.version", _LOG, "The log is of a version that is not known here.", "証拠ログの版に対応していません。",
        ("Use a newer release of this program.", "このプログラムの新しい版を使ってください。"),
    ),
    _row(
        "ledger.durability", _LOG,
        "The database is set so that a power cut would lose what it acknowledges.",
        "データベースが、停電時に確定済みの記録を失う設定になっています。",
        ("SQLite: WAL on a local file system; PostgreSQL: synchronous_commit and fsync on.",
         "SQLite はローカル環境で WAL を使い、PostgreSQL は synchronous_commit と fsync を on にしてください。"),
    ),
    _row(
        "ledger.read-only", _LOG, "The log's file or folder cannot be written.",
        "証拠ログのファイルまたはフォルダに書き込めません。",
        ("Copy it, with its -wal, into a folder that can be written; auditors may also take an export.",
         "-wal ファイルとともに、書き込めるフォルダへコピーしてください。監査には書き出しファイルも使えます。"),
    ),
    _row(
        "ledger.busy", _LOG, "Others keep the log occupied.", "他の処理が証拠ログを使用中です。", _AGAIN,
    ),
    _row(
        "ledger.full", _LOG, "There is no space left for the log.", "証拠ログの記憶領域に空きがありません。",
        ("Make room and try again.", "空き容量を確保して、もう一度お試しください。"),
    ),
    _row(
        "ledger.store", _LOG, "The log's database cannot be used.", "証拠ログのデータベースを使用できません。",
        ("Look at the server, the file system and the rights.", "サーバー、ファイルシステム、権限を確認してください。"),
    ),
    _row(
        "ledger.corrupt", _LOG, "The log's store contradicts itself or what the log has signed.",
        "証拠ログの保存内容が、それ自体または署名済みの内容と矛盾しています。",
        ("Audit the log; restore its last sound copy.", "証拠ログを監査し、異常のない最新の写しから復元してください。"),
    ),
    _row(
        "ledger.damaged", _LOG, "The log's store cannot be read through: its file or database itself is damaged.",
        "保存先のファイルまたはデータベース自体が破損しており、証拠ログを最後まで読み取れません。",
        ("Keep it as it is for an investigation, and restore the last copy or export that an audit finds sound.",
         "調査のため現状を保全し、監査で異常のない最新の写しまたは書き出しファイルから復元してください。"),
    ),
    _row(
        "ledger.closed", _LOG, "This log is closed.", "この証拠ログはすでに閉じられています。",
        ("Use it inside its with block.", "with ブロックの中で使ってください。"),
    ),
    _row(
        "ledger.forked", _LOG, "This log was opened in another process.", "別のプロセスで開かれた証拠ログです。",
        ("Open the log in the process that uses it.", "使用するプロセスの中で証拠ログを開いてください。"),
    ),
    _row(
        "ledger.key", _LOG, "This is not the key of the log, or no Ed25519 key.",
        "この証拠ログの鍵ではないか、Ed25519 鍵ではありません。",
        ("Use the log's own key.", "この証拠ログ専用の鍵を使ってください。"),
    ),
    _row(
        "ledger.charter", _LOG, "The charter of the log is larger than accepted.",
        "証拠ログの鍵を定める文書が、大きさの上限を超えています。",
        ("Seal it without long-term material.", "長期検証情報を含めずにeシールを付与してください。"),
    ),
    _row(
        "ledger.entry", _LOG, "An entry is not of 32 octets.", "記録の長さが32オクテットではありません。",
        ("Append Opening.entry.", "Opening.entry を追加してください。"),
    ),
    _row(
        "ledger.closing", _LOG, "A batch cannot close by these bounds.", "一括処理の締切の条件が正しくありません。",
        ("Name 1 to 1,000,000 entries and a time above zero.",
         "件数は1から1,000,000まで、時間は正の値を指定してください。"),
    ),
    _row(
        "ledger.stamp", _STAMP, "The time stamp is not one of this batch.",
        "タイムスタンプが、この一括分の記録に対するものではありません。",
        ("Have the batch stamped again.", "もう一度タイムスタンプを取得してください。"),
    ),
    _row(
        "ledger.stamp-time", _STAMP, "The time stamp is older than the one of the batch before.",
        "タイムスタンプの時刻が、直前の一括分のものより前になっています。",
        ("Use a time-stamping authority whose clock is right; the batch stays unstamped until then.",
         "時刻の正確な時刻認証局を使ってください。それまで、この一括分は未付与のまま残ります。"),
    ),
    _row(
        "ledger.stamp-digest", _STAMP, "A batch is stamped by its SHA-256 alone.",
        "一括分へのタイムスタンプには SHA-256 だけを使えます。",
        ("Leave the digest of the time stamp at SHA-256.", "タイムスタンプのハッシュ関数を SHA-256 にしてください。"),
    ),
    _row(
        "ledger.range", _LOG, "The log has no such entry or size, or has not signed it yet.",
        "その番号の記録または大きさが証拠ログにないか、まだ署名されていません。",
        ("Make a checkpoint first, or name a size that the log has had.",
         "先にチェックポイントを作成するか、証拠ログが既に達した大きさを指定してください。"),
    ),
)  # fmt: skip


def _altered(code: str, en: str, ja: str) -> Entry:
    return Entry(code, "fail", "HASH_FAILURE", _LOG, (en, ja), _INVESTIGATE)


_AUDIT = (
    _altered(
        "audit.altered", "Entry {entry} is not what it was; none before {since} is altered.",
        "記録 {entry} が変更されています（{since} より前の記録に変更はありません）。",
    ),
    _altered(
        "audit.removed", "Entry {entry} was removed; none before {since} is altered.",
        "記録 {entry} が削除されています（{since} より前の記録に変更はありません）。",
    ),
    _altered(
        "audit.inserted", "Entry {entry} was inserted; none before {since} is altered.",
        "記録 {entry} が挿入されています（{since} より前の記録に変更はありません）。",
    ),
    _altered(
        "audit.contradicted",
        "The first {size} entries are not those that the log signed; the first {since} are.",
        "先頭の {size} 件は、証拠ログが署名した記録と異なります（先頭の {since} 件は一致します）。",
    ),
    _altered(
        "audit.cut-off", "The log has signed {size} entries, and ends before entry {entry}.",
        "証拠ログは {size} 件に署名していますが、記録 {entry} の手前で終わっています。",
    ),
    _altered(
        "audit.fork", "The log has signed two different logs of {size} entries.",
        "証拠ログが、大きさ {size} について二つの異なる内容に署名しています。",
    ),
    _altered(
        "audit.hash", "The hash beside entry {entry} is altered; the entry itself is what it was.",
        "記録 {entry} に付属するハッシュ値が変更されています。記録自体に変更はありません。",
    ),
    _altered(
        "audit.head", "The log's head does not fit its entries, of which the first {since} are as signed.",
        "証拠ログの先頭情報（大きさとルートハッシュ）が記録と一致しません（先頭の {since} 件は署名どおりです）。",
    ),
    Entry(
        "audit.log", "fail", "HASH_FAILURE", _LOG,
        ("The key that you named is of {asked}; this store is of {key}.",
         "指定された鍵は {asked} のものですが、この保存内容は {key} の証拠ログとされています。"),
        ("Check --log-key first. If the key is right, the store is not this log's: keep it for an investigation.",
         "まず --log-key を確認してください。鍵が正しければ保存内容は別のものです。調査のため現状を保全してください。"),
    ),
    _altered(
        "audit.charter", "The log's charter cannot be read, or certifies another key than {key}.",
        "証拠ログの鍵を定める文書が読み取れないか、{key} とは別の鍵を証明しています。",
    ),
    _altered(
        "audit.checkpoint", "Checkpoint {number} is not one of the log ({reason}).",
        "チェックポイント {number} は、この証拠ログのものと認められません（{reason}）。",
    ),
    _altered(
        "audit.checkpoint-missing", "Checkpoint {number} is missing.", "チェックポイント {number} がありません。",
    ),
    _altered(
        "audit.checkpoint-removed",
        "A checkpoint over the first {size} entries was kept elsewhere, and the log does not have it any more.",
        "先頭の {size} 件に対するチェックポイントが別に保管されていますが、証拠ログにはありません。",
    ),
    _altered(
        "audit.checkpoint-uncounted", "There are more checkpoints than the {number} that the head counts.",
        "チェックポイントが、先頭情報の件数 {number} を超えて存在します。",
    ),
    _altered(
        "audit.stamp", "Stamp {number} is not one of the batch that it stands for ({reason}).",
        "タイムスタンプ {number} は、対象とされる一括分のものと認められません（{reason}）。",
    ),
    _altered("audit.stamp-missing", "Stamp {number} is missing.", "タイムスタンプ {number} がありません。"),
    _altered(
        "audit.stamp-removed",
        "A proof kept elsewhere has a time stamp over the first {size} entries, which the log does not have any more.",
        "別に保管された証明には先頭の {size} 件に対するタイムスタンプがありますが、証拠ログにはありません。",
    ),
    _altered(
        "audit.stamp-uncounted", "There are more stamps than the {number} that the head counts.",
        "タイムスタンプが、先頭情報の件数 {number} を超えて存在します。",
    ),
    _altered(
        "audit.stamp-time", "Stamp {number} has an earlier time than the one before.",
        "タイムスタンプ {number} の時刻が、直前のものより前になっています。",
    ),
    _altered(
        "audit.cosignature-time", "Witness {witness} saw checkpoint {number} before an earlier one.",
        "証人 {witness} のチェックポイント {number} への連署の時刻が、以前のものより前になっています。",
    ),
    Entry(
        "audit.stamp-untrusted", "fail", "SIG_CONSTRAINTS_FAILURE", _STAMP,
        ("Stamp {number} is not validated under the trust store ({reason}).",
         "トラストストアによるタイムスタンプ {number} の検証に失敗しました（{reason}）。"),
        ("Check that the trust store has the authorities that the log uses.",
         "証拠ログが使う時刻認証局がトラストストアにあるか確認してください。"),
    ),
    Entry(
        "audit.stamp-aged", "warn", None, _STAMP,
        ("Stamp {number} can not be validated by itself any more ({reason}).",
         "タイムスタンプ {number} は、単独では検証できなくなっています（{reason}）。"),
        ("Rely on evidence records from it that were renewed in time.",
         "期限内に更新された証拠記録（エビデンスレコード）に依拠してください。"),
    ),
    Entry(
        "audit.unstamped", "inform", None, _STAMP,
        ("The signed entries from {entry} on are under no time stamp yet.",
         "署名済みの記録のうち {entry} 以降は、まだタイムスタンプの対象になっていません。"),
        ("Have the batch stamped.", "タイムスタンプを取得してください。"),
    ),
    Entry(
        "audit.unsigned", "inform", None, _LOG,
        ("The entries from {entry} on are under no checkpoint yet.",
         "記録 {entry} 以降は、まだチェックポイントの対象になっていません。"),
        ("Make a checkpoint.", "チェックポイントを作成してください。"),
    ),
    Entry(
        "audit.unwitnessed", "warn", None, _WITNESS,
        ("Enough witnesses have seen the entries below {entry} only.",
         "必要数の証人が確認しているのは、記録 {entry} の手前までです。"),
        ("Have the last checkpoint cosigned.", "最新のチェックポイントに証人の連署を得てください。"),
    ),
    Entry(
        "audit.signature-unknown", "inform", None, _NOTE,
        ("Checkpoint {number} has a signature of an unknown key.",
         "チェックポイント {number} に、未知の鍵による署名があります。"),
        ("Name the witness's key, if it is one.", "証人の署名であれば、その鍵を指定してください。"),
    ),
    Entry(
        "audit.held-unusable", "warn", None, _LOG,
        ("What was kept elsewhere could not be used ({reason}).",
         "別に保管されていたものを使用できません（{reason}）。"),
        ("Present checkpoints and proofs of this log.", "この証拠ログのチェックポイントと証明を提示してください。"),
    ),
)  # fmt: skip

ENTRIES: tuple[Entry, ...] = (*_USE, *_NOTES, *_CHECKPOINTS, *_PROOFS, *_RECORDS, *_STATEMENTS, *_STORE, *_AUDIT)
