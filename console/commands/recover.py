"""How is a fleet led on from where a rollout stopped?"""

from __future__ import annotations

from pathlib import Path

import click

from console.commands.where import chosen_config, config_option


@click.command()
@click.argument("action", type=click.Choice(["retry"]))
@click.option(
    "--release", metavar="LABEL", help="What to ship; else what the last rollout shipped."
)
@click.option("--image", metavar="REF", help="An image already pushed.")
@click.option("--regions", metavar="A,B", help="Only these regions.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--yes", is_flag=True, help="Answer the confirmation.")
@config_option
@click.pass_context
def recover(
    ctx: click.Context,
    /,
    action: str,
    config: Path | None,
    *,
    sandbox: bool,
    release: str | None,
    image: str | None,
    regions: str | None,
    as_json: bool,
    yes: bool,
) -> None:
    """Lead a fleet on from where a rollout stopped.

    retry: roll out to the slots that are not done, over the tainted and deposed objects that the
    stopped rollout left behind. They go when their slot's new worker has proven itself; the guard
    refuses any plan that would destroy a worker without that.
    """
    from console.commands.asked import Asked
    from console.commands.rollout import retry
    from console.errors import UsageError
    from console.wiring import wire

    path = chosen_config(ctx, config, sandbox=sandbox)
    if release is None:
        newest = wire(path).newest_rollout()
        if newest is None:
            raise UsageError(
                "no rollout was ever started here", f"recover {action} --release LABEL"
            )
        release = newest.request.label
    if not yes:
        question = f"Roll {release} out over what is left of the stopped rollout?"
        click.confirm(question, abort=True, err=True)
    asked = Asked(path, release, image, regions=regions, as_json=as_json)
    ctx.exit(retry(asked))
