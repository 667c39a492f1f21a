"""`stillhouse datasets` and `stillhouse use-cases`: what the console's pages Data and Train work on."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def datasets() -> None:
    """Files of records that were brought in."""


@datasets.command("list")
def datasets_list() -> None:
    """The newest first."""
    from appliance.datasets import datasets as all_datasets
    from appliance.home import Home

    for each in all_datasets(Home.open()):
        click.echo(f"{each.dataset_id}  {each.rows:>9,} rows  {each.bytes / 1e6:>9,.1f} MB  {each.filename}")


@datasets.command("add")
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def datasets_add(source: Path) -> None:
    """Bring in FILE, a CSV, JSON lines or Parquet file, if it is fit: the copy stays in the home, readable by you only."""
    from appliance.datasets import bring_in
    from appliance.home import Home
    from appliance.people.acting import shell_actor

    with source.open("rb") as file:
        click.echo(bring_in(Home.open(), shell_actor(), file, source.name).dataset_id)


@datasets.command("delete")
@click.argument("dataset_id")
def datasets_delete(dataset_id: str) -> None:
    """Take the raw file away for good; what was scrubbed from it stays in its runs."""
    from appliance.datasets import delete
    from appliance.home import Home
    from appliance.people.acting import shell_actor

    delete(Home.open(), shell_actor(), dataset_id)


@click.group("use-cases")
def use_cases() -> None:
    """The console's use cases."""


@use_cases.command("list")
def use_cases_list() -> None:
    """All of them, and whether they are ready to run."""
    from appliance.home import Home
    from appliance.preparing import use_cases as drafts

    home = Home.open()
    for name in drafts.names(home):
        missing = drafts.problems(home, name)
        click.echo(f"{name:<40}  {'ready' if not missing else missing[0]}")


@use_cases.command("path")
@click.argument("name")
def use_cases_path(name: str) -> None:
    """The file, for `stillhouse run`."""
    from appliance.home import Home
    from appliance.preparing.use_cases import path

    click.echo(path(Home.open(), name))
