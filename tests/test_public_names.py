"""The public surface is counted: a name comes with the issue that makes it, and goes with a major version."""

from __future__ import annotations

import inspect

import pytest

import toyono_trust

VERBS = ("sign", "seal", "timestamp", "receipt", "augment", "verify")
HELD = ("Signer", "TrustStore", "Policy", "Http", "EvidenceLog")
OUTCOMES = ("Report", "Verified", "NotVerified", "TrustError")
NAMES = VERBS + HELD + OUTCOMES


def test_all_lists_exactly_the_public_names() -> None:
    assert sorted(toyono_trust.__all__) == sorted(NAMES)


def test_dir_shows_the_public_names_and_nothing_else_of_ours() -> None:
    shown = {name: getattr(toyono_trust, name) for name in dir(toyono_trust) if not name.startswith("_")}
    ours = {name for name, thing in shown.items() if getattr(thing, "__module__", "").startswith("toyono_trust")}
    assert ours == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_public_names_exist_and_are_documented(name: str) -> None:
    thing = getattr(toyono_trust, name)
    assert callable(thing)
    assert thing.__name__ == name
    assert (thing.__doc__ or "").strip(), f"{name} has no docstring"


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        toyono_trust.validate  # type: ignore[attr-defined] # noqa: B018


def test_errors_are_what_callers_catch() -> None:
    assert issubclass(toyono_trust.NotVerified, toyono_trust.TrustError)


@pytest.mark.parametrize("name", VERBS)
def test_blocking_and_awaitable_verbs_have_the_same_signature(name: str) -> None:
    from toyono_trust import aio, api

    blocking, awaitable = getattr(api, name), getattr(aio, name)
    assert inspect.iscoroutinefunction(awaitable)
    assert not inspect.iscoroutinefunction(blocking)
    assert str(inspect.signature(awaitable)) == str(inspect.signature(blocking))
