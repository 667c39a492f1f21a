"""Commands about personal data: scrub a file, write and check the privacy report, trace a record or a person."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from appliance.commands.failure import Failure


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.option("--id", "id_column", required=True, help="Column whose value names a record.")
@click.option("--field", "fields", multiple=True, required=True, help="Column to scrub; repeat for more.")
@click.option("--table", help="Table to read, for DuckDB files.")
@click.option("--policy", required=True, help="gdpr, hipaa-safe-harbor, pci, secrets-only, or a TOML file.")
@click.option(
    "-o", "out", type=click.Path(path_type=Path), help="Scrubbed records: .csv, .jsonl or .parquet."
)
@click.option("--keep-id", is_flag=True, help="Write the given id; otherwise its keyed hash, as record_id.")
@click.option("--spans", type=click.Path(path_type=Path), help="Where something was found, as JSON lines.")
@click.option(
    "--drops", type=click.Path(path_type=Path), help="Which rows were dropped and why, as JSON lines."
)
@click.option("--processes", type=click.IntRange(0), default=0, show_default=True, help="0: one a core.")
@click.option("--check", is_flag=True, help="Only count.")
def scrub(
    source: Path,
    id_column: str,
    fields: tuple[str, ...],
    table: str | None,
    policy: str,
    out: Path | None,
    keep_id: bool,
    spans: Path | None,
    drops: Path | None,
    processes: int,
    check: bool,
) -> None:
    """Scrub the file IN without a run. Only the scrubbed fields and the id are written; other columns stay behind.

    A row that cannot be scanned is dropped and counted. The same home gives the same stand-ins and hashed ids.
    """
    import signal

    from appliance.home import Home
    from appliance.scrubbing import Outputs, summary_lines
    from appliance.scrubbing import scrub as scrub_file

    if check == any((out, spans, drops)) or (keep_id and out is None):
        raise Failure(
            "give -o OUT for the scrubbed records, --spans or --drops; or --check alone, to count only"
        )
    # A polite stop unwinds, so that no temporary file stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        summary = scrub_file(
            source,
            id_column=id_column,
            fields=fields,
            table=table,
            policy_name=policy,
            processes=processes,
            outputs=Outputs(out, spans, drops, keep_id),
            home=Home.open(),
        )
    except (ValueError, RuntimeError) as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        raise Failure("stopped; nothing was written") from None
    for line in summary_lines(summary, policy):
        click.echo(line)
    for path in filter(None, (out, spans, drops)):
        click.echo(f"wrote {path}")


@click.command("privacy-report")
@click.argument("run_id", required=False)
@click.option(
    "-o", "folder", type=click.Path(path_type=Path), help="Folder to write to; default: the run's own."
)
@click.option(
    "--verify", "signed", type=click.Path(path_type=Path), help="Check a report's signature instead."
)
def privacy_report(run_id: str | None, folder: Path | None, signed: Path | None) -> None:
    """Write what an auditor needs of RUN_ID: signed JSON, one HTML page and the public key."""
    from appliance.home import Home
    from appliance.privacy_report.write import check_report, write_report

    if (run_id is None) == (signed is None):
        raise Failure("name a run, or a report to check with --verify FILE")
    if signed is not None:
        found = check_report(signed)
        click.echo(f"intact: run {found['run_id']}, signed with the key {found['key_sha256']}")
        click.echo("the page beside it is the signed one" if found["page"] else "there is no page beside it")
        return
    home = Home.open()
    run_folder = home.runs / str(run_id)
    if run_id not in {path.name for path in home.runs.iterdir()}:
        raise Failure(f"there is no run '{run_id}'; `stillhouse status` lists them")
    for path in write_report(run_folder, home, folder or run_folder / "privacy"):
        click.echo(f"wrote {path}")


@click.command()
@click.argument("record_id", required=False)
@click.option("--subject", help="All records of the person with this value in the subject column.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def trace(record_id: str | None, subject: str | None, as_json: bool) -> None:
    """Where RECORD_ID (as the source has it, or hashed) went: runs, splits, students, releases."""
    from appliance.home import Home
    from appliance.keeping import trace as tracing

    if (record_id is None) == (subject is None):
        raise Failure("name a record, or a person with --subject VALUE")
    home = Home.open()
    try:
        if record_id is not None:
            asked = tracing.asked_record(record_id, home.scrub_key())
        else:
            asked = tracing.asked_subject(str(subject), home.scrub_key())
    except ValueError as error:
        raise Failure(str(error)) from None
    found = tracing.trace(home, asked)
    click.echo(json.dumps(tracing.to_json(found), indent=1) if as_json else "\n".join(tracing.lines(found)))
