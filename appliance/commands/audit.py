"""`stillhouse audit`: the log of who did what, and whether it is whole."""

from __future__ import annotations

import time

import click


@click.group()
def audit() -> None:
    """Who did what, when, and with what outcome."""


@audit.command()
@click.option("-n", "limit", default=50, show_default=True, type=click.IntRange(min=1), help="Entries.")
@click.option("--by", "actor", help="Only what this account did.")
@click.option("--action", help="Only this action, such as start-job.")
@click.option("--outcome", type=click.Choice(["begun", "done", "failed", "refused", "noticed"]))
def show(limit: int, actor: str | None, action: str | None, outcome: str | None) -> None:
    """The newest entries, the newest last. Times are UTC."""
    from appliance.audit.view import read
    from appliance.home import Home
    from appliance.people.acting import shell_actor

    found = read(Home.open(), shell_actor(), limit=limit, by=actor, action=action, outcome=outcome)
    for entry in reversed(found):
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(entry.at))
        objects = " ".join(f"{name}={value}" for name, value in entry.objects.items())
        click.echo(
            f"{entry.line:>6}  {when}  {entry.actor:<20} {entry.action:<20} {entry.outcome:<8} {objects}"
        )


@audit.command()
@click.option(
    "--seen",
    nargs=2,
    type=(int, str),
    metavar="LINES TIP",
    help="What an earlier check printed and somebody noted down.",
)
@click.pass_context
def verify(context: click.Context, seen: tuple[int, str] | None) -> None:
    """Check every line of the log, its signature and its head. Exit status 1 where one does not fit."""
    from appliance import audit as log
    from appliance.home import Home

    found = log.verify(Home.open(), seen)
    if found.torn:
        click.echo(f"{found.torn} lines were left unfinished by a kill; a note follows each")
    if found.problem is not None:
        click.echo(f"NOT INTACT: {found.problem}")
        context.exit(1)
    if found.without_head:
        click.echo(f"the last {found.without_head} lines have no head yet")
    click.echo(f"intact: {found.lines} lines, key {found.key_sha256}")
    click.echo(f"to note down elsewhere: {found.lines} {found.tip}")
