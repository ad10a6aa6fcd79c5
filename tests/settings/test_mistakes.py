"""Each mistake is told with its file, line and key, and with a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.settings import Finding, SettingsError
from tests.settings.valid import VALID

# (what is replaced, by what, and what is said after "config/release.yaml:")
MISTAKES = [
    # keys
    ("  batch: 100%", "  bacth: 100%", "20: rollout.bacth: is no key; did you mean batch?"),
    ("store:", "stroe:", "30: stroe: is no key; did you mean store?"),
    ("store:", "batch: 2\nstore:", "30: batch: is no key here; did you mean rollout.batch?"),
    ("store:", "zzz: 2\nstore:", "30: zzz: is no key; here are known: fleet, environment,"),
    ("{count: 3}", "{count: 3, size: 2}", "15: regions.us-west-1.size: is no key; here are known"),
    ("oldest: 2m", "older: 2m", "27: gates.backlog.older: is no key; did you mean oldest?"),
    ("region: us-east-1}", "regoin: us-east-1}", "11: terraform.backend.regoin: is no key; did"),
    ("  bake: 5m", "  batch: 2", "21: rollout.batch: stands here again, first on line 20; keep"),
    ("  eu-west-1:", "  us-west-1:", "16: regions.us-west-1: stands here again, first on line 15"),
    ("  bake: 5m", "  [a, b]: 5m", "21: rollout: has a key that is no text"),
    ("fleet: browser-check-worker\n", "", "1: fleet: is missing; write it, for example `fleet:"),
    ("waves:", "wave:", "18: rollout.wave: is no key; did you mean waves?"),
    ("{count: 1}", "{}", "14: regions.us-east-1.count: is missing; write it, for example `count"),
    ("store:", "drain: {grace: 1500ms}\nstore:", "30: drain.grace: is no whole number of seconds"),
    # types
    ("batch: 100%", "batch: 5x", '20: rollout.batch: "5x" is no share; write a percentage such'),
    ("batch: 100%", "batch: 0%", '20: rollout.batch: "0%" is out of range; a percentage goes'),
    ("batch: 100%", "batch: 0", "20: rollout.batch: 0 is out of range; a count starts at 1"),
    ("batch: 100%", "min_healthy: 101%", '20: rollout.min_healthy: "101%" is out of range'),
    ("bake: 5m", "bake: 5 minutes", '21: rollout.bake: "5 minutes" is no duration; write one'),
    ("bake: 5m", "bake: 300", "21: rollout.bake: 300 is a number without a unit; write one such"),
    ("bake: 5m", "bake: -5m", '21: rollout.bake: "-5m" is no duration'),
    ("bake: 5m", "bake: 9000h", '21: rollout.bake: "9000h" is longer than 30 days'),
    ("bake: 5m", "bake:", "21: rollout.bake: is empty; write a value, or leave the key out"),
    ("interval: 10s", "interval: 0s", '24: heartbeat.interval: "0s" is no time at all'),
    ("{count: 1}", "{count: -1}", "14: regions.us-east-1.count: -1 is too small; write 1 or more"),
    ("{count: 1}", "{count: 1.5}", "14: regions.us-east-1.count: 1.5 is no whole number"),
    ("{count: 1}", "{count: true}", "14: regions.us-east-1.count: true is no whole number"),
    ("{count: 1}", "3", "14: regions.us-east-1: 3 is no mapping; write `key: value` lines"),
    ("ssh: true", "ssh: yes", '25: readiness.ssh: "yes" is neither true nor false'),
    ("max_ratio: 0.02", "max_ratio: 2%", '28: gates.failures.max_ratio: "2%" is no number'),
    (
        "max_ratio: 0.02",
        "max_ratio: 2",
        "28: gates.failures.max_ratio: 2 is too large; write 1 or l",
    ),
    ("max_parallel: 2", "max_parallel: many", '19: rollout.max_parallel: "many" is no number of'),
    ("max_parallel: 2", "max_parallel: 0", "19: rollout.max_parallel: 0 is no number of regions"),
    ("environment: prod", "environment: 1", '2: environment: 1 is no text; put it in quotes: "1"'),
    ("environment: prod", "environment: [a]", "2: environment: a list is no text; write one"),
    ("test: [npm, test]", "test: npm test", '6: image.test: "npm test" is no list; write one'),
    ("fleet: browser-check-worker", "fleet: 'my fleet'", '1: fleet: "my fleet" is no name; begin'),
    ("on_failure: stop", "on_failure: stopp", '22: rollout.on_failure: "stopp" is none of stop'),
    ("layout: per-region", "layout: per_region", "none of per-region, single-root; did you mean "),
    ("checks/launcher", "checks/launcher:1.0", "4: image.repository: "),
    ("checks/launcher", "checks/launcher:1.0", "is a reference with a tag or a digest; name the"),
    ("checks/launcher", "Checks/launcher", "is no repository; write one such as registry."),
    ("work: checks", "work: https://sqs/checks", '23: queues.work: "https://sqs/checks" is an'),
    ("work: checks", "work: 'my checks'", '23: queues.work: "my checks" is no name of a queue'),
    ("aws_instance.worker", "aws_instance.worker[0]", "is an address with an index; leave"),
    ("aws_instance.worker", "aws_instance", "is no address of a resource; write one such as"),
    ("bake: 5m", "bake: !late 5m", '21: rollout.bake: carries the tag "!late"; leave it out'),
    # regions and waves
    ("  us-east-1:", "  us-esat-1:", '14: regions.us-esat-1: "us-esat-1" is no AWS region that'),
    ("  us-east-1:", "  us-esat-1:", "did you mean us-east-1?"),
    ("  us-east-1:", "  Frankfurt:", '14: regions.Frankfurt: "Frankfurt" is no AWS region; write'),
    ("[[us-east-1],", "[[us-east-1, eu-west-1],", 'waves[1][1]: "eu-west-1" stands in wave 1 al'),
    ("us-west-1, eu-west-1]", "us-west-1]", '18: rollout.waves: "eu-west-1" is in no wave and'),
    ("[[us-east-1],", "[[us-east-1], [us-east-2],", 'rollout.waves[1][0]: "us-east-2" is not am'),
    ("[[us-east-1],", "[[us-east-1], [],", "18: rollout.waves[1]: is a wave without regions"),
    ("[[us-east-1], [us-west-1, eu-west-1]]", "[]", "18: rollout.waves: is empty; write the reg"),
    ("[[us-east-1],", "[us-east-1,", '18: rollout.waves[0]: "us-east-1" is no list; write'),
    # what does not fit together
    ("workers/{region}.tfstate", "all.tfstate", "11: terraform.backend.key: must contain {region"),
    ("layout: per-region", "layout: single-root", "10: terraform.resource: must contain {region}"),
    ("layout: per-region", "layout: single-root", "11: terraform.backend.key: must not contain"),
    ("backend:", "#", "7: terraform.backend: is missing; layout: per-region needs it to keep a"),
    ("{instance_type: t3.medium}", "{slots: []}", "12: terraform.variables.slots: is given by"),
    ("{instance_type: t3.medium}", "{fleet: x}", "12: terraform.variables.fleet: is given by"),
    ("results: results", "results: checks", "23: queues.results: is the same queue as queues.wo"),
    ("silent_after: 60s", "silent_after: 15s", "24: heartbeat.silent_after: is less than two"),
    ("interval: 10s", "interval: 500ms", "24: heartbeat.interval: is finer than CloudWatch"),
    ("interval: 10s", "interval: 1500ms", "24: heartbeat.interval: is no whole number of seconds"),
    ("silent_after: 60s", "window: 30s", "24: heartbeat.window: is shorter than heartbeat.sile"),
    ("within: 5m", "within: 5s", "25: readiness.within: is shorter than heartbeat.interval"),
    ("ssh: true", "ssh: false, heartbeat: false", "25: readiness: asks for no proof at all"),
    ("ssh: true", "heartbeat: false", "25: readiness.completions: cannot be counted with readi"),
    (
        "{per_worker: 100, oldest: 2m}\n  failures: {max_ratio: 0.02}",
        "{oldest: 2m}\n  dead_letters: null\n  completions: null",
        "27: gates.backlog.oldest: would decide alone",
    ),
    ("{per_worker: 100, oldest: 2m}", "{}", "27: gates.backlog: measures nothing; write per_wo"),
    ("context:", "directory:", "5: image.directory: has no meaning with builder: docker"),
    ("context: ../worker", "builder: directory", "3: image.directory: is missing; builder: dire"),
    # directories
    (
        "root: terraform/region",
        "root: nowhere",
        '8: terraform.root: "nowhere" is no directory; tri',
    ),
    ("context: ../worker", "context: ''", '5: image.context: "" is no path'),
    # not in this version
    (
        "source: cloudwatch",
        "source: sqs",
        '24: heartbeat.source: "sqs" is none of cloudwatch, prom',
    ),
    ("source: cloudwatch", "source: clodwatch", "did you mean cloudwatch?"),
    (
        "source: cloudwatch",
        "source: prometheus",
        "24: heartbeat.prometheus: is missing with source",
    ),
    (
        "source: cloudwatch",
        "command: {run: [./beats]}",
        "24: heartbeat.command: has no meaning with source: cloudwatch; leave it out, or write sou",
    ),
    ("source: cloudwatch", "source: command, command: {run: []}", "24: heartbeat.command.run: "),
    (
        "source: cloudwatch",
        "source: prometheus, prometheus: {url: prometheus:9090}",
        'heartbeat.prometheus.url: "prometheus:9090" is no address; write one such as https://prom',
    ),
    (
        "source: cloudwatch",
        "source: prometheus, prometheus: {url: https://p/api/v1}",
        "is an address with /api/v1, which is added to it; leave that out",
    ),
    (
        "source: cloudwatch",
        "source: prometheus, prometheus: {url: https://p, runs: a-b}",
        'heartbeat.prometheus.runs: "a-b" is no name of a metric; use letters, digits',
    ),
    (
        "source: cloudwatch",
        "source: appoptics, appoptics: {resolution: 60s, token: x}",
        "24: heartbeat.silent_after: is less than two heartbeats and the time until one can be rea",
    ),
    (
        "source: cloudwatch",
        "source: appoptics, appoptics: {}",
        "heartbeat.appoptics.token: is miss",
    ),
    ("store: .release", "store: s3://bucket/", "30: store: this version keeps its journal in a"),
    # notifications
    ("notify: []", "notify: [x]", "29: notify[0]: holds no address; write one such as slack://"),
    (
        "notify: []",
        'notify: [{url: "json://x", on: []}]',
        "29: notify[0].on: is empty, so that nobody",
    ),
    (
        "notify: []",
        'notify: [{url: "json://x", on: [haltd]}]',
        '29: notify[0].on[0]: "haltd" is none of started',
    ),
    (
        "notify: []",
        "nothing_happens: {completions: 20s}",
        "29: nothing_happens.completions: is shorter",
    ),
    (
        "notify: []",
        "nothing_happens: {completions: 20m}",
        "29: nothing_happens.completions: is longer",
    ),
    ("notify: []", "nothing_happens: {intervals: 1}", "29: nothing_happens.intervals: 1 is too sm"),
    # environment variables
    (
        "bake: 5m",
        "bake: ${BAKE}",
        "21: rollout.bake: needs the environment variable BAKE, which is",
    ),
    ("bake: 5m", "bake: ${BAKE", '21: rollout.bake: has a "${" that is never closed; write $${'),
    ("bake: 5m", "bake: '${BAKE:-5m}'", '21: rollout.bake: asks for "${BAKE:-5m}", which is no en'),
]


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_a_remedy(
    load_changed: Any, old: str, new: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_changed(old, new)
    message = caught.value.message
    assert all(line.startswith("config/release.yaml:") for line in message.splitlines())
    assert said in message.replace("config/release.yaml:", "")
    assert caught.value.exit_code == 2


def test_one_misspelt_key_is_one_finding(load_changed: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load_changed("waves:", "wave:")
    assert len(caught.value.findings) == 1


def test_a_misspelt_region_is_not_blamed_on_the_waves(load_changed: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load_changed("  us-east-1:", "  us-esat-1:")
    assert [finding.key for finding in caught.value.findings] == ["regions.us-esat-1"]


def test_everything_is_told_at_once_and_in_the_order_of_the_file(load_text: Any) -> None:
    text = (
        VALID.replace("batch: 100%", "batch: 5x")
        .replace("count: 1", "count: 0")
        .replace("us-west-1, eu-west-1]", "us-west-1, us-west-1]")
        .replace("bake: 5m", "bake: ${BAKE}")
        .replace("notify: []", "notify: [x]")
        .replace("silent_after: 60s", "silent_after: 11s, intervall: 3s")
        .replace("root: terraform/region", "root: nowhere")
    )
    with pytest.raises(SettingsError) as caught:
        load_text(text)
    assert [(finding.line, finding.key) for finding in caught.value.findings] == [
        (8, "terraform.root"),
        (14, "regions.us-east-1.count"),
        (18, "rollout.waves[1][1]"),
        (18, "rollout.waves"),
        (20, "rollout.batch"),
        (21, "rollout.bake"),
        (24, "heartbeat.intervall"),
        (24, "heartbeat.silent_after"),
        (29, "notify[0]"),
    ]


def test_a_missing_directory_names_every_place_that_was_tried(
    load_changed: Any, project: Path
) -> None:
    with pytest.raises(SettingsError, match="is no directory") as caught:
        load_changed("root: terraform/region", "root: ../nowhere")
    assert f"tried {project}/nowhere and {project.parent}/nowhere" in caught.value.message


def test_the_value_of_a_variable_is_in_no_message(load_changed: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load_changed("bake: 5m", "bake: ${TOKEN}", TOKEN="hunter2")
    assert '"${TOKEN}" is no duration' in caught.value.message
    assert "hunter2" not in str(caught.value)


def test_control_characters_are_shown_and_not_obeyed(load_changed: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load_changed("bake: 5m", r'"\e[2Jbake": "\e[31m"')
    assert r"rollout.\x1b[2Jbake: is no key" in caught.value.message
    assert "\x1b" not in caught.value.render()


def test_a_long_value_is_cut(load_changed: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load_changed("bake: 5m", "bake: " + "x" * 500)
    assert len(caught.value.message) < 200


def test_it_reads_as_an_error_with_a_hint() -> None:
    error = SettingsError([Finding("a.yaml", 1, None, "b", "is c"), Finding("a", 2, 3, "", "d")])
    assert error.render() == "error: a.yaml:1: b: is c\nerror: a:2:3: d"
