"""RFC 3161 time stamps, both sides, without input or output: ``request``, ``check_response``, ``read``, ``respond``.

``query`` holds the request, ``token`` the token, ``response`` the answer as a client sees it, ``respond`` the TSA.
"""

from toyono_trust.pki.tsp.query import Query, read_query, request
from toyono_trust.pki.tsp.respond import Authority, respond
from toyono_trust.pki.tsp.response import check_response, read_response
from toyono_trust.pki.tsp.token import Token, read, verify_signature

__all__ = [
    "Authority",
    "Query",
    "Token",
    "check_response",
    "read",
    "read_query",
    "read_response",
    "request",
    "respond",
    "verify_signature",
]
