"""The command that forgets a record, or a person."""

from __future__ import annotations

import click


@click.command()
@click.argument("record_id", required=False)
@click.option("--subject", help="All records of the person with this value in the subject column.")
@click.option("--reason", default="", help="For the record of the erasure: a ticket's number, say; no name.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be changed.")
def erase(record_id: str | None, subject: str | None, reason: str, dry_run: bool) -> None:
    """Take RECORD_ID (as the source has it, or hashed), or all of a person's, out of every run and of the data brought in; mark the
    students that learnt from it.

    Such a student is not released any more. Its run, started again, trains one without. Killed: the same command goes on.
    """
    from appliance.home import Home
    from appliance.keeping.erase import erase as erase_all
    from appliance.keeping.erase import plan, source_lines
    from appliance.keeping.trace import asked_record, asked_subject, lines
    from appliance.people.acting import shell_actor

    if (record_id is None) == (subject is None):
        raise click.UsageError("name a record, or a person with --subject VALUE")
    home = Home.open()
    key = home.scrub_key()
    asked = asked_record(record_id, key) if record_id is not None else asked_subject(subject or "", key)
    planned = plan(home, asked)
    click.echo("\n".join([*lines(list(planned.traces)), *source_lines(home, planned)]))
    if dry_run:
        click.echo("nothing was changed")
    else:
        done = erase_all(home, shell_actor(), asked, reason)
        click.echo(
            f"erasure {done.erasure_id}: {done.rows:,} rows out of {done.files:,} files; not read again from any source"
        )
        click.echo("\n".join(f"left: {one}" for one in done.left))
    for run_id in planned.retrain:
        click.echo(f"to be trained anew: {run_id} (start its use case again)")
