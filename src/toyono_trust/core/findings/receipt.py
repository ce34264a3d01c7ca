"""Findings about delivery receipts (ETSI EN 319 522 evidence) beyond their seal, and errors of issuing them."""

from __future__ import annotations

from toyono_trust.core.findings import Entry
from toyono_trust.core.findings.receipt_sets import ROWS

_STRUCTURE = "EN 319 522-3 5.2.2"
_SEMANTICS = "EN 319 522-2 8"
_ASK_ISSUER = (
    "Ask the issuing service for the receipt again.",
    "発行した配達サービスに配達証拠（受領証）の再発行を求めてください。",
)
_ASK_SENDER = (
    "Ask for the file as it was sealed, in plain XML.",
    "eシールを付与した時点のままのファイルを、単純な XML で受け取ってください。",
)
_DISTRUST = (
    "Do not rely on this receipt; ask the issuing service for an explanation.",
    "この配達証拠（受領証）に依拠せず、発行した配達サービスに説明を求めてください。",
)


def _fails(code: str, sub_indication: str | None, clause: str, en: str, ja: str, remedy: tuple[str, str]) -> Entry:
    return Entry(code, "fail", sub_indication, clause, (en, ja), remedy)


_READING = (
    _fails(
        "receipt.member-missing", "FORMAT_FAILURE", _STRUCTURE,
        "A component that every delivery receipt has is missing.",
        "配達証拠（受領証）に必須の項目がありません。",
        _ASK_ISSUER,
    ),
    _fails(
        "receipt.member-invalid", "FORMAT_FAILURE", _STRUCTURE,
        "A component of the delivery receipt has a form that the standard does not permit.",
        "配達証拠（受領証）に、規格の認めない形式の項目があります。",
        _ASK_ISSUER,
    ),
    _fails(
        "receipt.too-large", "FORMAT_FAILURE", _STRUCTURE,
        "A component of the delivery receipt is larger than accepted here.",
        "配達証拠（受領証）の項目が、受け付ける大きさの上限を超えています。",
        _ASK_ISSUER,
    ),
    Entry(
        "receipt.version-unknown", "warn", None, "EN 319 522-3 5.2.2.3",
        ("The delivery receipt is of a version that is not known here ({subject}).",
         "配達証拠（受領証）の版（{subject}）に対応していません。"),
        ("Check with a newer release of this program.", "このプログラムの新しい版で確認してください。"),
    ),
    Entry(
        "receipt.member-unknown", "warn", None, _STRUCTURE,
        ("The delivery receipt has a member unknown to the standard ({subject}); it is sealed, but proves nothing.",
         "配達証拠（受領証）に規格にない項目（{subject}）があります。eシールの対象に含まれますが、何の証明にもなりません。"),
        ("Do not draw conclusions from this member.", "この項目を判断の根拠にしないでください。"),
    ),
    _fails(
        "receipt.extension-critical", "FORMAT_FAILURE", _STRUCTURE,
        "The delivery receipt has an extension that must be understood and is not known here ({subject}).",
        "配達証拠（受領証）に、理解が必須とされる未対応の拡張（{subject}）があります。",
        ("Check it with a program that knows the extension.", "その拡張に対応したプログラムで検証してください。"),
    ),
    _fails(
        "receipt.extension-unreadable", "FORMAT_FAILURE", "EN 319 522-2 8 (Extensions)",
        "The delivery receipt has an extension known here ({subject}) in a form that cannot be read.",
        "配達証拠（受領証）に、読み取れない形式の拡張（{subject}）があります。",
        _ASK_ISSUER,
    ),
)  # fmt: skip

_XML_10 = "XML 1.0"


def _xml(code: str, clause: str, en: str, ja: str) -> Entry:
    return Entry(code, "fail", "FORMAT_FAILURE", clause, (en, ja), _ASK_SENDER)


_XML = (
    _xml("xml.syntax", _XML_10, "The XML is broken.", "XML の構文が壊れています。"),
    _xml("xml.not-utf8", f"{_XML_10} 4.3.3", "The XML is not XML 1.0 in UTF-8.", "UTF-8 の XML 1.0 ではありません。"),
    _xml("xml.size", _XML_10, "The XML is larger than accepted here.", "XML の大きさが受け付ける上限を超えています。"),
    _xml("xml.depth", _XML_10, "The XML is nested too deeply.", "XML の入れ子が深すぎます。"),
    _xml(
        "xml.doctype", f"{_XML_10} 2.8",
        "The XML has a document type, which could change what it says.",
        "XML に文書型宣言があります。内容を変え得るため受け付けません。",
    ),
    _xml(
        "xml.comment", f"{_XML_10} 2.5",
        "The XML has a comment or a processing instruction, which readers treat differently.",
        "XML にコメントまたは処理命令があります。読み手により解釈が異なるため受け付けません。",
    ),
)  # fmt: skip

