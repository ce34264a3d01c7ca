"""What the commands of the evidence log and of sets of receipts say: English and Japanese, as ``edge.words``."""

from __future__ import annotations

__all__ = ["COMPLAINTS", "HINTS", "LABELS"]

LABELS: dict[str, tuple[str, str]] = {
    "address-password": (
        "the address holds a password, which everybody on this machine can see; use PGPASSWORD, ~/.pgpass or a service",
        "接続先のパスワードは他の利用者からも見えます。PGPASSWORD、~/.pgpass、サービスファイルを使ってください",
    ),
    "entries": ("entries", "記録"),
    "yes": ("yes", "あり"),
    "no": ("no", "なし"),
    "log-made": ("{address}: log {name} made", "{address}: 証拠ログ {name} を作成しました"),
    "log-key": (
        "{file}: the log's key; keep a copy of it where nobody else gets it",
        "{file}: 証拠ログの署名鍵。他人の手に渡らない場所に写しを保管してください",
    ),
    "log-key-kept": (
        "{file} stays, in case the log was made; try again with --key {file}",
        "証拠ログが作成された可能性があるため、{file} を残しました。--key {file} を指定して再試行してください",
    ),
    "log-no-charter": (
        "no organisation certifies this key; --by would",
        "この鍵を証明する組織の文書はありません（--by で付けられます）",
    ),
    "log-charter-undated": (
        (
            "the charter has no time stamp (B-B): the log's proofs pass as long as the certificate of its seal is"
            " valid; with --tsa and --level B-LT they pass longer"
        ),
        (
            "鍵を定める文書にタイムスタンプがありません（B-B）。証拠ログの証明の検証に成功するのは、eシールの証明書の"
            "有効期間内に限られます。--tsa と --level B-LT を指定すると延ばせます"
        ),
    ),
    "log-appended": ("{index}  {source}", "{index}  {source}"),
    "log-known": ("{index}  {source} (was in the log)", "{index}  {source}（記録済み）"),
    "log-opening": (
        "{opening}: opens the entry; keep it, and to yourself",
        "{opening}: 記録の内容を示すファイル。失わず、公開せずに保管してください",
    ),
    "log-checkpoint": ("checkpoint  {size} entries  {root}", "チェックポイント  記録 {size} 件  {root}"),
    "log-checkpoint-stands": (
        "checkpoint  {size} entries  {root} (the last one, nothing was added)",
        "チェックポイント  記録 {size} 件  {root}（前回のまま。追加の記録はありません）",
    ),
    "log-stamped": (
        "stamp {number}     entries {first} to {last}  {time}",
        "タイムスタンプ {number}  記録 {first}〜{last}  {time}",
    ),
    "log-all-stamped": ("nothing to stamp", "タイムスタンプの対象はありません"),
    "log-still-unsigned": (
        "{count} entries are under no checkpoint yet: toyono-trust log checkpoint",
        "{count} 件はまだ署名されていません: toyono-trust log checkpoint",
    ),
    "log-tsa-down": (
        "going on without time stamps ({count} entries wait); they will be caught up",
        "タイムスタンプなしで続行します（{count} 件が待機中。後で付与します）",
    ),
    "log-tsa-back": (
        "time stamps are had again: {count} caught up",
        "タイムスタンプの付与を再開しました: {count} 個",
    ),
    "log-every": (
        "signing {name} every {seconds} s · end with Ctrl-C",
        "{name} に {seconds} 秒ごとに署名します（終了: Ctrl-C）",
    ),
    "log-ended": ("ended", "終了しました"),
    "log-tiles": (
        "{folder}: {size} entries ({since} before), {files} new files",
        "{folder}: 記録 {size} 件（前回 {since} 件）、新しいファイル {files} 個",
    ),
    "log-tiles-interrupted": (
        "{folder}: interrupted; it shows what it showed before, and the next run goes on",
        "{folder}: 中断しました。公開内容は中断前のままです。再実行すると続きから更新します",
    ),
    "log-tiles-every": (
        "bringing {folder} up to date every {seconds} s · end with Ctrl-C",
        "{folder} を {seconds} 秒ごとに更新します（終了: Ctrl-C）",
    ),
    "log-monitor-every": (
        "looking at {name} every {seconds} s · end with Ctrl-C",
        "{name} を {seconds} 秒ごとに確認します（終了: Ctrl-C）",
    ),
    "log-monitored": ("consistent  {size} entries  {root}", "整合  記録 {size} 件  {root}"),
    "log-exported": ("{address} → {target} ({size} entries)", "{address} → {target}（記録 {size} 件）"),
    "log-imported": ("{file} → {target} ({size} entries)", "{file} → {target}（記録 {size} 件）"),
    "witness-key": (
        "{file}: the witness's key; keep it together with what the witness remembers",
        "{file}: 証人の署名鍵。証人の記録（--state）と一緒に保管してください",
    ),
    "witness-cosigned": (
        "{name}, {size} entries: cosigned → {target}",
        "{name}、記録 {size} 件: 連署しました → {target}",
    ),
    "witness-added": ("{file}: cosignatures kept", "{file}: 連署を保存しました"),
    "witness-answered": (
        "{name}: cosigned {size} entries; the cosignature is in the log",
        "{name}: 記録 {size} 件に連署しました。連署を証拠ログに保存しました",
    ),
    "fork-found": ("{name}: FORK", "{name}: 二つの内容への署名（フォーク）"),
    "fork-note": ("signed        {size} entries  {root}", "署名済み          記録 {size} 件  {root}"),
    "fork-began": ("began with    {size} entries  {root}", "後者の先頭部分    記録 {size} 件  {root}"),
    "fork-same-size": (
        "The log signed two different lists of {size} entries; only one of them can be its history.",
        "証拠ログは、内容の異なる {size} 件の記録の一覧二つに署名しています。両立しません。",
    ),
    "fork-other-beginning": (
        "The log signed {size} entries, and also a longer list that begins with others, as the path to its root shows.",
        (
            "証拠ログは {size} 件の記録に署名した一方、先頭 {size} 件がそれと異なる一覧にも署名しています"
            "（ルートハッシュへの経路で確認済み）。"
        ),
    ),
    "fork-means": (
        "Both bear its signature: whoever holds the log's key did this, or the key was stolen. Nobody else could.",
        "いずれにも証拠ログの署名があります。鍵の保有者（または鍵を盗んだ者）以外には作成できません。",
    ),
    "fork-nothing": (
        "{file}: proves nothing about {name}",
        "{file}: {name} については何も証明していません",
    ),
    "fork-other-log": (
        "it is about the log {key}, and proves a fork of that one",
        "これは別の証拠ログ {key} のフォークを証明するものです",
    ),
    "log-stamped-row": ("stamped       {value}", "付与済みの件数    {value}"),
    "log-entered": (
        "entry {index} of the log; {opening} opens it: keep it, and to yourself",
        "証拠ログの記録 {index}。{opening} はその内容を示すファイル。失わず、公開せずに保管してください",
    ),
    "set-missed": (
        "{recipient}: {expected} is expected, and not proven",
        "{recipient}: 期待された結果（{expected}）は証明されていません",
    ),
    "log-proved": ("entry {index} → {target}", "記録 {index} → {target}"),
    "log-salted": (
        "{target} holds the salt: whoever gets it with the evidence can tell that they belong together",
        "{target} はソルトを含みます。証拠と併せて持つ人は、両者の対応を確認できます",
    ),
    "log-record": (
        "{target} covers {opening}, and is of no use without it",
        "{target} の対象は {opening} です。検証には両方が必要です",
    ),
    "log-forgotten": (
        "{file}: forgotten; the entry stays in the log and says nothing",
        "{file}: 忘却しました。記録は証拠ログに残りますが、内容は示せません",
    ),
    "log-unsalted": ("{file}: salt taken out", "{file}: ソルトを取り除きました"),
    "log-remains": (
        "{file} itself remains, and whatever copies of its opening and proofs were handed out",
        "{file} 自体と、既に渡した開示用ファイルや証明の写しは残ります",
    ),
    "log-key-row": ("key           {value}", "検証鍵            {value}"),
    "log-chartered": ("charter       {value}", "組織の証明        {value}"),
    "log-size": ("entries       {value}", "記録の件数        {value}"),
    "log-root": ("root          {value}", "ルートハッシュ    {value}"),
    "log-checkpoints": ("checkpoints   {value}", "チェックポイント  {value}"),
    "log-signed": ("signed        {value}", "署名済みの件数    {value}"),
    "log-unsigned": ("unsigned      {value}", "未署名の件数      {value}"),
    "log-stamps": ("stamps        {value}", "タイムスタンプ    {value}"),
    "log-unstamped": ("unstamped     {value}", "未付与の件数      {value}"),
    "log-cosignatures": ("cosignatures  {value}", "最新の連署の数    {value}"),
    "log-witnessed": ("witnessed     {value}", "証人確認の件数    {value}"),
    "log-first": ("first wrong   {value}", "最初の異常        {value}"),
    "log-charter": ("charter       {value}", "組織の証明        {value}"),
    "audit-sound": ("sound", "異常なし"),
    "audit-unsound": ("NOT SOUND", "異常あり"),
    "audit-other": ("this is not the log of that key", "指定された鍵の証拠ログではありません"),
    "audit-follows": (
        "{count} more findings follow from that (--format json lists them)",
        "これに伴う指摘がほかに {count} 件あります（--format json で一覧を表示）",
    ),
    "audit-partly": ("sound, and less is proven than asked for", "異常なし（求めた確認の一部が未了）"),
}

