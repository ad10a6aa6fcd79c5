"""From wherever a region can get: what the advice says, carried out, is what happens.

Regions come about by random sequences of what Terraform, EC2 and people do, in a model that knows
nothing of the advice. Each move is then made in that model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import product

from hypothesis import HealthCheck, given
from hypothesis import settings as examine
from hypothesis import strategies as st

from console.domain.fleet import ObjectKind
from console.domain.recovery.advice import Advice, Option, Standing, advise
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Liveness, Situation
from console.domain.view import ObjectView
from tests.recovery.model import FATES, READY, Does, Fate, World
from tests.recovery.situations import NEW, OLD

BOOTING = {Remedy.RETRY, Remedy.ROLLBACK, Remedy.FINISH}
EXAMPLES = 600


@dataclass(slots=True)
class Tally:
    """How much was tried."""

    states: int = 0
    moves: int = 0
    seen: set[Situation] = field(default_factory=set)
    stood: Counter[tuple[Remedy, Standing]] = field(default_factory=Counter)

    @property
    def different(self) -> int:
        """How many of the states were not the same as another."""
        return len(self.seen)


TALLY = Tally()
examined = examine(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# What happens: its name, a slot or an instance by number, and what becomes of a new instance.
Event = tuple[str, int, Fate]
WITHOUT_TERRAFORM = ("dies", "falls silent", "wakes")
WITH_TERRAFORM = (
    *("replaced", "replaced", "all replaced", "killed", "somebody applies", "unwritten"),
    *("tainted", "untainted", "forgotten", "rolled back", "locked elsewhere"),
)


@st.composite
def regions(draw: st.DrawFn) -> World:
    """Draw a region that something has happened to."""
    world = World.of(
        draw(st.lists(st.sampled_from([Does.WORKS, Does.IDLES]), max_size=3, min_size=1))
    )
    if draw(st.integers(0, 3)):
        world.roll_out(NEW, OLD)
        world.does.update({i: draw(st.sampled_from([Does.WORKS, Does.IDLES])) for i in world.does})
    happens = st.tuples(
        st.sampled_from([*WITH_TERRAFORM, *WITHOUT_TERRAFORM]),
        st.integers(0, 5),
        st.sampled_from(FATES),
    )
    for event in draw(st.lists(happens, max_size=8)):
        happen(world, event)
    return world


def happen(world: World, event: Event) -> None:
    """Let something happen, if it can."""
    what, number, fate = event
    if what in WITHOUT_TERRAFORM:
        living = [i for i, does in world.does.items() if does is not Does.GONE]
        if living:
            _happen_to(world, what, living[number % len(living)])
    elif not world.is_blocked:
        _happen_by_terraform(world, what, number % world.desired, fate)


def _happen_to(world: World, what: str, instance: str) -> None:
    match what:
        case "dies":
            world.terminate(instance)
        case "falls silent":
            world.does[instance] = Does.SILENT
        case "wakes" if world.does[instance] is Does.BOOTS and instance != world.under_way:
            world.does[instance] = Does.WORKS


def _happen_by_terraform(world: World, what: str, slot: int, fate: Fate) -> None:
    if what in _APPLIES:
        if world.release == OLD and world.cause is None:
            world.roll_out(NEW, OLD)
        _APPLIES[what](world, slot, fate)
    elif what in _BY_HAND:
        _BY_HAND[what](world, slot)
    elif what == "rolled back" and world.before:
        world.roll_out(world.before, "")
    elif what == "locked elsewhere":
        world.holder = Liveness.UNKNOWN


_APPLIES: Mapping[str, Callable[[World, int, Fate], None]] = {
    "replaced": lambda world, slot, fate: world.apply({slot: fate}),
    "all replaced": lambda world, _, fate: world.apply(dict.fromkeys(range(world.desired), fate)),
    "killed": lambda world, slot, fate: world.kill_apply(slot, fate.does),
    "somebody applies": lambda world, slot, _: world.somebody_applies(slot),
    "unwritten": lambda world, slot, fate: world.apply_unwritten({slot: fate}),
}
_BY_HAND: Mapping[str, Callable[[World, int], object]] = {
    "tainted": World.taint,
    "untainted": World.untaint,
    "forgotten": World.state_rm,
}


def carry_out(world: World, option: Option, fates: Mapping[int, Fate]) -> World:
    """Return the region after a move, whether the console would make it or not."""
    after = deepcopy(world)
    TALLY.moves += 1
    match option.remedy:
        case Remedy.RETRY | Remedy.FINISH:
            after.cause = None
            after.apply(fates)
        case Remedy.ROLLBACK:
            after.roll_out(world.before, "")
            after.apply(fates)
        case Remedy.ACCEPT | Remedy.UNTAINT:
            for slot in option.slots:
                after.untaint(slot)
            after.remove_deposed(option.slots)  # which is what the next plan does
        case Remedy.RESTORE:
            for slot in option.slots:
                _restore(after, slot, option)
        case _:
            _make(after, option)
    return after


def _make(world: World, option: Option) -> None:
    match option.remedy, option.instance:
        case Remedy.ADOPT, str(orphan):
            (slot,) = option.slots
            world.state_import(slot, orphan)
        case Remedy.TERMINATE, str(orphan):
            world.terminate(orphan)
        case Remedy.UNLOCK, None:
            world.holder = world.under_way = None
        case Remedy.PUSH_STATE, None:
            world.push_state()
        case other:
            raise AssertionError(other)


def _restore(world: World, slot: int, option: Option) -> None:
    (old,) = [
        o.id for o in option.prospect.objects if o.slot == slot and o.kind is ObjectKind.CURRENT
    ]
    for instance in world.state_rm(slot):
        if instance != old:
            world.terminate(instance)
    world.state_import(slot, old)


def outcomes(world: World, option: Option) -> Iterator[World]:
    """Return every way in which a move can end."""
    if option.remedy not in BOOTING:
        yield carry_out(world, option, {})
        return
    for fates in product((READY, FATES[2], FATES[1]), repeat=len(option.slots)):
        yield carry_out(world, option, dict(zip(option.slots, fates, strict=True)))


def advice_for(world: World) -> Advice:
    """Return the advice, and count the state."""
    situation = world.situation()
    advice = advise(situation)
    TALLY.states += 1
    TALLY.seen.add(situation)
    TALLY.stood.update((option.remedy, option.standing) for option in advice.options)
    return advice


@examined
@given(regions())
def test_what_counts_as_a_worker_works(world: World) -> None:
    situation = world.situation()
    believed = {found.id for found in situation.objects if situation.works(found)}
    assert believed <= world.working
    # One that nobody has seen to work is not believed to, as long as nothing comes in for it.
    assert {world.does[instance] for instance in world.working - believed} <= {Does.IDLES}


@examined
@given(regions())
def test_no_move_that_may_be_made_costs_a_worker(world: World) -> None:
    before = len(world.working)
    for option in advice_for(world).options:
        if option.may_be_made:
            for after in outcomes(world, option):
                assert len(after.working) >= min(before, world.desired), option


@examined
@given(regions())
def test_every_forbidden_move_costs_a_worker(world: World) -> None:
    before = len(world.working)
    for option in advice_for(world).options:
        if option.standing is not Standing.FORBIDDEN:
            continue
        if option.remedy is Remedy.UNLOCK:
            # It costs no worker: two Terraforms would write one state.
            assert world.holder is Liveness.ALIVE
        else:
            assert min(len(after.working) for after in outcomes(world, option)) < before, option


@examined
@given(regions())
def test_a_move_that_goes_well_leads_to_what_was_promised(world: World) -> None:
    for option in advice_for(world).options:
        if not option.may_be_made:
            continue
        after = carry_out(world, option, dict.fromkeys(option.slots, READY))
        gone = {i for i, does in after.does.items() if does is Does.GONE}
        gone -= {i for i, does in world.does.items() if does is Does.GONE}
        assert gone == set(option.prospect.removed), option
        if len(world.working) == option.prospect.healthy_before:  # and none of them idles unseen
            assert len(after.working) == option.prospect.healthy_after, option
        assert len(after.does) - len(world.does) == option.prospect.created, option
        if option.remedy is Remedy.PUSH_STATE:
            assert _places(option.prospect.objects) == _places(after.situation().objects)


def _places(objects: Iterable[ObjectView]) -> set[tuple[object, ...]]:
    return {(o.id, o.slot, o.kind, o.is_tainted, o.is_deposed) for o in objects}


@examined
@given(regions())
def test_nothing_is_done_while_another_terraform_lives(world: World) -> None:
    if world.holder is Liveness.ALIVE:
        assert not any(option.may_be_made for option in advice_for(world).options)


@examined
@given(regions())
def test_the_recommended_moves_make_a_region_whole(world: World) -> None:
    told: list[str] = []
    # Each slot may need a move, each orphan another, and the lock and the state one each.
    for _ in range(3 + 2 * world.desired + 2 * len(world.does)):
        if world.is_whole:
            return
        _time_passes(world)
        move = _next_move(advice_for(world))
        if move is None:
            return
        told.append(str(move.remedy))
        world = carry_out(world, move, dict.fromkeys(move.slots, READY))
    assert world.is_whole, told


def _time_passes(world: World) -> None:
    """Whoever holds the lock ends, and what boots comes up."""
    if world.holder is Liveness.ALIVE:
        world.somebody_ends()
    world.does.update({i: Does.WORKS for i, does in world.does.items() if does is Does.BOOTS})


def _next_move(advice: Advice) -> Option | None:
    """Return the recommended move; None where the region is whole or only another release helps."""
    if advice.recommended is not None:
        return advice.recommended
    unlock, retry = advice.option(Remedy.UNLOCK), advice.option(Remedy.RETRY)
    if unlock.may_be_made:
        return unlock  # nobody can tell whether its holder lives: a person looks and decides
    assert "roll another release out" in retry.reason, _standings(advice.options)
    return None


def _standings(options: Sequence[Option]) -> list[str]:
    return [f"{o.remedy} {o.slots} is {o.standing}: {o.reason}" for o in options]
