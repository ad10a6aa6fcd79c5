"""What is shortened on the screen, and what is left as it is."""

from __future__ import annotations

import pytest

from console.domain.abridged import abridged
from console.tui.widgets.wrapped import wrapped

_DIGEST = "c0b10fcfbbf1" + "d" * 52


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("module.workers.aws_instance.worker[0]: Creating...", "slot 0: Creating..."),
        (
            "aws_instance.worker[11] (deposed object 11596e3c): Destroying... [id=i-0b1]",
            "slot 11 (deposed 11596e3c): Destroying... i-0b1",
        ),
        ("module.us_west_1.aws_instance.worker[2]: Creating...", "us_west_1 slot 2: Creating..."),
        ("module.edge.aws_instance.bastion[0]: Creating...", "bastion[0]: Creating..."),
        ("aws_security_group.worker[0]: Creating... [id=sg-1]", None),
        ("worker[1021]: starting", None),
        (f"Push 0.9.2 (sha256:{_DIGEST})?", "Push 0.9.2 (c0b10fcfbbf1)?"),
        (f"sha256:{_DIGEST}d", None),
        ("halted at eu-west-1: apply of eu-west-1: no", "halted at eu-west-1: apply: no"),
        ("eu-west-1: apply of us-east-1: no", None),
    ],
)
def test_an_address_a_digest_and_a_place_named_twice_are_shortened(
    said: str, told: str | None
) -> None:
    assert abridged(said) == (said if told is None else told)


@pytest.mark.parametrize(
    ("text", "room", "parts"),
    [
        ("short", 20, ["short"]),
        ("not known how wide it is", 0, ["not known how wide it is"]),
        ("it is broken between words", 16, ["it is broken", "  between words"]),
        ("x" * 25, 20, ["x" * 20, "  " + "x" * 5]),
        ("机" * 12, 20, ["机" * 10, "  " + "机" * 2]),
    ],
)
def test_a_long_line_goes_on_below_itself(text: str, room: int, parts: list[str]) -> None:
    assert list(wrapped(text, room)) == parts
