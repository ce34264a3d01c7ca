"""Findings of the judge: identification, cryptographic verification, acceptance, time (EN 319 102-1 5.2 to 5.5)."""

from __future__ import annotations

from toyono_trust.core.findings import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "policy.format",
        "fail",
        "FORMAT_FAILURE",
        "EN 319 102-1 5.2.2",
        ("The policy does not accept the format {format}.", "検証ポリシーは形式 {format} を認めていません。"),
        (
            "Ask the sender for another format, or name this one in the policy.",
            "送信者に別の形式での署名を求めるか、検証ポリシーにこの形式を加えてください。",
        ),
    ),
    Entry(
        "signature.certificate-missing",
        "fail",
        "NO_SIGNING_CERTIFICATE_FOUND",
        "EN 319 102-1 5.2.3",
        (
            "The signing certificate is neither in the file nor in the trust store.",
            "署名者の証明書が、ファイルにもトラストストアにも見つかりません。",
        ),
        (
            "Put the signer's certificate into the folder intermediates/ of the trust store.",
            "署名者の証明書をトラストストアの intermediates/ に置いてください。",
        ),
    ),
    Entry(
        "signature.certificate-mismatch",
        "fail",
        "NO_SIGNING_CERTIFICATE_FOUND",
        "EN 319 102-1 5.2.3",
        (
            "No certificate at hand has the digest that the signature names for its signing certificate.",
            "署名に記録されたハッシュ値と一致する署名者証明書がありません。",
        ),
        (
            "Treat the certificate as exchanged; ask the signer for the file as it was signed.",
            "証明書が差し替えられたおそれがあります。署名した時点のファイルを署名者に求めてください。",
        ),
    ),
    Entry(
        "signature.reference-missing",
        "warn",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.2.3",
        (
            "The signature does not protect its signing certificate by a signed reference.",
            "署名者証明書への参照が署名対象に含まれていません。",
        ),
        ("Use an AdES format, which does.", "証明書への参照を署名対象に含む AdES 形式の利用を検討してください。"),
    ),
    Entry(
        "signature.reference-differs",
        "warn",
        None,
        "EN 319 102-1 5.2.3",
        (
            "Issuer or serial number in the reference to the signing certificate are not the certificate's.",
            "署名者証明書への参照に書かれた発行者名またはシリアル番号が、証明書と一致しません。",
        ),
        (
            "The digest in the reference fits, so the certificate is the right one; tell the signer's software vendor.",
            "ハッシュ値は一致しているため証明書は正しいものです。署名ソフトウェアの提供元に連絡してください。",
        ),
    ),
    Entry(
        "signature.policy-not-processed",
        "inform",
        "SIGNATURE_POLICY_NOT_AVAILABLE",
        "EN 319 102-1 5.2.4",
        (
            "The signature names the signature policy {identifier}; its document was not processed.",
            "署名は署名ポリシー {identifier} を指定していますが、その文書は処理していません。",
        ),
        ("Read the policy's document where its rules matter.", "必要に応じて署名ポリシー文書を確認してください。"),
    ),
    Entry(
        "content.missing",
        "fail",
        "SIGNED_DATA_NOT_FOUND",
        "EN 319 102-1 5.2.7",
        ("The signed content{name} is not at hand.", "署名対象データ{name}が見つかりません。"),
        (
            "Give it: content= in the library, --content on the command line.",
            "署名対象データを指定してください（ライブラリでは content=、コマンドでは --content）。",
        ),
    ),
    Entry(
        "content.not-covered",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.2.7",
        (
            "The content that was given is not what is signed: the file brings content of its own.",
            "指定されたデータは署名対象ではありません。署名対象のデータは、このファイルの中にあります。",
        ),
        (
            "Verify the file without it, or compare it with the signed content.",
            "データを指定せずに検証するか、署名対象のデータと比べてください。",
        ),
    ),
    Entry(
        "content.altered",
        "fail",
        "HASH_FAILURE",
        "EN 319 102-1 5.2.7",
        ("The content{name} is not what was signed.", "署名対象データ{name}は、署名後に変更されています。"),
        (
            "Do not use it; ask the sender for the original.",
            "このデータは使用せず、送信者に元のデータを求めてください。",
        ),
    ),
    Entry(
        "content.unchecked",
        "fail",
        "SIGNED_DATA_NOT_FOUND",
        "EN 319 102-1 5.2.7",
        (
            "The content{name} could not be compared with what was signed.",
            "署名対象データ{name}が署名時のものと同じかどうかを確認できません。",
        ),
        (
            "Ask the signer for a signature with a current digest algorithm.",
            "現行のハッシュアルゴリズムによる署名を署名者に求めてください。",
        ),
    ),
    Entry(
        "signature.broken",
        "fail",
        "SIG_CRYPTO_FAILURE",
        "EN 319 102-1 5.2.7",
        (
            "The signature value does not fit the signed data and the signer's key.",
            "署名値が、署名対象データおよび署名者の鍵と一致しません。",
        ),
        (
            "Do not use the file: it was altered, or another key signed it.",
            "改ざんされたか、別の鍵で署名されたものです。このファイルは使用しないでください。",
        ),
    ),
    Entry(
        "signature.unverified",
        "fail",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "EN 319 102-1 5.2.7",
        ("The signature value could not be checked.", "署名値を検証できませんでした。"),
        ("Supply what the other findings name as missing.", "他の検証結果で不足とされたものを補ってください。"),
    ),
    Entry(
        "signature.key-unreadable",
        "fail",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "EN 319 102-1 5.2.7",
        (
            "The key of the signing certificate is of a kind that is not known here.",
            "署名者証明書の鍵は対応していない種類です。",
        ),
        ("Ask the signer for a key of a current algorithm.", "署名者に現行の暗号アルゴリズムの鍵を求めてください。"),
    ),
    Entry(
        "algorithm.not-accepted",
        "fail",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "EN 319 102-1 5.2.8",
        (
            "The policy does not accept {algorithm} with {bits} bits ({use}).",
            "検証ポリシーは {algorithm}（{bits} ビット、用途: {use}）を認めていません。",
        ),
        (
            "Ask for a signature by an algorithm and key size that the policy names.",
            "検証ポリシーが認めるアルゴリズムと鍵長での署名を求めてください。",
        ),
    ),
    Entry(
        "algorithm.expired",
        "fail",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "EN 319 102-1 5.2.8",
        (
            "{algorithm} with {bits} bits has not counted as reliable since {end} ({use}).",
            "{algorithm}（{bits} ビット、用途: {use}）は {end} 以降、安全とみなされません。",
        ),
        (
            "Look for a time stamp from before that day; sign anew by a stronger algorithm.",
            "その日より前のタイムスタンプがあるか確認し、より強いアルゴリズムで署名し直してください。",
        ),
    ),
    Entry(
        "algorithm.reference",
        "warn",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "EN 319 102-1 5.2.8",
        (
            "The reference to the signing certificate is made with {algorithm}, which is no longer reliable.",
            "署名者証明書への参照に、もはや安全とみなされない {algorithm} が使われています。",
        ),
        (
            "Ask the signer (or the time-stamping authority) for references with SHA-256.",
            "SHA-256による参照を使うよう、署名者（または時刻認証局）に求めてください。",
        ),
    ),
    Entry(
        "policy.level",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.2.8",
        ("The policy does not accept the level {level}.", "検証ポリシーは署名レベル {level} を認めていません。"),
        (
            "Ask the signer for an accepted level, or name this one in the policy.",
            "認められたレベルの署名を署名者に求めるか、検証ポリシーに加えてください。",
        ),
    ),
    Entry(
        "policy.kind",
        "fail",
        "CHAIN_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.2.6",
        (
            "The policy does not accept a signer of the kind {kind}.",
            "検証ポリシーは種別 {kind} の署名者を認めていません。",
        ),
        ("Ask for a signature by an accepted kind of signer.", "認められた種別の署名者による署名を求めてください。"),
    ),
    Entry(
        "revocation.issuer-expired",
        "fail",
        "REVOCATION_OUT_OF_BOUNDS_NO_POE",
        "EN 319 102-1 5.2.6",
        (
            (
                "The revocation data is signed by {responder}, whose certificate has expired ({date}) or is revoked,"
                " and nothing proves that the data is older than that."
            ),
            (
                "失効情報に署名した {responder} の証明書は有効期限切れ（{date}）又は失効しており、"
                "失効情報がそれより前に存在したことを証明するものがありません。"
            ),
        ),
        (
            "Put newer revocation data into revocation/ of the trust folder, or verify online.",
            "新しい失効情報を信頼フォルダの revocation/ に置くか、オンラインで検証してください。",
        ),
    ),
    Entry(
        "signature.time-outside-certificate",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.2.8",
        (
            "The claimed signing time {claimed} lies outside the validity of the signing certificate.",
            "申告された署名時刻 {claimed} が署名者証明書の有効期間外です。",
        ),
        (
            "Ask the signer to sign again with a correct clock and a valid certificate.",
            "時計を合わせ、有効な証明書で署名し直すよう署名者に求めてください。",
        ),
    ),
    Entry(
        "signature.time-in-future",
        "warn",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.2.8",
        (
            "The claimed signing time {claimed} is later than {proven}, when the signature is known to have existed.",
            "申告された署名時刻 {claimed} が、署名の存在が確かな時刻 {proven} より後です。",
        ),
        ("Do not rely on the claimed time.", "申告された署名時刻には依拠しないでください。"),
    ),
    Entry(
        "signature.before-certificate",
        "fail",
        "NOT_YET_VALID",
        "EN 319 102-1 5.5.4",
        (
            "The signature existed at {proven}, before its certificate became valid at {start}.",
            "署名は {proven} に存在していましたが、署名者証明書の有効期間が始まるのは {start} です。",
        ),
        (
            "Do not accept it; if the time of verification is wrong, correct it, else ask for a new signature.",
            "この署名は受け入れないでください。検証時刻が誤っていれば直し、正しければ署名のやり直しを求めてください。",
        ),
    ),
    Entry(
        "signature.timestamp-late",
        "fail",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.5.4",
        (
            "No time stamp proves the signature within the time after its claimed signing time that the policy allows.",
            "申告された署名時刻から検証ポリシーの定める時間内に付与されたタイムスタンプがありません。",
        ),
        ("Ask the signer to stamp at once after signing.", "署名後ただちにタイムスタンプを付けるよう求めてください。"),
    ),
    Entry(
        "timestamp.order",
        "fail",
        "TIMESTAMP_ORDER_FAILURE",
        "EN 319 102-1 5.5.4",
        (
            (
                "The time stamps contradict each other: one that must have been made earlier says {first}, one over it"
                " or after it says {second}."
            ),
            "タイムスタンプの前後関係が矛盾しています。先に付与されたはずのものが {first}、後のものが {second} です。",
        ),
        ("Treat the times as unproven.", "時刻は証明されていないものとして扱ってください。"),
    ),
    Entry(
        "timestamp.not-usable",
        "warn",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.5.4",
        (
            "A time stamp of this signature did not pass, so it proves no time ({stamp}: {reason}).",
            "この署名のタイムスタンプ（{stamp}）は検証に合格せず、時刻の証明になりません（{reason}）。",
        ),
        ("See the time stamp's own findings.", "タイムスタンプ自体の検証結果を確認してください。"),
    ),
    Entry(
        "signature.counter-broken",
        "warn",
        "SIG_CONSTRAINTS_FAILURE",
        "EN 319 102-1 5.2.8",
        (
            "A counter-signature of this signature did not pass.",
            "この署名に対する副署（カウンター署名）が、検証に合格しませんでした。",
        ),
        ("See the counter-signature's own findings.", "副署自体の検証結果を確認してください。"),
    ),
    Entry(
        "signature.rescued",
        "inform",
        None,
        "EN 319 102-1 5.5.4",
        (
            "A time stamp proves that the signature existed at {proven}; “{code}” came later and does not count.",
            "{proven} に署名が存在したことは証明済みです。「{code}」はその後のことなので、問題になりません。",
        ),
        ("Nothing needs to be done.", "対応は不要です。"),
    ),
    Entry(
        "content.changed",
        "fail",
        None,
        "EN 319 102-1 5.2.7",
        ("The content has changed since it was verified.", "検証後に内容が変更されました。"),
        ("Verify it again.", "もう一度検証してください。"),
    ),
    Entry(
        "content.several",
        "fail",
        None,
        "EN 319 102-1 4.2",
        ("The signature covers several objects.", "この署名の対象データは複数あります。"),
        ("Use .objects and choose by name.", ".objects から名前で選んでください。"),
    ),
    Entry(
        "require.other-signer",
        "fail",
        None,
        "EN 319 102-1 4.1",
        ("The signature is valid but by another signer.", "署名は有効ですが、別の署名者によるものです。"),
        ("Check signed_by.", "signed_by の指定を確認してください。"),
    ),
    Entry(
        "require.no-signature",
        "fail",
        None,
        "EN 319 102-1 4.1",
        ("There is no signature that passed.", "有効な署名がありません。"),
        ("Read the report.", "検証レポートを確認してください。"),
    ),
    Entry(
        "require.simulated",
        "fail",
        None,
        "EN 319 102-1 5.6",
        (
            "A simulation says what would be and verifies nothing.",
            "シミュレーションは将来の見込みを示すだけで、検証ではありません。",
        ),
        ("Ask the report of verify().", "verify() の検証レポートを使ってください。"),
    ),
    Entry(
        "require.bare-string",
        "fail",
        None,
        "EN 319 102-1 4.1",
        ("signed_by takes a set of identifiers.", "signed_by には識別子の集合を渡します。"),
        ("Write signed_by={…}.", "signed_by={…} と書いてください。"),
    ),
    Entry(
        "require.empty",
        "fail",
        None,
        "EN 319 102-1 4.1",
        ("signed_by names nobody.", "signed_by に署名者が指定されていません。"),
        ('Name identifiers in a set, or write "anyone".', '識別子を集合で指定するか、"anyone" と書いてください。'),
    ),
    Entry(
        "require.not-a-set",
        "fail",
        None,
        "EN 319 102-1 4.1",
        ("signed_by takes a set.", "signed_by には集合を渡します。"),
        ("Write signed_by={…}.", "signed_by={…} と書いてください。"),
    ),
    Entry(
        "require.bad-identifier",
        "fail",
        None,
        "EN 319 102-1 4.1",
        (
            "An entry of signed_by is neither a text nor a pair of texts.",
            "signed_by の要素が文字列でも文字列の組でもありません。",
        ),
        ("Use identifiers such as NTRJP-….", "NTRJP-… などの識別子を使ってください。"),
    ),
    Entry(
        "policy.missing",
        "fail",
        None,
        "EN 319 102-1 5.1.4",
        ("There is no such policy file.", "検証ポリシーのファイルがありません。"),
        ("Name an existing file.", "存在するファイルを指定してください。"),
    ),
    Entry(
        "policy.malformed",
        "fail",
        None,
        "EN 319 102-1 5.1.4",
        ("The policy file cannot be read.", "検証ポリシーのファイルを読み取れません。"),
        ("Correct the file (TOML, UTF-8).", "ファイル（TOML、UTF-8）を修正してください。"),
    ),
    Entry(
        "policy.unknown-key",
        "fail",
        None,
        "EN 319 102-1 5.1.4",
        ("The policy file has an unknown key.", "検証ポリシーに未知のキーがあります。"),
        (
            "Correct the key; the message lists the known ones.",
            "キーを修正してください。既知のキーはメッセージに示します。",
        ),
    ),
    Entry(
        "policy.bad-value",
        "fail",
        None,
        "EN 319 102-1 5.1.4",
        ("A value in the policy file is not allowed.", "検証ポリシーの値が正しくありません。"),
        ("Correct the value.", "値を修正してください。"),
    ),
)
