"""How is a fleet led on from where a rollout stopped?"""

from __future__ import annotations

from pathlib import Path

import click

from console.commands.where import chosen_config, config_option

_ACTIONS = (
    *("retry", "accept", "restore", "rollback", "finish"),
    *("adopt", "terminate", "untaint", "unlock", "push-state"),
)
# Of these nothing is changed in the region: the rollout goes on without it, or ends.
_AS_IT_IS = ("skip", "continue", "abort")


@click.command()
@click.argument("action", required=False, type=click.Choice(_ACTIONS + _AS_IT_IS))
@click.option("--region", "regions", metavar="R", multiple=True, help="Where; may be repeated.")
@click.option("--regions", "listed", metavar="A,B", help="The same, as a list.")
@click.option("--slot", "slots", metavar="N", type=int, multiple=True, help="Only this slot.")
@click.option("--instance", metavar="ID", help="The orphan, for adopt and terminate.")
@click.option("--release", metavar="LABEL", help="For retry: what to ship, if not the same again.")
@click.option("--image", metavar="REF", help="For retry: an image already pushed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@click.option("--confirm", metavar="NAME", help="Answer a dangerous one: fleet, instance or lock.")
@config_option
@click.pass_context
def recover(
    ctx: click.Context,
    /,
    action: str | None,
    config: Path | None,
    *,
    sandbox: bool,
    regions: tuple[str, ...],
    listed: str | None,
    slots: tuple[int, ...],
    instance: str | None,
    release: str | None,
    image: str | None,
    as_json: bool,
    yes: bool,
    confirm: str | None,
) -> None:
    """Lead a fleet on from where a rollout stopped.

    Without ACTION: what is true of every region, the one move to make, the others, and those that
    would harm, with the reason. Nothing is changed.

    \b
    retry       replace the unfinished slots again: right when the cause is gone
    accept      keep new instances that work although their check failed
    restore     make the old instances current again, terminate the new ones
    rollback    roll the release before out again, the last wave first
    finish      roll the release out to the slots that do not have it
    adopt       import an instance that is in no state into an empty slot
    terminate   terminate an instance that is in no state
    untaint     take the mark off slots that were never applied
    unlock      remove a state lock whose holder is gone
    push-state  write the state that an apply could not write
    skip        leave the region as it is, and go on with the others
    continue    go on to the regions that do not have the release
    abort       end a rollout that was left open; nothing is reverted

    A move is made only if it is still the one that was shown, and afterwards the region is looked
    at again, against what was promised.
    """
    from console.commands.leading_on import Wanted
    from console.commands.recovering import advice, make

    path = chosen_config(ctx, config, sandbox=sandbox)
    names = (*regions, *(name.strip() for name in (listed or "").split(",") if name.strip()))
    if action is None:
        ctx.exit(advice(path, names, as_json=as_json))
    wanted = Wanted(action, names, slots, instance, release, image, as_json, yes, confirm)
    if action in _AS_IT_IS:
        from console.commands.going_on import go_on

        ctx.exit(go_on(path, wanted, sandbox=sandbox))
    ctx.exit(make(path, wanted, sandbox=sandbox))


@click.command()
@click.option("--regions", metavar="A,B", help="Only these regions.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@config_option
@click.pass_context
def rollback(
    ctx: click.Context,
    /,
    config: Path | None,
    *,
    sandbox: bool,
    regions: str | None,
    as_json: bool,
    yes: bool,
) -> None:
    """Roll the release before the last rollout out again, the last wave first.

    Only slots that have left it are replaced, under the same guard and gates as any rollout: new
    workers first, old ones after.
    """
    from console.commands.leading_on import Wanted
    from console.commands.recovering import make

    path = chosen_config(ctx, config, sandbox=sandbox)
    names = tuple(name.strip() for name in (regions or "").split(",") if name.strip())
    wanted = Wanted("rollback", names, as_json=as_json, yes=yes)
    ctx.exit(make(path, wanted, sandbox=sandbox))
