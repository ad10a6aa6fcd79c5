"""What is asked for by a move that is a rollout of its own?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.commands.asked import Asked
from console.commands.telling import say
from console.domain.fleet import SlotIndex
from console.domain.recovery.advice import advise
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.rules import against_release
from console.domain.recovery.shipping import Shipment, shipment
from console.domain.release import ImageRef, digest_of
from console.engine.surveying import Seen
from console.errors import RefusedError, UsageError


@dataclass(frozen=True, slots=True)
class Wanted:
    """The move that was asked for."""

    action: str
    regions: tuple[str, ...] = ()
    slots: tuple[int, ...] = ()
    instance: str | None = None
    release: str | None = None
    image: str | None = None
    as_json: bool = False
    yes: bool = False
    confirm: str | None = None


def asked_for(plain: Asked, wanted: Wanted, remedy: Remedy, seen: Sequence[Seen]) -> Asked:
    """Return what a retry, a finish or a rollback asks for.

    Args:
        plain: how it is told, and where the settings are.
        wanted: the move.
        remedy: which one it is.
        seen: the regions that it may be made in, as they are now.

    Raises:
        UsageError: what was typed does not go together.
        RefusedError: the move fits nowhere, or would only leave one more instance running.
    """
    if remedy is Remedy.RETRY and wanted.release is not None:
        return _of_release(plain, wanted, wanted.release, seen)
    return _again(plain, wanted, remedy, seen)


def _of_release(plain: Asked, wanted: Wanted, label: str, seen: Sequence[Seen]) -> Asked:
    """Return the retry of a release that is named: where it has stopped, it is the same again."""
    stopped = [found for found in seen if _has_stopped_in(found, label)]
    if stopped:
        if len(stopped) < len(seen):
            names = ", ".join(found.situation.region for found in stopped)
            rest = f"release-console --auto --release {label} {plain.where}".rstrip()
            say(f"{label} has stopped in {names}, and is retried there; then, elsewhere: {rest}")
        return _again(plain, wanted, Remedy.RETRY, stopped)
    if wanted.slots:
        raise UsageError(
            f"--slot goes with a retry of what has stopped; {label} is another release, and goes "
            "wherever it is not yet",
            "name the regions with --region",
        )
    full = [
        f"{s.situation.region}: {why}" for s in seen if (why := against_release(s.situation, label))
    ]
    if full:
        raise RefusedError("; ".join(full), f"see release-console recover {plain.where}".rstrip())
    regions = ",".join(wanted.regions) or None
    return replace(plain, release=label, image=wanted.image, regions=regions, accept_leftovers=True)


def _has_stopped_in(found: Seen, label: str) -> bool:
    """Whether the region's newest rollout ships `label`, and has left something to retry."""
    newest = found.lineage.newest
    is_same = newest is not None and newest.request.label == label and found.lineage.has_begun
    return is_same and bool(advise(found.situation).option(Remedy.RETRY).slots)


def _again(plain: Asked, wanted: Wanted, remedy: Remedy, seen: Sequence[Seen]) -> Asked:
    """Return what a move asks for that is advised: exactly the slots that it is about."""
    options = {s.situation.region: advise(s.situation, wanted.slots).option(remedy) for s in seen}
    chosen = {name: option for name, option in options.items() if option.may_be_made}
    if not chosen:
        told = "; ".join(f"{name}: {option.reason}" for name, option in options.items())
        hint = f"see release-console recover {plain.where}".rstrip()
        raise RefusedError(f"{remedy} fits nowhere now: {told}", hint)
    shipped = _shipped(remedy, [s for s in seen if s.situation.region in chosen], plain.where)
    if wanted.image is not None and remedy is Remedy.RETRY:
        shipped = replace(shipped, image=_the_one(shipped, wanted.image))
    for option in chosen.values():
        say(option.consequence)
    return replace(
        plain,
        release=shipped.label,
        image=shipped.image,
        regions=",".join(chosen),
        accept_leftovers=shipped.accept_leftovers,
        rolls_back=shipped.rolls_back,
        only_slots=tuple(
            (name, tuple(SlotIndex(slot) for slot in option.slots))
            for name, option in chosen.items()
        ),
        promised=tuple(option.promised(name) for name, option in chosen.items()),
    )


def _the_one(shipped: Shipment, image: str) -> ImageRef:
    """Return the image that was named, unless the release is another one."""
    known = digest_of(shipped.image) if shipped.image else None
    given = digest_of(image)
    if known is not None and given is not None and given != known:
        raise UsageError(
            f"{shipped.label} is {known}, and {image} is another image",
            "ship what is another image under a label of its own",
        )
    return ImageRef(image)


def _shipped(remedy: Remedy, seen: Sequence[Seen], where: str) -> Shipment:
    """Return the one thing that is shipped to all of `seen`.

    Args:
        remedy: the move.
        seen: the regions.
        where: the options that name the settings, for commands in messages.

    Raises:
        RefusedError: there is none, or the regions want different ones.
    """
    found = [shipment(remedy, s.lineage, s.survey.state, s.situation.wanted) for s in seen]
    # The same digest from the registry of each region is one image, and one rollout may take
    # several back.
    if len({_what(one) for one in found}) > 1:
        names = [s.situation.region for s in seen]
        first = f"release-console recover {remedy} --region {names[0]} {where}".rstrip()
        raise RefusedError(
            f"{', '.join(names)} do not want the same release", f"one at a time: {first}"
        )
    shipped = found[0]
    if shipped is None:
        raise RefusedError(
            f"{remedy}: nobody knows what should be shipped",
            "ship the release that you want: "
            f"release-console --auto --release LABEL {where}".rstrip(),
        )
    return shipped


def _what(shipped: Shipment | None) -> tuple[str, str | None] | None:
    if shipped is None:
        return None
    return shipped.label, digest_of(shipped.image) if shipped.image else None
