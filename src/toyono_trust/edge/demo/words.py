"""The words of the demo, English and Japanese."""

from __future__ import annotations

__all__ = ["FONT", "HEADINGS", "LATER", "NEXT", "SCENES", "TAMPERINGS", "WORDS"]

FONT = "pylopdf-fonts-jp"
"""The distribution with the free Japanese font of the demo's PDFs."""

HEADINGS: dict[str, tuple[str, str]] = {
    "town": (
        "A town of its own: keys, trust, and a time-stamping authority at {url}",
        "見本の町を作成: 鍵、トラスト、時刻認証局 {url}",
    ),
    "sign": ("Everybody signs, and everything is stamped", "それぞれが署名し、すべてにタイムスタンプを付与"),
    "verify": ("Everything is verified, offline", "すべてをオフラインで検証"),
    "tamper": ("Each one is tampered with", "一つずつ改ざん"),
    "revoke": (
        "The bus company's key is stolen, and its certificate is revoked",
        "交通会社の鍵が盗まれ、証明書を失効",
    ),
    "archive": (
        "The contract in {year}, simulated: as it was kept, and renewed in {renewed}",
        "{year}年の契約書をシミュレーション: そのまま保存した場合と、{renewed}年に更新した場合",
    ),
    "table": ("Expected and got", "期待した判定と実際の判定"),
    "next": ("What to try next", "次に試すこと"),
}

SCENES: dict[str, tuple[str, str]] = {
    "observation.json": ("a sensor signs its river level", "水位計が観測値に署名"),
    "register-extract.json": (
        "the town seals an extract from its register",
        "町が住民票の写し（データ）に eシールを付与",
    ),
    "notice.txt": ("the town seals a file; the seal lies beside it", "町がファイルに eシールを付与（分離形式）"),
    "application.json": ("a resident signs an application", "住民が申請書に署名"),
    "certificate.pdf": (
        "the town seals a certificate (PDF), visibly, and lets nobody change it",
        "町が罹災証明書（PDF）に見える eシールを付与し、以後の変更を禁止",
    ),
    "application.pdf": (
        "a resident signs an application (PDF), invisibly",
        "住民が申請書（PDF）に電子署名（印影なし）",
    ),
    "received": (
        "the town seals the application as received, behind the signature",
        "町が受付の eシールを申請書に追加（住民の電子署名の後に）",
    ),
    "contract.pdf": (
        "the bus company and the town seal a contract (PDF), kept as an archive",
        "交通会社と町が契約書（PDF）に eシールを付与し、長期署名として保存",
    ),
    "timetable.csv": ("the bus company delivers a timetable under its seal", "交通会社が eシール付きの時刻表を送付"),
    "receipt": ("the town gives it a receipt", "町が受領証を発行"),
}

TAMPERINGS: dict[str, tuple[str, str]] = {
    "observation.json": ("the river is two metres lower", "水位を2メートル下げた"),
    "register-extract.json": ("one bit of the seal is flipped", "eシールの値を1ビット反転"),
    "notice.txt": ("one bit of the file beside the seal is flipped", "eシールの隣のファイルを1ビット反転"),
    "application.json": ("the amount is ten times as high", "申請額を10倍にした"),
    "certificate.pdf": (
        "a later revision of the PDF shows another degree of damage",
        "PDF に追記し、証明書に表示される被害の程度を書き換えた",
    ),
    "application.pdf": ("one bit of the amount in the PDF is flipped", "PDF の申請額を1ビット反転"),
    "timetable.csv": ("one bit of the timetable is flipped", "時刻表を1ビット反転"),
    "receipt": ("the receipt names another sender", "受領証の送信者を書き換えた"),
    "other-part": ("the receipt is shown with another timetable", "受領証を別の時刻表とともに提示"),
    "untrusted": ("the extract, where nobody is trusted", "誰も信頼しない設定で住民票の写しを検証"),
    "before": ("sealed and stamped before the theft", "盗難前に eシールとタイムスタンプを付与"),
    "unstamped": ("sealed before the theft, without a stamp", "盗難前に eシールのみ付与（タイムスタンプなし）"),
    "thief": ("sealed and stamped by the thief", "盗んだ鍵で eシールとタイムスタンプを付与"),
}

LATER: dict[str, tuple[str, str]] = {
    "left-alone": ("the contract, left alone", "契約書を一度も更新しなかった場合"),
    "renewed": ("the contract, stamped once more in time", "契約書にアーカイブタイムスタンプを追加した場合"),
}
"""What becomes of the contract."""

WORDS: dict[str, tuple[str, str]] = {
    "ok": ("as expected", "期待どおり"),
    "wrong": ("NOT AS EXPECTED", "期待と異なる"),
    "case": ("case", "対象"),
    "expected": ("expected", "期待"),
    "got": ("got", "結果"),
    "all": (
        "All {count} verdicts are as expected. Files, reports and trust lie in {folder}.",
        "{count}件すべてが期待どおりの判定です。ファイル、レポート、トラストは {folder} にあります。",
    ),
    "page": (
        "All reports on one page: {file} (open it in a browser).",
        "すべてのレポートを一つのページにまとめました: {file}（ブラウザーで開いてください）。",
    ),
    "romanised": (
        "No Japanese font here, so the PDFs speak English. For Japanese: pip install {font} 'toyono-trust[visible]'",
        "日本語フォントがないため、PDF は英語です。日本語にするには: pip install {font} 'toyono-trust[visible]'",
    ),
    "some": ("Verdicts that are not as expected: {count}.", "期待と異なる判定: {count}件。"),
    "why": ("why", "理由"),
}

NEXT: dict[str, tuple[str, str]] = {
    "good": ("a verdict", "検証する"),
    "japanese": ("a seal beside its file, in Japanese", "分離形式の eシールを日本語で検証する"),
    "bad": ("a forgery, for programs", "改ざんされたファイルをプログラム向けに検証する"),
    "pdf": (
        "what a forger did to a PDF, on a page for the browser",
        "改ざんされた PDF のレポートを、ブラウザー用のページにする",
    ),
    "receipt": ("what a receipt says", "受領証の内容を見る"),
    "thief": ("the thief's file", "盗んだ鍵のファイルを検証する"),
    "archive": ("the contract, if nobody renews it", "更新しなかった契約書の、将来の検証結果を見る"),
    "trust": ("who is trusted, and until when", "トラストの内容と有効期限を見る"),
    "seal": ("seal something of your own", "自分のファイルに eシールを付与する"),
    "check": ("and verify it", "それを検証する"),
    "serve": ("stamps for trials (in another terminal)", "試験用の時刻認証局を起動する（別の端末で）"),
}