COMPLAINTS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "public-key": (
        ("{file} is the public key, by which others know its owner", "{file} は検証用の公開鍵です"),
        (
            "name the key that signs: the file that --key-out wrote",
            "署名鍵のファイル（--key-out で作成したもの）を指定してください",
        ),
    ),
    "open-key": (
        (
            "{file} can be read by others, or is no regular file",
            "{file} は他の利用者が読める状態か、通常のファイルではありません",
        ),
        (
            "let its owner alone read it (chmod 600); if others may have read it, make a new log",
            "所有者だけが読めるようにし（chmod 600）、読まれた恐れがあれば新しい証拠ログを作成してください",
        ),
    ),
    "not-evidence": (
        (
            "{file} is neither a JSON object nor a receipt in XML",
            "{file} は JSON オブジェクトでも XML の配達証拠でもありません",
        ),
        (
            "append the receipt itself, or a JSON object with the digest of the file",
            "配達証拠そのもの、またはハッシュ値を記した JSON オブジェクトを指定してください",
        ),
    ),
    "no-seal": (
        (
            "{file} is a receipt in XML, and its seal {seal} is missing",
            "XML の配達証拠 {file} のeシール {seal} がありません",
        ),
        ("put the seal beside it", "eシールのファイルを同じフォルダに置いてください"),
    ),
    "not-opening": (
        ("{file} is not what opens an entry: {reason}", "{file} は記録の内容を示すファイルではありません: {reason}"),
        ("move it away; {of} needs the name", "{of} のために使う名前です。別の場所へ移してください"),
    ),
    "other-opening": (
        ("{file} opens an entry of other evidence than {of}", "{file} は {of} とは別の証拠の記録を示すファイルです"),
        (
            "move it away, or name the right one",
            "別の場所へ移すか、正しいファイルを指定してください",
        ),
    ),
    "no-opening": (
        ("there is no {place}, which opens the entry of {file}", "{file} の記録の内容を示す {place} がありません"),
        (
            "name it with --opening, or the entry by its index",
            "--opening で指定するか、記録を番号で指定してください",
        ),
    ),
    "nothing-to-forget": (
        ("{file}: neither {place} nor a proof with salt is there", "{file}: {place} も、ソルトを含む証明もありません"),
        ("name the file that was appended", "証拠ログに追加したファイルを指定してください"),
    ),
    "other-entry": (
        ("entry {index} is not that of {file}", "記録 {index} は {file} のものではありません"),
        ("look whether it is this log's", "この証拠ログに追加したものか確認してください"),
    ),
    "unstamped": (
        ("entry {index} is under no time stamp yet", "記録 {index} にはまだタイムスタンプがありません"),
        ("toyono-trust log stamp, or wait", "toyono-trust log stamp を実行するか、お待ちください"),
    ),
    "not-logged": (
        ("{file} is not in this log", "{file} はこの証拠ログにありません"),
        ("append it: toyono-trust log append", "toyono-trust log append で追加してください"),
    ),
    "not-in-tiles": (
        (
            "{file} is not among the entries that these tiles show",
            "{file} は、これらのタイルが示す記録の中にありません",
        ),
        (
            "look whether it is this log's; what was appended lately may come with the log's next checkpoint",
            "この証拠ログに追加したものか確認してください。最近の追加分は次のチェックポイントで示される場合があります",
        ),
    ),
    "nothing-signed": (
        ("nothing of {name} is signed yet", "{name} にはまだ署名された記録がありません"),
        ("sign it first: toyono-trust log checkpoint", "先に toyono-trust log checkpoint で署名してください"),
    ),
    "not-shown": (
        (
            "entry {index} is not under the checkpoint that these tiles show",
            "記録 {index} は、これらのタイルのチェックポイントの範囲にありません",
        ),
        (
            "if it was appended lately, wait until the log's operator has signed it and written its tiles",
            "最近追加した記録であれば、運営者が署名してタイルを更新するまでお待ちください",
        ),
    ),
    "too-long": (
        (
            "the log has {size} entries; these tiles are searched up to {most}",
            "証拠ログの記録は {size} 件あります（タイルの検索は {most} 件まで）",
        ),
        (
            "name the entry by its index, which append has told, or by a receipt with the log's promise",
            "追加時に表示された番号か、証拠ログの約束を含む配達証拠を指定してください",
        ),
    ),
    "not-charter": (
        (
            "{file} is neither a charter of {name} nor a proof of that log with one",
            "{file} は {name} の鍵を組織が証明した文書でも、それを含む証明でもありません",
        ),
        (
            "ask the log's operator for one, or leave --charter out",
            "証拠ログの運営者に求めるか、--charter を省いてください",
        ),
    ),
}

