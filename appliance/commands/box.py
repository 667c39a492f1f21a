"""`stillhouse backup`, `restore`, `support-bundle` and `migrate`: what an administrator does with a home as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.option("-o", "out", type=click.Path(path_type=Path), required=True, help="File to write.")
def backup(out: Path) -> None:
    """Write all of the home but its models to one file. Jobs may go on meanwhile.

    It holds what the home holds, keys and raw data included: keep it as you keep those.
    """
    from appliance.home import Home
    from appliance.keeping.backup import write_backup
    from appliance.people.acting import shell_actor

    taken = write_backup(Home.open(), shell_actor(), out)
    click.echo(f"{out}: {taken.files} files, {taken.bytes / 2**20:.1f} MiB before packing")


@click.command()
@click.argument("backup_file", metavar="FILE", type=click.Path(path_type=Path))
def restore(backup_file: Path) -> None:
    """Fill an empty home from the backup FILE. (Where Stillhouse was installed: `stillhouse-admin restore`.)"""
    from appliance.home import Home
    from appliance.keeping.backup import restore_backup
    from appliance.people.acting import shell_actor

    home = Home.open()
    taken = restore_backup(home, shell_actor(), backup_file)
    click.echo(f"{home.root}: {taken.files} files restored")


@click.command("support-bundle")
@click.option(
    "-o", "out", type=click.Path(path_type=Path), help="File to write; without it, it is only shown."
)
def support_bundle(out: Path | None) -> None:
    """Show what a supporter would ask for: states, times, versions, numbers; no names, no texts, no paths.

    Read it before you send it.
    """
    from appliance.home import Home
    from appliance.keeping.support import told

    text = json.dumps(told(Home.open()), indent=1)
    if out is None:
        click.echo(text)
        return
    out.write_text(text + "\n", encoding="utf-8")
    click.echo(f"wrote {out}: plain text; read it before you send it")


@click.command(hidden=True)
def migrate() -> None:
    """Bring the home to this version's formats. An upgrade does it, on a copy."""
    from appliance.home import Home
    from appliance.store import Store

    click.echo(f"store: schema version {Store(Home.open().store).schema_version()}")