_EVENT = (
    _fails(
        "receipt.event-unknown", "SIG_CONSTRAINTS_FAILURE", "EN 319 522-1 6.2",
        "The event is none of the 22 of EN 319 522 ({subject}), so that it is not known what the receipt proves.",
        "EN 319 522 の定める22の事象のいずれでもない（{subject}）ため、何を証明するものか判断できません。",
        ("Use the name or URI of one of the 22 events.", "22の事象のいずれかの名称または URI を用いてください。"),
    ),
    _fails(
        "receipt.issuer-not-signer", "SIG_CONSTRAINTS_FAILURE", "EN 319 522-2 8 (R02)",
        "The delivery receipt names another issuer ({subject}) than the one who sealed it.",
        "配達証拠（受領証）に記載された発行者（{subject}）と、eシールを付与した者が一致しません。",
        _DISTRUST,
    ),
    _fails(
        "receipt.issuer-unidentified", "SIG_CONSTRAINTS_FAILURE", "EN 319 522-2 8 (R02)",
        "The delivery receipt names its issuer neither by an identifier nor by a certificate ({subject}).",
        "配達証拠（受領証）の発行者（{subject}）が、識別番号でも証明書でも特定されていません。",
        _ASK_ISSUER,
    ),
    Entry(
        "receipt.not-stamped", "inform", None, "EN 319 522-2 8 (G05)",
        ("No time stamp proves when the receipt was issued: the time of the event is the issuer's word.",
         "発行時刻を証明するタイムスタンプがありません。事象の時刻は発行者の申告によるものです。"),
        ("Issue receipts at level B-T.", "配達証拠（受領証）を B-T レベルで発行してください。"),
    ),
    Entry(
        "receipt.seal-not-stamped", "inform", None, "EN 319 522-2 8 (G05)",
        ("The log proves that the evidence existed at {since}; no time stamp proves since when its seal exists.",
         ("証拠の内容が {since} に存在したことは証拠ログで証明されていますが、"
          "eシールの付与時刻を証明するタイムスタンプはありません。")),
        ("Add a time stamp to the seal before its certificate ends: toyono-trust augment.",
         "証明書の有効期間内に、toyono-trust augment でeシールにタイムスタンプを付与してください。"),
    ),
    Entry(
        "receipt.stamped-late", "warn", None, "EN 319 522-2 8 (G05)",
        ("The receipt was stamped {seconds} seconds after the event.",
         "事象から {seconds} 秒後にタイムスタンプが付されています。"),
        ("Take the stamp's time as proven, the event's as the issuer's word.",
         "証明された時刻はタイムスタンプの時刻であり、事象の時刻は発行者の申告として扱ってください。"),
    ),
    _fails(
        "receipt.event-after-stamp", "SIG_CONSTRAINTS_FAILURE", "EN 319 522-2 8 (G05)",
        "The event is said to have happened {seconds} seconds after the receipt about it was stamped.",
        "事象の時刻が、タイムスタンプの時刻より {seconds} 秒後になっています。",
        _DISTRUST,
    ),
    Entry(
        "receipt.event-before-submission", "warn", None, "EN 319 522-2 8.2.25 (M03)",
        ("The event is said to have happened before the content was submitted.",
         "事象の時刻が、差出しの時刻より前になっています。"),
        ("Ask the issuing service which of the two times is right.",
         "どちらの時刻が正しいか、発行した配達サービスに確認してください。"),
    ),
)  # fmt: skip