HINTS: dict[str, tuple[str, str]] = {
    "ledger.missing": (
        "check the name; toyono-trust log create makes a new log",
        "名前を確認してください。新しい証拠ログは toyono-trust log create で作成できます",
    ),
    "ledger.exists": (
        "name another place; what is there is not touched",
        "別の場所を指定してください。既存のものには手を加えません",
    ),
    "ledger.key": (
        "name the key file of this log with --key",
        "--key で、この証拠ログの鍵のファイルを指定してください",
    ),
    "ledger.range": (
        "if it was appended, sign it first: toyono-trust log checkpoint",
        "追加済みの記録であれば、先に toyono-trust log checkpoint で署名してください",
    ),
    "ledger.corrupt": (
        "see what is wrong: toyono-trust log audit; restore the last copy that is sound",
        "toyono-trust log audit で確認し、異常のない最新の写しから復元してください",
    ),
    "checkpoint.witnesses": (
        "have the last checkpoint cosigned; then toyono-trust log prove --witnesses FILE takes one that is",
        "最新のチェックポイントに証人の連署を得てください。その後 log prove --witnesses で連署のあるものを使えます",
    ),
    "ledger.read-only": (
        "to add to the log, work where it can be written; to read it, copy it with its -wal, or use log export",
        "追加は書き込める場所で行ってください。読み取りには -wal を含む写しか、log export の書き出しを使えます",
    ),
    "checkpoint.origin": (
        "check --log-key: it is the key of another log",
        "--log-key が別の証拠ログの鍵になっていないか確認してください",
    ),
    "note.unsigned": (
        "check that --log-key is this log's key; if it is, ask for what the log itself signed",
        "--log-key がこの証拠ログの鍵か確認してください。正しければ、署名された原本を運営者に求めてください",
    ),
    "ledger.charter": (
        "seal it with --level B-T",
        "--level B-T を指定してください",
    ),
}
