"""How is a move typed, as it stands, into a shell?"""

from __future__ import annotations

from console.domain.fleet import RegionName, StateLock
from console.domain.recovery.advice import Option
from console.domain.recovery.remedies import ROLLOUTS, TOLD, Remedy
from console.domain.recovery.situation import Situation


def command_line(option: Option, situation: Situation, fleet: str, where: str) -> str:
    """Return the command that makes `option`.

    Args:
        option: the move.
        situation: what it was advised on.
        fleet: the fleet's name.
        where: the options that name the settings; empty for the default file.
    """
    words = ["release-console recover", option.remedy, f"--region {situation.region}"]
    everywhere = {slot.index for slot in situation.slots} == set(option.slots)
    # What a rollout replaces is named by region, never by slot.
    if option.slots and not everywhere and option.remedy not in ROLLOUTS:
        words += [f"--slot {slot}" for slot in option.slots]
    if option.instance is not None:
        words.append(f"--instance {option.instance}")
    words.append("--yes")
    if option.is_dangerous:
        words.append(f"--confirm {typed_name(option, situation, fleet)}")
    return " ".join(filter(None, (*words, where)))


def typed_name(option: Option, situation: Situation, fleet: str) -> str:
    """Return what a dangerous move is confirmed with: what it is about, typed."""
    if option.remedy is Remedy.UNLOCK and situation.lock is not None:
        return situation.lock.id
    return option.instance or fleet


def sentence(option: Option) -> str:
    """Return when the move is right, for the line in front of its command."""
    return TOLD[option.remedy].sentence.partition(":")[0].rstrip(".")


def unlocking(region: RegionName, lock: StateLock, where: str) -> str:
    """Return the command that takes `lock` from its holder, for whoever has not been advised.

    Args:
        region: whose state it locks.
        lock: the lock.
        where: the options that name the settings; empty for the default file.
    """
    line = f"release-console recover unlock --region {region} --yes --confirm {lock.id} {where}"
    return line.rstrip()
