"""What the JSON of a plan is taken to mean."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from console.adapters.terraform.addresses import Addresses
from console.adapters.terraform.planfile import PlanFileError, parse_plan
from console.domain.fleet import RegionName, RegionState
from console.domain.plan import Action, Change, Plan, PlanId

EU, US = RegionName("eu-west-1"), RegionName("us-east-1")
STATE = RegionState(serial=7, lineage="a-line")
PER_REGION = Addresses("module.workers.aws_instance.worker", (EU,))
SINGLE_ROOT = Addresses("module.workers-{region}.aws_instance.worker", (EU, US))
ADDRESS = "module.workers.aws_instance.worker[0]"

USER_DATA = """#cloud-config
write_files:
  - path: /etc/worker/worker.env
    content: |
      FLEET=checks
      RELEASE=2
      IMAGE=repo@sha256:bbb
      IMAGE_DIGEST=sha256:bbb
"""


def attributes(release: str, **more: object) -> dict[str, object]:
    tags = {"Version": release, "Image": f"repo@sha256:{release}"}
    return {"id": f"i-{release}", "tags": tags, **more}


def entry(actions: list[str], address: str = ADDRESS, **more: Any) -> dict[str, Any]:
    change = {
        "actions": actions,
        "before": more.pop("before", None),
        "after": more.pop("after", None),
    }
    kind = {"mode": "managed", "type": "aws_instance", "name": "worker"}
    return {"address": address, "change": change} | kind | more


def plan_of(
    *entries: dict[str, Any],
    addresses: Addresses = PER_REGION,
    is_targeted: bool = False,
    **document: object,
) -> Plan:
    text = json.dumps({"format_version": "1.2", "resource_changes": entries} | document)
    return parse_plan(text, PlanId("id"), STATE, addresses, is_targeted=is_targeted)


def change_of(*entries: dict[str, Any], addresses: Addresses = PER_REGION) -> Change:
    (change,) = plan_of(*entries, addresses=addresses).changes
    return change


def test_a_replacement_is_told_with_both_sides() -> None:
    change = change_of(
        entry(
            ["create", "delete"],
            before=attributes("1"),
            after=attributes("2"),
            action_reason="replace_because_tainted",
        )
    )
    assert (change.region, change.slot, change.instance) == (EU, 0, "i-1")
    assert change.actions == (Action.CREATE, Action.DELETE)
    assert change.reason == "replace_because_tainted"
    assert change.before is not None
    assert change.before.release == "1"
    assert change.after is not None
    assert change.after.image == "repo@sha256:2"


def test_two_changes_at_one_address_stay_two() -> None:
    plan = plan_of(
        entry(["create", "delete"], before=attributes("2"), after=attributes("2")),
        entry(["delete"], before=attributes("1"), deposed="abcd1234"),
    )
    assert [(c.address, c.deposed_key, c.instance) for c in plan.changes] == [
        (ADDRESS, None, "i-2"),
        (ADDRESS, "abcd1234", "i-1"),
    ]


def test_the_order_of_actions_is_terraforms() -> None:
    actions = change_of(entry(["delete", "create"], before=attributes("1"))).actions
    assert actions == (Action.DELETE, Action.CREATE)


def test_each_region_of_a_single_root_has_its_own_slots() -> None:
    address = "module.workers-us-east-1.aws_instance.worker[2]"
    change = change_of(entry(["create"], address, after=attributes("2")), addresses=SINGLE_ROOT)
    assert (change.region, change.slot) == (US, 2)


@pytest.mark.parametrize(
    "address",
    [
        "module.workers.aws_instance.bastion[0]",
        "module.other.aws_instance.worker[0]",
        'module.workers.aws_instance.worker["a"]',
        "module.workers.aws_instance.worker[0].more",
    ],
)
def test_anything_else_is_no_worker(address: str) -> None:
    change = change_of(entry(["delete"], address, before=attributes("1")))
    assert not change.is_worker
    assert change.region is None
    assert change.before is None


def test_a_data_source_at_a_workers_address_is_no_worker() -> None:
    assert not change_of(entry(["read"], mode="data")).is_worker


def test_the_started_image_is_read_from_the_user_data() -> None:
    plain = entry(["create"], after=attributes("2", user_data=USER_DATA))
    assert change_of(plain).started_image == "repo@sha256:bbb"


def test_the_started_image_is_read_from_encoded_user_data() -> None:
    encoded = base64.b64encode(USER_DATA.encode()).decode()
    change = change_of(entry(["create"], after=attributes("2", user_data_base64=encoded)))
    assert change.started_image == "repo@sha256:bbb"


@pytest.mark.parametrize("user_data", [None, "83ca376794c483294b57f76444287ac8f255571f", ""])
def test_user_data_that_is_unknown_or_hashed_names_no_image(user_data: str | None) -> None:
    change = change_of(entry(["create"], after=attributes("2", user_data=user_data)))
    assert change.started_image is None


def test_a_destroyed_instance_starts_nothing() -> None:
    before = attributes("1", user_data=USER_DATA)
    assert change_of(entry(["delete"], before=before)).started_image is None


def test_tags_that_are_missing_are_no_target() -> None:
    assert change_of(entry(["create"], after={"tags": {"Version": "2"}})).after is None
    assert change_of(entry(["create"], after={"tags": None})).after is None


def test_serial_and_lineage_are_those_of_the_state_it_was_made_from() -> None:
    plan = plan_of()
    assert (plan.id, plan.serial, plan.lineage) == ("id", 7, "a-line")


def test_a_plan_that_stopped_or_deferred_is_incomplete() -> None:
    assert plan_of(complete=True).is_complete
    assert plan_of().is_complete
    assert not plan_of(complete=False).is_complete
    assert not plan_of(errored=True).is_complete
    assert not plan_of(deferred_changes=[{"reason": "x"}]).is_complete


def test_a_targeted_plan_is_complete_as_far_as_it_goes() -> None:
    assert plan_of(complete=False, is_targeted=True).is_complete
    assert not plan_of(errored=True, complete=False, is_targeted=True).is_complete


def test_outputs_that_change_are_named() -> None:
    outputs = {"slots": {"actions": ["update"]}, "ids": {"actions": ["no-op"]}}
    assert plan_of(output_changes=outputs).output_changes == ("slots",)


def test_an_action_that_is_not_known_makes_the_plan_unreadable() -> None:
    with pytest.raises(PlanFileError, match="explode"):
        plan_of(entry(["explode"]))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"resource_changes": [{}]}'])
def test_what_is_no_plan_is_an_error(text: str) -> None:
    with pytest.raises(PlanFileError):
        parse_plan(text, PlanId("id"), STATE, PER_REGION, is_targeted=False)


def test_nothing_of_the_plan_but_tags_and_image_is_kept() -> None:
    secret = attributes("2", user_data=f"{USER_DATA}\nPASSWORD=hunter2", password="hunter2")
    assert "hunter2" not in repr(plan_of(entry(["create"], after=secret)))


def test_what_target_has_to_name() -> None:
    assert SINGLE_ROOT.target(EU) == "module.workers-eu-west-1"
    assert Addresses("aws_instance.worker", (EU,)).target(EU) == "aws_instance.worker"
    nested = Addresses("module.all.module.{region}.aws_instance.worker", (EU,))
    assert nested.target(EU) == "module.all.module.eu-west-1"
