"""The evidence log: commitments to receipts and exchanges that nobody, not even the operator, rewrites unnoticed.

``log`` holds ``EvidenceLog``, ``entry`` the commitments, ``note`` signed notes, ``checkpoint`` what the log signs and
witnesses cosign, ``proof`` the file that proves one entry, ``audit`` the recomputation of everything, ``stores`` where
it is kept.

``batch`` says when a batch closes, ``stamping`` has it time-stamped, ``stamps`` keeps what came back, ``records`` holds
the evidence records from it against what they are records of.

``tiles`` are the log as static files. With these others follow it (``monitor``), cosign it (``witness``; ``cosigning``
is the log's side) and prove that it signed two histories (``fork``).
"""
