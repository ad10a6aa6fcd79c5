"""Scenarios without a rollout: the list, what they need, and what is wrong with each release."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.cli import run
from console.sandbox.credentials import OPERATOR_KEY, access_key_of
from console.sandbox.faults import Trouble, put_trouble, read_troubles
from console.sandbox.layout import Layout
from console.sandbox.scenarios.fitness import Status, is_shown, lasting, obstacles
from console.sandbox.scenarios.outages import EXPIRED, instances_started
from console.sandbox.scenarios.registry import SCENARIOS, calm, set_stage
from console.sandbox.scenarios.scenario import ScenarioError, Stage, settings_file, wait_until
from console.sandbox.scenarios.settings import (
    LAUNCHERS,
    copy_root,
    make_context,
    write_settings,
)
from console.settings import load
from tests.sandbox.conftest import Operator, eventually

ROOT = Path(__file__).parents[2] / "terraform" / "region"

PROMISED = {
    *("bad-image", "crash-loop", "never-works", "slow-boot", "poison-jobs", "no-capacity"),
    *("throttled", "expired-credentials", "lost-region", "operator-killed", "stale-lock"),
    *("untainted-by-hand", "terminated-by-hand", "second-operator"),
}


class NoTerraform:
    """For scenarios that leave states alone."""

    def untaint(self, region: str, slots: range) -> None:
        pytest.fail("no state is to be touched")

    def leave_lock(self, region: str) -> str:
        pytest.fail("no state is to be touched")


@pytest.fixture
def stage(operator: Operator) -> Stage:
    return set_stage(operator.world, "eu-west-1", print, NoTerraform())


@pytest.fixture
def own_stage(stage: Stage, tmp_path: Path) -> Stage:
    """A stage whose files are the test's own."""
    world = replace(stage.world, directory=tmp_path)
    config = stage.layout.config.read_text(encoding="utf-8")
    Layout(tmp_path).config.write_text(config, encoding="utf-8")
    return replace(stage, world=world)


def at_rest() -> Status:
    objects = [{"slot": 0, "id": "i-0a", "kind": "current", "tainted": False, "health": "healthy"}]
    region = {"error": None, "lock": None, "objects": objects, "healthy": 1, "desired": 1}
    return {"lease": None, "rollout": None, "regions": {"r": region, "other": {}}}


def test_every_promised_scenario_is_there_and_says_where_it_leads(stage: Stage) -> None:
    assert set(SCENARIOS) == PROMISED
    for name, scenario in SCENARIOS.items():
        now, look_for, next_step = scenario.ending(stage, "all is lost")
        assert (scenario.name, "\n" in scenario.summary) == (name, False)
        assert now == "now:      all is lost"
        assert len(look_for) > 40
        assert next_step.startswith("type:     release-console ")
        assert "{" not in look_for + next_step


def test_a_fleet_at_rest_has_no_obstacles() -> None:
    assert obstacles(at_rest(), ["r"]) == ()


@pytest.mark.parametrize(
    ("where", "what", "told"),
    [
        ((), {"lease": {"who": "ann@ops", "message": "rolling out 1"}}, "ann@ops holds the fleet"),
        ((), {"rollout": {"phase": "halted", "release": "1.0"}}, "rollout of 1.0 was left open"),
        (("regions", "r"), {"error": "EC2 in r: no answer"}, "r: EC2 in r: no answer"),
        (("regions", "r"), {"lock": {"holder": "ann@ops"}}, "ann@ops holds the state lock"),
        (("regions", "r"), {"healthy": 0}, "only 0 of 1 workers are healthy"),
        (("regions", "r", "objects", 0), {"kind": "deposed"}, "i-0a is deposed"),
        (("regions", "r", "objects", 0), {"kind": "orphan"}, "i-0a is orphan"),
        (("regions", "r", "objects", 0), {"kind": "ghost"}, "i-0a is ghost"),
        (("regions", "r", "objects", 0), {"tainted": True}, "slot 0 is tainted"),
    ],
)
def test_what_another_trouble_left_behind_is_named(
    where: tuple[Any, ...], what: Status, told: str
) -> None:
    status = at_rest()
    place: Any = status
    for step in where:
        place = place[step]
    place.update(what)

    (found,) = obstacles(status, ["r"])

    assert told in found
    passes = {"error", "healthy"} & set(what)  # a look that failed, a worker that has just started
    assert lasting(status, ["r"]) == (() if passes else (found,))


