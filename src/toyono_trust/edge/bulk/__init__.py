"""Bulk verification for auditors: any number of records, any period, one report, resumable (電子帳簿保存法, 一括検証).

``index`` and ``folder`` name the records, ``selection`` chooses among them, ``case`` judges one in a worker,
``journal`` keeps what is known, ``logbook`` holds the records against an evidence log, ``survey`` leads it all,
``sheets`` and ``page`` show it.
"""
