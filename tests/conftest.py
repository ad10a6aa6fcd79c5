"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A machine that is shared is slow at times; a slow example is no wrong one.
settings.register_profile("release-console", deadline=None, print_blob=True)
settings.load_profile("release-console")