def test_a_finished_rollout_is_no_obstacle() -> None:
    status = {**at_rest(), "rollout": {"phase": "finished", "release": "1.0"}}
    assert obstacles(status, ["r"]) == ()


def slot_of(new: str, old: str) -> list[dict[str, Any]]:
    return [
        {"slot": 0, "id": "i-new", "kind": "current", "tainted": True, "health": new},
        {"slot": 0, "id": "i-old", "kind": "deposed", "tainted": False, "health": old},
    ]


@pytest.mark.parametrize(
    ("objects", "is_it"),
    [
        (slot_of("crashing", "healthy"), True),
        (slot_of("healthy", "healthy"), False),
        (slot_of("crashing", "silent"), False),
        (slot_of("crashing", "healthy")[:1], False),
        (slot_of("crashing", "healthy")[1:], False),
        ([], False),
    ],
    ids=["both as they should be", "crashed once", "old one silent", "no old", "no new", "unread"],
)
def test_a_trouble_is_there_once_the_status_shows_it(
    objects: list[dict[str, Any]], is_it: bool
) -> None:
    assert is_shown({"objects": objects}, 1, {"crashing"}) is is_it
    assert not is_shown({"objects": objects}, 2, {"crashing"})


def test_an_unknown_region_is_refused_with_those_that_there_are(operator: Operator) -> None:
    with pytest.raises(ScenarioError, match=r"no region mars-1.*us-east-1, eu-west-1"):
        set_stage(operator.world, "mars-1", print, NoTerraform())
    assert set_stage(operator.world, None, print, NoTerraform()).region == "eu-west-1"


def test_what_does_not_come_is_named() -> None:
    with pytest.raises(ScenarioError, match="the end of the world was waited for"):
        wait_until(lambda: None, 0, "the end of the world")


def test_a_scenario_has_settings_of_its_own_that_the_console_takes(own_stage: Stage) -> None:
    assert settings_file(own_stage.layout, "slow-boot") == own_stage.layout.config
    context = make_context(own_stage.layout.context("slow-boot"), "slow_boot")

    path = write_settings(own_stage, "slow-boot", context=context, bake="9m", root=ROOT)
    usual = load(write_settings(own_stage, "usual", root=ROOT))

    settings = load(path)
    assert settings.image.context == context
    assert settings.readiness.within.total_seconds() == 20
    assert settings.rollout.bake.total_seconds() == 540
    assert (settings.store, settings.fleet) == (usual.store, usual.fleet)
    assert settings_file(own_stage.layout, "slow-boot") == path


def test_a_root_of_its_own_finds_its_modules(own_stage: Stage) -> None:
    spec = replace(own_stage.world.spec, terraform_root=ROOT)
    stage = replace(own_stage, world=replace(own_stage.world, spec=spec))

    copy = copy_root(stage, "full", max_retries=2)

    assert copy.is_relative_to(stage.world.directory)
    assert (copy / "main.tf").read_bytes() == (ROOT / "main.tf").read_bytes()
    providers = (copy / "versions.tf").read_text(encoding="utf-8")
    assert "max_retries = 2\n" in providers
    assert (copy / ".." / "modules" / "worker-fleet" / "main.tf").is_file()
    assert copy_root(stage, "full", max_retries=2) == copy


def test_started_instances_are_counted_by_region_caller_and_success(own_stage: Stage) -> None:
    call = {
        "action": "RunInstances",
        "status": 200,
        "region": own_stage.region,
        "access_key": OPERATOR_KEY,
    }
    others = ({"status": 500}, {"region": "mars-1"}, {"access_key": "x"}, {"action": "Other"})
    lines = [json.dumps(call | other) + "\n" for other in ({}, {}, *others)]
    own_stage.layout.access_log.write_text("".join(lines), encoding="utf-8")

    assert instances_started(own_stage, since=0) == 2
    assert instances_started(own_stage, since=len(lines[0])) == 1


def test_calm_takes_everything_back(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    put_trouble(layout.faults, "expired-credentials", Trouble(EXPIRED))
    put_trouble(layout.faults, "poison-jobs", Trouble(poison_share=0.2))

    assert "no longer: expired-credentials, poison-jobs" in calm(layout)

    assert not read_troubles(layout.faults).by_name
    assert "nothing was wrong" in calm(layout)


def test_the_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "scenario"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told] == [*SCENARIOS, "calm"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nonsense"], 2, "there is no scenario 'nonsense'"),
        (["bad-image"], 3, "no sandbox runs in"),
        (["--end"], 3, "no sandbox runs in"),
    ],
)
def test_what_cannot_be_played_is_refused(
    arguments: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["sandbox", "scenario", *arguments, "--dir", str(tmp_path)]) == code
    assert told in capsys.readouterr().err


