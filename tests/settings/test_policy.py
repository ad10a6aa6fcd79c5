"""The rules of a rollout follow from the settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.domain.draining import DrainRules
from console.domain.policy import Pace, Policy, Unit
from console.errors import UsageError
from console.settings import MachineSize, to_policy
from console.settings.machine_size import this_machine
from tests.settings.valid import VALID


def units_of(policy: Policy) -> list[tuple[str, int, tuple[str, ...]]]:
    """Return the units as plain values."""
    return [(unit.name, unit.wave, tuple(unit.regions)) for unit in policy.units]


def test_each_region_is_a_unit(load_text: Any) -> None:
    policy = to_policy(load_text(VALID))
    assert units_of(policy) == [
        ("us-east-1", 1, ("us-east-1",)),
        ("us-west-1", 2, ("us-west-1",)),
        ("eu-west-1", 2, ("eu-west-1",)),
    ]
    assert [(r.name, r.count, r.wave) for r in policy.regions] == [
        ("us-east-1", 1, 1),
        ("us-west-1", 3, 2),
        ("eu-west-1", 2, 2),
    ]
    assert policy.max_parallel == 2
    assert policy.bake == timedelta(minutes=5)
    assert policy.gates.backlog_per_worker == 100


def test_a_workers_grace_is_the_settings_or_that_of_the_terraform_root(load_text: Any) -> None:
    drained = VALID + "drain: {grace: 90s, longest_job: 60s}\n"
    written = VALID.replace("t3.medium}", "t3.medium, stop_grace_seconds: 45}")

    assert to_policy(load_text(VALID)).drain == DrainRules()
    assert to_policy(load_text(drained)).drain == DrainRules(
        grace=timedelta(seconds=90), longest_job=timedelta(seconds=60)
    )
    assert to_policy(load_text(written)).drain == DrainRules(grace=timedelta(seconds=45))


def test_in_a_single_root_each_wave_is_a_unit(load_text: Any) -> None:
    text = VALID.replace("per-region", "single-root").replace("backend:", "#")
    settings = load_text(text.replace("module.workers.", "module.workers-{region}."))
    assert units_of(to_policy(settings)) == [
        ("wave-1", 1, ("us-east-1",)),
        ("wave-2", 2, ("us-west-1", "eu-west-1")),
    ]
    assert units_of(to_policy(settings, regions=["eu-west-1"])) == [("wave-1", 1, ("eu-west-1",))]


def test_some_regions_keep_the_order_of_the_waves_and_empty_waves_vanish(load_text: Any) -> None:
    policy = to_policy(load_text(VALID), regions=["eu-west-1", "us-west-1", "eu-west-1"])
    assert policy.is_partial
    assert not to_policy(load_text(VALID)).is_partial
    assert policy.units == (
        Unit(policy.units[0].name, 1, (policy.regions[0].name,)),
        Unit(policy.units[1].name, 1, (policy.regions[1].name,)),
    )
    assert [region.name for region in policy.regions] == ["us-west-1", "eu-west-1"]
    assert policy.waves == 1


def test_an_unknown_region_is_refused_with_the_nearest(load_text: Any) -> None:
    with pytest.raises(UsageError, match="did you mean eu-west-1") as caught:
        to_policy(load_text(VALID), regions=["eu-wset-1", "mars"])
    assert '"mars" is no region of this fleet' in caught.value.message
    assert caught.value.hint == "its regions are us-east-1, us-west-1, eu-west-1"
    with pytest.raises(UsageError, match="no region is named"):
        to_policy(load_text(VALID), regions=[])


@pytest.mark.parametrize(
    ("machine", "regions"),
    [
        (MachineSize(cores=8, memory_gib=32), 32),
        (MachineSize(cores=8, memory_gib=2), 2),
        (MachineSize(cores=1, memory_gib=0.2), 1),
        (MachineSize(cores=4, memory_gib=float("inf")), 16),
    ],
)
def test_parallelism_follows_the_machine(
    load_changed: Any, machine: MachineSize, regions: int
) -> None:
    settings = load_changed("max_parallel: 2", "max_parallel: auto")
    assert settings.rollout.max_parallel is None
    assert to_policy(settings, machine=machine).max_parallel == regions


def test_a_number_of_regions_wins_over_the_machine(load_text: Any) -> None:
    assert to_policy(load_text(VALID), machine=MachineSize(64, 64)).max_parallel == 2


def test_this_machine_takes_at_least_one_region() -> None:
    assert this_machine().regions_at_once >= 1


@pytest.mark.parametrize(
    ("heartbeat", "sample_every"),
    [("2s", "2s"), ("1s", "1s"), ("20s", "10s")],
)
def test_the_fleet_is_looked_at_with_every_heartbeat(
    load_changed: Any, heartbeat: str, sample_every: str
) -> None:
    settings = load_changed("interval: 10s", f"interval: {heartbeat}")
    assert to_policy(settings).sample_every == timedelta(seconds=int(sample_every[:-1]))


def test_sampling_can_be_set(load_changed: Any) -> None:
    settings = load_changed("bake: 5m", "sample_every: 500ms")
    assert to_policy(settings).sample_every == timedelta(milliseconds=500)


def test_a_gate_that_is_off_sets_no_deadline(load_changed: Any) -> None:
    settings = load_changed("gates:", "gates:\n  completions: null\n  heartbeat: {within: 30s}")
    rules = to_policy(settings).gates
    assert rules.completions_min is None
    assert rules.deadline == timedelta(seconds=30)


def test_every_gate_takes_a_pace_of_its_own(load_changed: Any) -> None:
    gates = """
  heartbeat: {within: 30s, consecutive: 3}
  completions: {within: 1m, interval: 10s}
  backlog: {oldest: 2m, initial_delay: 20s, deadline: 9m}
  dead_letters: {dry_run: true}
  failures: {max_ratio: 0.02, failures_allowed: 2, errors_allowed: 3}
"""
    given = "\n  backlog: {per_worker: 100, oldest: 2m}\n  failures: {max_ratio: 0.02}\n"
    settings = load_changed(given, gates)
    rules = to_policy(settings).gates

    second = timedelta(seconds=1)
    assert rules.pace("heartbeat") == Pace(consecutive=3, deadline=30 * second)
    assert rules.pace("completions") == Pace(interval=10 * second, deadline=60 * second)
    slow = Pace(initial_delay=20 * second, deadline=540 * second)
    assert rules.pace("backlog") == rules.pace("oldest") == slow
    assert rules.pace("dead_letters") == Pace(dry_run=True)
    assert rules.pace("failures") == Pace(failures_allowed=2, errors_allowed=3)
    assert rules.pace("instances") == Pace()
    assert rules.deadline == 540 * second


def test_the_last_watch_is_none_unless_it_is_wanted(load_text: Any, load_changed: Any) -> None:
    assert to_policy(load_text(VALID)).watch_after == timedelta(0)
    watched = load_changed("bake: 5m", "bake: 5m\n  watch_after: 10m")
    assert to_policy(watched).watch_after == timedelta(minutes=10)


def test_without_a_heartbeat_an_apply_proves_nothing(load_changed: Any) -> None:
    settings = load_changed("completions: 1", "completions: 0, heartbeat: false")
    assert to_policy(settings).proves_replacements is False
