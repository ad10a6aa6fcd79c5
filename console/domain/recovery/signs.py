"""Which glyph, word and tone does the standing of a move have?"""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.recovery.advice import Standing
from console.domain.sentence import Tone
from console.domain.signs import Sign

STANDINGS: Mapping[Standing, Sign] = {
    Standing.RECOMMENDED: Sign("▶", "recommended", Tone.GOOD),
    Standing.POSSIBLE: Sign("·", "possible", Tone.PLAIN),
    Standing.FORBIDDEN: Sign("✗", "forbidden", Tone.BAD),
    Standing.UNFIT: Sign(" ", "unfit", Tone.QUIET),
}