def boot(operator: Operator, context: Path, prefix: str) -> tuple[str, dict[str, str]]:
    """Start an instance of a context on queues of its own, with one job that waits."""
    region = "us-east-1"
    queues = operator.make_queues(region, prefix=prefix)
    digest = operator.build(context, label=prefix)
    instance = operator.run_instance(region, operator.user_data(region, queues, digest))
    body = json.dumps({"id": f"{prefix}1", "seconds": 0})
    operator.sqs(region).send_message(QueueUrl=queues["work"], MessageBody=body)
    return instance, queues


def count(operator: Operator, url: str) -> int:
    """How many messages a queue has, in flight or not."""
    told = attributes(operator, url)
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(told[name]) for name in names)


def in_flight(operator: Operator, url: str) -> int:
    """How many messages of a queue somebody has received and not deleted."""
    return int(attributes(operator, url)["ApproximateNumberOfMessagesNotVisible"])


def attributes(operator: Operator, url: str) -> dict[Any, str]:
    return operator.sqs("us-east-1").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]


def beats(operator: Operator, instance: str) -> int:
    """How often an instance has published metrics."""
    lines = operator.layout.access_log.read_text(encoding="utf-8").splitlines()
    key = access_key_of(instance)
    return sum(key in line and '"PutMetricData"' in line for line in lines)


def test_the_bad_image_exits_at_once(operator: Operator, tmp_path: Path) -> None:
    instance, queues = boot(operator, make_context(tmp_path / "c", "bad_image"), "bad-")

    eventually(
        lambda: "worker ended: exit code 3" in operator.console(instance), "the worker's end"
    )

    assert "no such key API_URL" in operator.console(instance)
    assert (beats(operator, instance), count(operator, queues["work"])) == (0, 1)
    operator.terminate("us-east-1", instance)


def test_the_crash_loop_beats_crashes_and_starts_again(operator: Operator, tmp_path: Path) -> None:
    instance, queues = boot(operator, make_context(tmp_path / "c", "crash_loop"), "crash-")

    eventually(lambda: "restart 1" in operator.console(instance), "its first crash")
    eventually(lambda: beats(operator, instance) > 1, "a beat after that")

    assert "KeyError: 'url'" in operator.console(instance)
    assert "worker ended:" not in operator.console(instance)
    assert (count(operator, queues["results"]), count(operator, queues["work"])) == (0, 1)
    operator.terminate("us-east-1", instance)


def test_what_never_works_beats_and_finishes_nothing(operator: Operator, tmp_path: Path) -> None:
    instance, queues = boot(operator, make_context(tmp_path / "c", "never_works"), "never-")

    eventually(lambda: in_flight(operator, queues["work"]) == 1, "a job in hand")
    eventually(lambda: beats(operator, instance) > 2, "its beats")

    # Between two looks it may go from one queue to the other.
    eventually(
        lambda: count(operator, queues["work"]) + count(operator, queues["dead"]) == 1,
        "the job, in one of the queues",
    )
    assert count(operator, queues["results"]) == 0
    operator.terminate("us-east-1", instance)


def test_the_slow_boot_works_once_it_is_there(operator: Operator, tmp_path: Path) -> None:
    context = make_context(tmp_path / "c", "slow_boot")
    launcher = context / "launcher.py"
    text = launcher.read_text(encoding="utf-8")
    quick, made = re.subn(r"\nLOADING_SECONDS = \d+\n", "\nLOADING_SECONDS = 2\n", text)
    assert made == 1
    launcher.write_text(quick, encoding="utf-8")

    instance, queues = boot(operator, context, "slow-")

    eventually(lambda: count(operator, queues["results"]) == 1, "its first result")
    eventually(lambda: beats(operator, instance) > 0, "its first beat")
    told = operator.console(instance)
    assert told.index("loading the model") < told.index("consumers take jobs")
    operator.terminate("us-east-1", instance)


def test_every_launcher_has_a_scenario_that_ships_it() -> None:
    modules = [*LAUNCHERS.parent.glob("*.py")]
    told = "".join(path.read_text(encoding="utf-8") for path in modules)
    for launcher in LAUNCHERS.glob("[a-z]*.py"):
        assert f'"{launcher.stem}"' in told
