"""The tables of a log in PostgreSQL, as ``base`` describes them; ``{schema}`` is filled in."""

__all__ = ["POSTGRES"]

POSTGRES = """
CREATE TABLE {schema}.log (
    id integer PRIMARY KEY CHECK (id = 1),
    version integer NOT NULL,
    origin text NOT NULL,
    key text NOT NULL,
    charter bytea NOT NULL
);
CREATE TABLE {schema}.head (
    id integer PRIMARY KEY CHECK (id = 1),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    checkpoints bigint NOT NULL CHECK (checkpoints >= 0),
    stamps bigint NOT NULL CHECK (stamps >= 0)
);
CREATE TABLE {schema}.entry (
    position bigint PRIMARY KEY CHECK (position >= 0),
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    node bytea NOT NULL CHECK (octet_length(node) = 32)
);
CREATE TABLE {schema}.queue (
    ticket bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32)
);
CREATE TABLE {schema}.checkpoint (
    number bigint PRIMARY KEY CHECK (number >= 0),
    size bigint NOT NULL UNIQUE CHECK (size >= 0),
    note bytea NOT NULL
);
CREATE TABLE {schema}.stamp (
    number bigint PRIMARY KEY CHECK (number >= 0),
    first bigint NOT NULL CHECK (first >= 0),
    size bigint NOT NULL UNIQUE CHECK (size > first),
    path bytea NOT NULL,
    token bytea NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32)
);
"""
