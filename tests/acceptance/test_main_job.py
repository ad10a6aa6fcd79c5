"""The main job on real parts: Terraform, its AWS provider, SSH, SQS, and workers that take jobs.

The tests share one sandbox and run in the order in which they stand; each ships a release of its
own.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from statistics import median

import boto3
import yaml

from .watching import watching
from .world import Line, SandboxWorld, console, wait_until

REGIONS = {"us-east-1": 1, "us-west-1": 3, "eu-west-1": 2}

# What an AWS call may be named that changes nothing; for S3 the method stands for the name.
READS = re.compile(r"(Describe|Get|List|Head)[A-Z]|(GET|HEAD) /")

EXITS_AT_ONCE = """
import sys
print("cannot read config: no such key API_URL", flush=True)
sys.exit(3)
"""

# Beats as a good worker does, takes jobs, and finishes none.
NEVER_FINISHES = """
import os, threading, time
import boto3
env = os.environ
dimensions = [{"Name": "Fleet", "Value": env["FLEET"]},
              {"Name": "InstanceId", "Value": env["INSTANCE_ID"]},
              {"Name": "Release", "Value": env["RELEASE"]}]
metrics = boto3.client("cloudwatch", region_name=env["AWS_REGION"])
def beat():
    while True:
        metrics.put_metric_data(Namespace=env["HEARTBEAT_NAMESPACE"], MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "StorageResolution": 1}
            for name, value in (("heartbeat", 1), ("runs", 0), ("failures", 0))])
        time.sleep(float(env["HEARTBEAT_INTERVAL"]))
threading.Thread(target=beat, daemon=True).start()
queue = boto3.client("sqs", region_name=env["AWS_REGION"])
while True:
    queue.receive_message(QueueUrl=env["WORK_QUEUE"], WaitTimeSeconds=5, VisibilityTimeout=5)
