"""What a worker is given before its instance goes: the settings, and what does not fit together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.domain.draining import DrainRules, misfits

S = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("rules", "visibility", "told"),
    [
        (DrainRules(), 30 * S, ()),
        (DrainRules(grace=90 * S, longest_job=60 * S), 120 * S, ()),
        (DrainRules(grace=90 * S, longest_job=60 * S), None, ()),
        (DrainRules(grace=20 * S, longest_job=60 * S), 120 * S, ("write drain.grace: 60s",)),
        (DrainRules(grace=90 * S), 60 * S, ("shows a job again after 60s",)),
        (
            DrainRules(longest_job=60 * S),
            30 * S,
            ("a job takes up to 60s: it could be done twice",),
        ),
        (DrainRules(grace=300 * S), 600 * S, ("EC2 gives an instance that is terminated",)),
        (DrainRules(grace=20 * S, within=300 * S, longest_job=240 * S), 600 * S, ()),
        (
            DrainRules(grace=90 * S, within=120 * S, longest_job=240 * S),
            600 * S,
            ("write drain.within: 240s",),
        ),
        (
            DrainRules(grace=20 * S, longest_job=60 * S),
            10 * S,
            ("it would be cut off", "may work on it for 20s", "a job takes up to 60s"),
        ),
    ],
)
def test_what_does_not_fit_is_told(
    rules: DrainRules, visibility: timedelta | None, told: tuple[str, ...]
) -> None:
    found = list(misfits(rules, visibility))

    assert len(found) == len(told)
    for sentence, phrase in zip(found, told, strict=True):
        assert phrase in sentence