_PARTS = (
    Entry(
        "receipt.parts-absent", "warn", None, "EN 319 522-2 8 (M02)",
        ("The delivery receipt names no content by digest: it does not prove what was delivered.",
         "配達証拠（受領証）にコンテンツのハッシュ値がなく、何が配達されたかは証明されません。"),
        _ASK_ISSUER,
    ),
    _fails(
        "receipt.parts-count", "FORMAT_FAILURE", "EN 319 522-2 8 (M02)",
        "The delivery receipt speaks of {stated} parts and lists {listed}.",
        "配達証拠（受領証）に記載された部分の数（{stated}）と、列挙された数（{listed}）が一致しません。",
        _ASK_ISSUER,
    ),
    _fails(
        "receipt.part-twice", "FORMAT_FAILURE", "EN 319 522-2 8 (M02)",
        "Two parts of the delivery receipt have the same name ({subject}).",
        "配達証拠（受領証）に、同じ名称（{subject}）の部分が複数あります。",
        _ASK_ISSUER,
    ),
    _fails(
        "receipt.part-missing", "SIGNED_DATA_NOT_FOUND", "EN 319 522-2 8 (M02)",
        "The content {subject} of the delivery receipt was not presented.",
        "配達証拠（受領証）の対象であるコンテンツ {subject} が提示されていません。",
        ("Present the delivered content with --content.", "配達されたコンテンツを --content で指定してください。"),
    ),
    Entry(
        "receipt.content-not-presented", "inform", None, "EN 319 522-2 8 (M02)",
        ("The delivered content was not presented: the receipt speaks of whatever has the digests that it names.",
         "配達されたコンテンツが提示されていません。記載されたハッシュ値をもつコンテンツについての証明です。"),
        ("Present the delivered content with --content to have it compared.",
         "照合するには、配達されたコンテンツを --content で指定してください。"),
    ),
    _fails(
        "receipt.part-altered", "HASH_FAILURE", "EN 319 522-2 8 (M02)",
        "The presented content {subject} is not the one that was delivered.",
        "提示されたコンテンツ {subject} は、配達されたものと一致しません。",
        ("Present the content as it was delivered.", "配達されたままのコンテンツを提示してください。"),
    ),
    Entry(
        "receipt.part-without-digest", "warn", None, "EN 319 522-2 8 (M02)",
        ("The part {subject} is named without digest: the receipt does not prove what it was.",
         "部分 {subject} にハッシュ値がなく、その内容は証明されません。"),
        _ASK_ISSUER,
    ),
    Entry(
        "receipt.part-encrypted", "inform", None, "EN 319 522-2 8 (M02)",
        ("The part {subject} was encrypted end to end: the receipt is about the ciphertext.",
         "部分 {subject} はエンドツーエンドで暗号化されており、暗号文についての配達証拠（受領証）です。"),
        ("Compare the ciphertext, and keep it together with the key.",
         "暗号文と照合し、復号鍵とともに保存してください。"),
    ),
    Entry(
        "receipt.part-encrypted-absent", "warn", None, "EN 319 522-2 8 (M02)",
        ("The delivery receipt says of a part that it does not have ({subject}) that it was encrypted.",
         "配達証拠（受領証）が、記載のない部分（{subject}）を暗号化されたものとしています。"),
        _ASK_ISSUER,
    ),
    _fails(
        "receipt.part-digest-refused", "CRYPTO_CONSTRAINTS_FAILURE", "TS 119 312 6",
        "The part {subject} is named by a digest algorithm that is not accepted.",
        "部分 {subject} のハッシュ方式は、認められていないものです。",
        _ASK_ISSUER,
    ),
)  # fmt: skip

_PARTIES = (
    _fails(
        "receipt.recipient-index", "FORMAT_FAILURE", "EN 319 522-2 8 (EvidenceRefersToRecipient)",
        "The delivery receipt concerns recipient {index}, and names {count}.",
        "配達証拠（受領証）は受信者の {index} 番目についてのものとされていますが、記載された受信者は {count} 名です。",
        _ASK_ISSUER,
    ),
    _fails(
        "receipt.recipient-missing", "SIG_CONSTRAINTS_FAILURE", "EN 319 522-2 8 (EvidenceRefersToRecipient)",
        "The delivery receipt does not say which of its {count} recipients the event concerns.",
        "{count} 名の受信者のうち、どの受信者についての配達証拠（受領証）か記載されていません。",
        ("Issue one receipt for each recipient.", "受信者ごとに配達証拠（受領証）を発行してください。"),
    ),
    _fails(
        "receipt.delegate-index", "FORMAT_FAILURE", "EN 319 522-2 8 (DelegatingRecipients)",
        "A delegate acts for recipient {index}, and the delivery receipt names {count}.",
        "代理人が受信者の {index} 番目を代理するとされていますが、記載された受信者は {count} 名です。",
        _ASK_ISSUER,
    ),
    Entry(
        "receipt.mandate-expired", "warn", None, "EN 319 522-2 8 (SenderDelegateDetails)",
        ("A delegate acted after the mandate ({subject}) had ended.",
         "代理人が、電子委任状（{subject}）の有効期間の経過後に代理しています。"),
        ("Ask the principal whether the delegate could act.", "代理権の有無を委任者に確認してください。"),
    ),
    Entry(
        "receipt.mandate-unreadable", "warn", None, "EN 319 522-2 8 (SenderDelegateDetails)",
        ("The mandate of a delegate cannot be read.", "代理人の電子委任状に関する記載を読み取れません。"),
        ("Ask the principal whether the delegate could act.", "代理権の有無を委任者に確認してください。"),
    ),
    _fails(
        "receipt.party-unexpected", "SIG_CONSTRAINTS_FAILURE", "EN 319 522-2 8 (I01, I05)",
        "The delivery receipt is about another sender or recipient ({subject}) than expected.",
        "配達証拠（受領証）の送信者または受信者（{subject}）が、想定した相手と異なります。",
        ("Check that this is the receipt of this delivery.", "この配達の配達証拠（受領証）か確認してください。"),
    ),
    _fails(
        "receipt.reason-missing", "SIG_CONSTRAINTS_FAILURE", "EN 319 522-2 8.3.3 (G04)",
        "The receipt of a negative event ({subject}) gives no reason.",
        "不達・拒否などの事象（{subject}）についての配達証拠（受領証）に、理由が記載されていません。",
        _ASK_ISSUER,
    ),
    Entry(
        "receipt.reason-misplaced", "warn", None, "EN 319 522-2 8.3.3 (G04)",
        ("The reason {subject} does not belong to the event {event}.",
         "理由 {subject} は、事象 {event} に対応するものではありません。"),
        ("Ask the issuing service what the reason was.", "実際の理由を、発行した配達サービスに確認してください。"),
    ),
    Entry(
        "receipt.reason-unknown", "warn", None, "EN 319 522-2 8.3.3 (G04)",
        ("The reason {subject} is not known here.", "理由 {subject} は、登録されていないものです。"),
        ("Look it up in the issuing service's policy.", "発行した配達サービスの運用規程で意味を確認してください。"),
    ),
)  # fmt: skip


