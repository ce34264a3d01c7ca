"""The log as static files (C2SP tlog-tiles), which any web server or object store serves.

``layout`` holds what the files are called and hold, ``places`` where they are, ``reader`` makes proofs out of them,
``proving`` proof files, ``writer`` writes them from an ``EvidenceLog``. Names are made here, and taken from nobody.
"""
