"""`stillhouse accounts`: who may log in to the console, and in which roles. The owner of the home decides."""

from __future__ import annotations

import click

_ROLES = ("viewer", "operator", "privacy-officer", "approver", "administrator")
_role = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(_ROLES), help="Repeat for more."
)


@click.group()
def accounts() -> None:
    """Accounts of the console, their roles and passwords."""


@accounts.command()
@click.argument("name")
@_role
@click.option("--email", default="", help="How the site's single sign-on names the person.")
def add(name: str, roles: tuple[str, ...], email: str) -> None:
    """Make the account NAME and show its one-time password."""
    from appliance.home import Home
    from appliance.people import accounts as people
    from appliance.people.acting import Role, shell_actor

    password = people.create(Home.open(), shell_actor(), name, map(Role, roles), email)
    _show(name, password)


@accounts.command("list")
def list_() -> None:
    """All accounts."""
    from appliance.home import Home
    from appliance.people import accounts as people

    for each in people.accounts(Home.open()):
        notes = [
            *(["disabled"] if each.disabled else []),
            *(["has a one-time password"] if each.must_change_password else []),
            *([each.email] if each.email else []),
        ]
        click.echo(f"{each.name:<20} {', '.join(sorted(each.roles)):<40} {', '.join(notes)}".rstrip())


@accounts.command()
@click.argument("name")
@_role
def roles(name: str, roles: tuple[str, ...]) -> None:
    """Give NAME these roles, and no others, from the next request on."""
    from appliance.home import Home
    from appliance.people import accounts as people
    from appliance.people.acting import Role, shell_actor

    people.set_roles(Home.open(), shell_actor(), name, map(Role, roles))


@accounts.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let NAME in again.")
def disable(name: str, undo: bool) -> None:
    """End the sessions of NAME and let nobody in by this name."""
    from appliance.home import Home
    from appliance.people import accounts as people
    from appliance.people.acting import shell_actor

    (people.enable if undo else people.disable)(Home.open(), shell_actor(), name)


@accounts.command()
@click.argument("name")
def password(name: str) -> None:
    """Give NAME a one-time password in place of the present one, and end the sessions."""
    from appliance.home import Home
    from appliance.people import accounts as people
    from appliance.people.acting import shell_actor

    _show(name, people.reset_password(Home.open(), shell_actor(), name))


def _show(name: str, password: str) -> None:
    click.echo(f"one-time password of {name}, good for 7 days and shown this once: {password}")