def _misuse(code: str, en: str, ja: str, remedy_en: str, remedy_ja: str) -> Entry:
    return Entry(code, "fail", None, _SEMANTICS, (en, ja), (remedy_en, remedy_ja))


_ISSUING = (
    _misuse(
        "receipt.argument",
        "An argument of the delivery receipt is empty or has a wrong form.",
        "配達証拠（受領証）の引数が空であるか、形式が正しくありません。",
        "Correct the argument that the message names.", "メッセージの示す引数を修正してください。",
    ),
    _misuse(
        "receipt.external-service-missing",
        "A relay event happens between two services, and the other one is not given.",
        "引継ぎの事象には相手方の配達サービスが必要ですが、指定されていません。",
        "Give the other service.", "相手方の配達サービスを指定してください。",
    ),
    _misuse(
        "receipt.policy-missing",
        "The policy under which the service issues delivery receipts is not given.",
        "配達証拠（受領証）の発行の根拠となる運用規程が指定されていません。",
        "Give the URI or OID of the delivery service's policy.",
        "電子書留配達サービス（eデリバリー）の運用規程の URI または OID を指定してください。",
    ),
    _misuse(
        "receipt.submission-time-missing",
        "The time at which the content was submitted is not given.",
        "コンテンツの差出しの時刻が指定されていません。",
        "Give the time at which the sender handed the content in.", "送信者が差し出した時刻を指定してください。",
    ),
    _misuse(
        "receipt.time-naive",
        "A time of the delivery receipt has no time zone.",
        "配達証拠（受領証）の時刻にタイムゾーンがありません。",
        "Give an aware datetime.", "タイムゾーン付きの日時を指定してください。",
    ),
    _misuse(
        "receipt.party-scheme",
        "The scheme of a party's identifier is not known.",
        "送信者または受信者の識別番号の体系が分かりません。",
        "Give the identifier with its scheme, or one such as NTRJP-1234567890123.",
        "体系を併せて指定するか、NTRJP-1234567890123 のような識別番号を指定してください。",
    ),
    _misuse(
        "receipt.party-identifier",
        "A party's identifier is no value of its scheme.",
        "送信者または受信者の識別番号が、その体系の形式に合っていません。",
        "Correct the identifier or its scheme.", "識別番号または体系を修正してください。",
    ),
    _misuse(
        "receipt.individual-number",
        "A party is named by an Individual Number, which may not be handed on.",
        "個人番号（マイナンバー）が識別番号として指定されています。個人番号は提供できません。",
        "Name residents by a pseudonym.", "住民は仮名（公的個人認証に基づくものなど）で指定してください。",
    ),
    _misuse(
        "receipt.digest-refused",
        "A part is named by a digest algorithm that is not accepted.",
        "認められていないハッシュ方式で部分が指定されています。",
        "Use SHA-256, SHA-384 or SHA-512.", "SHA-256、SHA-384、SHA-512 のいずれかを用いてください。",
    ),
    _misuse(
        "receipt.reason-invented",
        "A reason under uri.etsi.org is not known to be one of the standard's.",
        "uri.etsi.org の理由コードのうち、規格にあることを確認できないものが指定されています。",
        "Use a listed reason or a URI of your own.", "一覧にある理由、または独自の URI を用いてください。",
    ),
)  # fmt: skip

ENTRIES: tuple[Entry, ...] = (*_READING, *_XML, *_EVENT, *_PARTS, *_PARTIES, *_ISSUING, *ROWS)
