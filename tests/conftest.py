"""Settings for all tests: no test is timed, whatever else the machine is doing."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
