"""Properties are tried on fewer examples than is usual, and never against the clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("core", max_examples=40, deadline=None)
settings.load_profile("core")
