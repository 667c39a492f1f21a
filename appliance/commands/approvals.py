"""`stillhouse approvals`: one person asks for a release, another decides."""

from __future__ import annotations

import click


@click.group()
def approvals() -> None:
    """Requests for a release, and what was decided."""


@approvals.command("list")
def approvals_list() -> None:
    """The newest first."""
    from appliance.approvals import requests
    from appliance.home import Home

    for each in requests(Home.open()):
        decided = f", {each.decided_by}: {each.decision_reason}" if each.decided_by else ""
        click.echo(
            f"{each.request_id}  {each.standing:<9}{each.run_id}  {each.asked_by}: {each.reason}{decided}"
        )


@approvals.command("ask")
@click.argument("run_id")
@click.option("--reason", required=True, help="For the approver.")
def approvals_ask(run_id: str, reason: str) -> None:
    """Ask that the student of RUN_ID be released."""
    from appliance.approvals import ask
    from appliance.home import Home
    from appliance.people.acting import shell_actor

    click.echo(ask(Home.open(), shell_actor(), run_id, reason).request_id)


@approvals.command("decide")
@click.argument("request_id")
@click.option("--approve/--refuse", "approve", required=True)
@click.option("--reason", required=True, help="Kept with the decision.")
def approvals_decide(request_id: str, approve: bool, reason: str) -> None:
    """Approve a request, and the worker makes the release; or refuse it. Never your own."""
    from appliance.approvals import decide
    from appliance.home import Home
    from appliance.people.acting import shell_actor

    click.echo(decide(Home.open(), shell_actor(), request_id, approve, reason).standing)
