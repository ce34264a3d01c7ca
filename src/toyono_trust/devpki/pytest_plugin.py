"""A pytest plug-in, found by its entry point: the fixture ``toyono_town``. Nothing is loaded until it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from toyono_trust.devpki import Town


@pytest.fixture(scope="session")
def toyono_town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A throw-away town, written to ``toyono_town.folder``; one per session, so revoke only identities of your own."""
    from toyono_trust.devpki import Town

    town = Town.create()
    town.write(tmp_path_factory.mktemp("toyono") / "town")
    return town
