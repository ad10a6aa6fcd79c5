"""Does every region stand in exactly one wave?"""

from __future__ import annotations

from collections.abc import Iterator

from console.settings.aws_regions import parse_region
from console.settings.findings import Complaint, Location, quoted
from console.settings.nearest import nearest
from console.settings.salvage import Values

_KEY = ("rollout", "waves")


def wave_complaints(values: Values, data: object) -> Iterator[Complaint]:
    """Yield what is wrong between the waves and the regions.

    Args:
        values: The good settings by dotted key.
        data: The settings as they were read: a region whose count is wrong is a region still.
    """
    regions = data.get("regions") if isinstance(data, dict) else None
    if isinstance(regions, dict) and not regions:
        yield Complaint(("regions",), "is empty; name a region, such as us-east-1: {count: 1}")
    waves: tuple[tuple[str, ...], ...] | None = values.get("rollout.waves")
    if waves is None:
        return
    yield from _empty_waves(waves)
    yield from _repeated(waves)
    if waves and isinstance(regions, dict) and regions:
        yield from _unmatched(waves, tuple(regions))


def _empty_waves(waves: tuple[tuple[str, ...], ...]) -> Iterator[Complaint]:
    if not waves:
        yield Complaint(_KEY, "is empty; write the regions of each wave, such as [[us-east-1]]")
    for index, wave in enumerate(waves):
        if not wave:
            yield Complaint((*_KEY, index), "is a wave without regions; name some, or remove it")


def _repeated(waves: tuple[tuple[str, ...], ...]) -> Iterator[Complaint]:
    seen: dict[str, Location] = {}
    for location, region in _places(waves):
        if region in seen:
            first = int(seen[region][2]) + 1
            yield Complaint(
                location, f"{quoted(region)} stands in wave {first} already; keep one of the two"
            )
        seen.setdefault(region, location)


def _unmatched(waves: tuple[tuple[str, ...], ...], regions: tuple[str, ...]) -> Iterator[Complaint]:
    # A misspelt region is complained of where the regions are; the waves that spell it right are
    # then not wrong, nor is it missing from them.
    misspelt = {name for name in regions if not _is_region(name)}
    forgiven = {nearest(name, _named(waves)) for name in misspelt}
    for location, region in _places(waves):
        if region not in regions and region not in forgiven:
            meant = nearest(region, regions)
            remedy = f"did you mean {meant}?" if meant else "add it to regions"
            yield Complaint(location, f"{quoted(region)} is not among the regions; {remedy}")
    for region in regions:
        if region not in _named(waves) and region not in misspelt:
            yield Complaint(
                _KEY, f"{quoted(region)} is in no wave and would never be released; add it to one"
            )


def _places(waves: tuple[tuple[str, ...], ...]) -> Iterator[tuple[Location, str]]:
    for number, wave in enumerate(waves):
        for index, region in enumerate(wave):
            yield (*_KEY, number, index), region


def _named(waves: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(region for _, region in _places(waves))


def _is_region(name: str) -> bool:
    try:
        parse_region(name)
    except ValueError:
        return False
    return True