"""


def objects(status: Line, region: str) -> list[Line]:
    found: list[Line] = status["regions"][region]["objects"]
    return found


def is_healthy(world: SandboxWorld, region: str, instance: str) -> bool:
    (found,) = [o for o in objects(world.status(), region) if o["id"] == instance]
    return bool(found["health"] == "healthy")


def objects_by_id(status: Line, region: str) -> dict[str, str]:
    return {o["id"]: o["tag"] for o in objects(status, region)}


def assert_runs_everywhere(status: Line, release: str) -> None:
    for region, count in REGIONS.items():
        assert status["regions"][region]["healthy"] == count
        assert [o["heartbeat"] for o in objects(status, region)] == [release] * count
        assert [o["tag"] for o in objects(status, region)] == [release] * count


def assert_no_job_lost(world: SandboxWorld) -> None:
    books = world.books()
    assert books["sent"] > 0
    assert books["lost"] == 0
    assert books["min_healthy"] == REGIONS


def assert_reported(reports: Path) -> None:
    """A report was left for CI, and tells of workers of both releases at once: during an apply."""
    (page,), (text,) = reports.glob("*.html"), reports.glob("*.md")
    assert "✓ completed" in page.read_text("utf-8")
    assert "3 regions run 0.9.1" in text.read_text("utf-8")
    new, old = re.findall(
        r"us-west-1: healthy workers.*\n0\.9\.1 (.*)\n0\.9\.0 (.*)", text.read_text()
    )[0]
    assert any(n not in "_ " and o not in "_ " for n, o in zip(new, old, strict=False))


def test_a_release_goes_through_the_fleet_and_no_job_is_lost(
    world: SandboxWorld, tmp_path: Path
) -> None:
    before = world.books()
    settings = yaml.safe_load(world.config.read_text("utf-8"))
    # Long enough side by side for the report's samples, however fast the machine is.
    settings["readiness"]["completions"] = 10
    settings["rollout"]["sample_every"] = "1s"
    config = world.directory / "sampled.yaml"
    config.write_text(yaml.safe_dump(settings), "utf-8")

    ran = world.roll_out("0.9.1", "--report", str(tmp_path / "reports"), config=config)

    assert ran.exit_code == 0, ran.stderr
    assert (ran.last["type"], ran.last["outcome"]) == ("rollout.finished", "completed")
    plans = ran.of_type("plan.ready")
    assert sum(plan["creates"] for plan in plans) == 6
    assert sum(plan["destroys"] for plan in plans) == 6
    assert plans[0]["region"] == "us-east-1"
    assert_reported(tmp_path / "reports")
    assert_runs_everywhere(world.settled(), "0.9.1")
    assert world.books()["sent"] > before["sent"]
    assert_no_job_lost(world)


def test_the_same_release_again_has_nothing_to_do(world: SandboxWorld) -> None:
    ran = world.roll_out("0.9.1")

    assert ran.exit_code == 0, ran.stderr
    assert "nothing to do" in ran.last["reason"]
    assert not [line for line in ran.lines if line.get("step") in {"taint", "plan", "apply"}]


def test_an_interrupt_finishes_the_current_region_and_starts_no_other(world: SandboxWorld) -> None:
    before = world.status()
    with world.rolling_out("0.9.2") as running:
        running.wait_for(lambda line: line["type"] == "apply.progress")
        running.interrupt()
        ran = running.ended()

    assert (ran.exit_code, ran.last["outcome"]) == (130, "partial")
    status = world.status()
    assert [o["heartbeat"] for o in objects(status, "us-east-1")] == ["0.9.2"]
    for region in ("us-west-1", "eu-west-1"):
        assert objects_by_id(status, region) == objects_by_id(before, region)
    assert "--release 0.9.2" in ran.last["next"]


def test_a_second_console_is_told_who_holds_the_fleet(world: SandboxWorld) -> None:
    with world.rolling_out("0.9.3", "--regions", "eu-west-1") as running:
        running.wait_for(lambda line: line["type"] == "rollout.started")
        second = world.roll_out("0.9.4")
        first = running.ended()

    assert (second.exit_code, second.last["exit_code"]) == (4, 4)
    assert "rolling out 0.9.3" in second.stderr
    assert "Ctrl-C" in second.stderr
    assert first.exit_code == 0


def test_a_watch_shows_a_rollout_as_it_goes_and_changes_nothing(world: SandboxWorld) -> None:
    with world.rolling_out("0.9.4", "--regions", "us-east-1") as running:
        running.wait_for(lambda line: line["type"] == "rollout.started")
        with watching(world) as watch:
            watch.sees("→ 0.9.4")
            watch.on.press("5")
            watch.sees("preflight ok")
            holder = world.status()["lease"]
            lags = watch.lags(until=lambda: running.process.poll() is not None)
            watch.sees("completed: ")
            watch.on.press("aypxu\x13?")
            watch.sees("Keys, reasons and signs")
        ran = running.ended()

    assert ran.exit_code == 0, ran.stderr
    assert holder["pid"] == running.process.pid
    assert len(lags) > 5
    # Every one was seen; half of them at the latest a second after they could be read. No other
    # test bounds that time.
    assert median(lag.total_seconds() for lag in lags.values()) <= 1
    calls = watch.calls()
    assert {"DescribeInstances", "GetMetricData", "GetQueueAttributes"} <= {
        call["action"] for call in calls
    }
    assert [call for call in calls if not READS.match(call["action"])] == []
    assert watch.record.started() == [sys.executable]  # itself, and nothing after it
    assert not [path for path in watch.record.reached() if "docker" in path]


def test_a_console_that_was_killed_is_closed_by_hand(world: SandboxWorld) -> None:
    with world.rolling_out("0.9.5", "--regions", "us-east-1") as running:
        running.wait_for(lambda line: line["type"] == "apply.progress")
        running.process.kill()
        running.process.wait()

    # Terraform runs in a session of its own and goes on; its lock says when it has ended.
    too_early = console("abort", "--yes", "--config", str(world.config))
    assert (too_early.exit_code, "is locked by" in too_early.stderr) == (4, True)

    refused = world.roll_out("0.9.6")
    assert refused.exit_code == 3
    assert "0.9.5 was left open" in refused.stderr
    assert "abort --yes" in refused.stderr

    wait_until(lambda: world.status()["regions"]["us-east-1"]["lock"] is None, 120)
    aborted = console("abort", "--yes", "--config", str(world.config))
    assert aborted.exit_code == 7, aborted.stderr
    assert world.status()["lease"] is None
    assert [o["heartbeat"] for o in objects(world.status(), "us-east-1")] == ["0.9.5"]


def test_a_launcher_that_exits_at_once_halts_the_canary_and_costs_nothing(
    world: SandboxWorld,
) -> None:
    config = world.context("exits", EXITS_AT_ONCE)
    before = world.status()
    (old,) = objects(before, "us-east-1")

    ran = world.roll_out("1.0.0", config=config)

    assert (ran.exit_code, ran.last["outcome"]) == (5, "partial")
    assert ran.of_type("rollout.halted")[0]["region"] == "us-east-1"
    last_paragraph = ran.stderr[ran.stderr.rindex("halted: ") :]
    assert "cannot read config: no such key API_URL" in last_paragraph
    assert "release-console recover retry" in last_paragraph
    after = world.status()
    for region in ("us-west-1", "eu-west-1"):
        assert objects_by_id(after, region) == objects_by_id(before, region)
        assert not any(o["tainted"] for o in objects(after, region))
    assert [o["kind"] for o in objects(after, "us-east-1") if o["id"] == old["id"]] == ["deposed"]
    wait_until(lambda: is_healthy(world, "us-east-1", old["id"]), 60)
    assert_no_job_lost(world)


def test_leftovers_are_refused_and_a_retry_leads_over_them(world: SandboxWorld) -> None:
    refused = world.roll_out("1.0.1", "--regions", "us-east-1")
    assert refused.exit_code == 3
    assert "is a deposed object" in refused.stderr
    assert "recover retry" in refused.last["next"]

    retry = ("recover", "retry", "--yes", "--json", "--release", "1.0.1", "--regions", "us-east-1")
    ran = console(*retry, "--config", str(world.config))

    assert ran.exit_code == 0, ran.stderr
    (worker,) = objects(world.status(), "us-east-1")
    assert (worker["kind"], worker["heartbeat"], worker["tainted"]) == ("current", "1.0.1", False)
    assert_no_job_lost(world)


# Tells whether the region's alarm may wake anybody while the region is verified, and says no.
SAYS_NO = """
import os, sys
import boto3
cloudwatch = boto3.client("cloudwatch", region_name=os.environ["REGION"])
(alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
print(os.environ["RELEASE"], "is broken; actions:", alarm["ActionsEnabled"])
sys.exit(int(sys.argv[1]))
"""


def test_a_command_that_says_no_halts_the_canary_and_its_muted_alarm_acts_again(
    world: SandboxWorld,
) -> None:
    settings = yaml.safe_load(world.config.read_text("utf-8"))
    alarm = "{fleet}-nothing-happens-{{region}}".format(**settings)
    (world.directory / "says_no.py").write_text(SAYS_NO, "utf-8")
    asks = {"name": "smoke", "run": [sys.executable, "says_no.py", "1"], "interval": "1s"}
    settings["rollout"]["mute_alarms"] = [alarm]
    settings["gates"].update(alarms=[{"name": alarm, "dry_run": True}], commands=[asks])
    config = world.directory / "asking.yaml"
    config.write_text(yaml.safe_dump(settings), "utf-8")

    ran = world.roll_out("1.0.2", config=config)

    assert (ran.exit_code, ran.last["outcome"]) == (5, "partial")
    last_paragraph = ran.stderr[ran.stderr.rindex("halted: ") :]
    assert "command smoke is exit 1" in last_paragraph
    assert "1.0.2 is broken; actions: False" in last_paragraph
    steps = [line["step"] for line in ran.of_type("step.finished")]
    assert steps.index("mute") < steps.index("apply") < steps.index("unmute")
    cloudwatch = boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        endpoint_url=settings["aws"]["environment"]["AWS_ENDPOINT_URL"],
        aws_access_key_id="AKIASANDBOXOPERATOR0",
        aws_secret_access_key="sandbox-secret-not-a-secret",
    )
    assert [a["ActionsEnabled"] for a in cloudwatch.describe_alarms()["MetricAlarms"]] == [True]
    assert_no_job_lost(world)


def test_a_launcher_that_never_finishes_a_job_costs_no_working_one(world: SandboxWorld) -> None:
    config = world.context("idles", NEVER_FINISHES)
    (old,) = objects(world.status(), "us-east-1")
    done_before = world.books()["done"]

    ran = world.roll_out("1.1.0", config=config)

    assert (ran.exit_code, ran.last["outcome"]) == (5, "partial")
    wait_until(lambda: is_healthy(world, "us-east-1", old["id"]), 60)
    assert world.books()["done"] > done_before
    assert_no_job_lost(world)
