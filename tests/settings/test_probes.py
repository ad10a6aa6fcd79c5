"""Gates that ask something outside: what may be written, and what follows from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from console.domain.policy import Pace, ProbeRule
from console.settings import SettingsError, json_schema, to_policy
from console.settings.probe_rules import asks_outside
from tests.settings.valid import VALID

GATES = """\
gates:
  alarms:
    - checks-nothing-happens
    - {name: "late-{region}", failures_allowed: 2, dry_run: true}
    - tag: {team: checks, env: prod}
  commands:
    - {name: smoke, run: [./smoke.sh, "{region}"], timeout: 30s, cwd: checks, consecutive: 3}
  http:
    - name: api
      url: https://checks.example.com/{region}?key=${KEY}
      status: [200, 204]
      body: "^ok"
      values: {version: "{release}"}
      headers: {Authorization: "Bearer ${KEY}"}
      initial_delay: 20s
  errors: {organization: acme, project: checks, token: "${KEY}", max_new: 2, errors_allowed: 4}
"""
WHOLE = VALID.partition("gates:\n")[0] + GATES
ENVIRONMENT = {"KEY": "hush"}


def test_each_of_them_is_a_gate_with_a_name_a_threshold_and_a_pace(load_text: Any) -> None:
    rules = to_policy(load_text(WHOLE, **ENVIRONMENT)).gates
    assert rules.probes == (
        ProbeRule("alarm checks-nothing-happens", "OK"),
        ProbeRule("alarm late-{region}", "OK"),
        ProbeRule("alarms with team=checks, env=prod", "OK"),
        ProbeRule("command smoke", "exit 0"),
        ProbeRule("http api", "status 200 or 204 and content"),
        ProbeRule("errors", "at most 2 new"),
    )
    assert rules.pace("alarm late-{region}") == Pace(failures_allowed=2, dry_run=True)
    assert rules.pace("command smoke") == Pace(consecutive=3)
    assert rules.pace("http api") == Pace(initial_delay=timedelta(seconds=20))
    assert rules.pace("errors") == Pace(errors_allowed=4)


def test_no_secret_is_in_the_rules_nor_in_what_the_settings_tell(load_text: Any) -> None:
    settings = load_text(WHOLE, **ENVIRONMENT)
    assert "hush" in settings.gates.http[0].url
    assert "hush" not in repr(to_policy(settings))
    assert "hush" not in repr(settings)


def test_a_fleet_that_asks_nothing_outside_is_known(load_text: Any) -> None:
    assert not asks_outside(load_text(VALID))
    assert asks_outside(load_text(WHOLE, **ENVIRONMENT))
    muting = VALID.replace("  bake: 5m", "  bake: 5m\n  mute_alarms: [checks-nothing-happens]")
    settings = load_text(muting)
    assert [alarm.told for alarm in settings.rollout.mute_alarms] == [
        "alarm checks-nothing-happens"
    ]
    assert asks_outside(settings)


MISTAKES = [
    ("[a, a]", "alarms", 'has the name of another one, "alarm a"; name it otherwise'),
    ("[{}]", "alarms", "is no choice of alarms; write a name, or tag: {key: value}"),
    ("[{name: a, tag: {b: c}}]", "alarms", "is no choice of alarms"),
    ("[{nam: a}]", "alarms", "is no key; did you mean name?"),
    ("[{name: a, interval: soon}]", "alarms", "interval"),
    ("[{name: smoke}]", "commands", "run: is missing"),
    ("[{name: smoke, run: []}]", "commands", "run"),
    ('[{name: smoke, run: ["true"], consecutive: 0}]', "commands", "too small"),
    ("[{name: api, url: checks.example.com}]", "http", "is no web address"),
    ('[{name: api, url: "https://c.example", body: "("}]', "http", "no regular expression"),
    (
        '[{name: api, url: "https://c.example", status: 99}]',
        "http",
        "is no status; write one such as 200",
    ),
    ('[{name: api, url: "https://c.example", method: PUT}]', "http", "method"),
    ('[{name: api, url: "https://c.example", headers: {"a b": c}}]', "http", "name of a header"),
    ("{organization: acme, project: checks}", "errors", "token: is missing"),
]


@pytest.mark.parametrize(("written", "kind", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_key(load_text: Any, written: str, kind: str, said: str) -> None:
    text = VALID.replace("gates:\n", f"gates:\n  {kind}: {written}\n")
    with pytest.raises(SettingsError) as caught:
        load_text(text)
    told = str(caught.value)
    assert f"gates.{kind}" in told
    assert said in told


def test_an_editor_knows_all_of_them() -> None:
    one_status = WHOLE.replace("[200, 204]", "200")
    for text in (WHOLE, one_status):
        data = yaml.safe_load(text)
        assert [e.message for e in Draft7Validator(json_schema()).iter_errors(data)] == []
