"""`stillhouse worker` and `stillhouse jobs`: what works through the queue, and the queue."""

from __future__ import annotations

import click


@click.command()
@click.option("--once", is_flag=True, help="End when nothing is left to do.")
def worker(once: bool) -> None:
    """Work through the jobs that the console's pages asked for; one worker for a home.

    Killed and started again, it goes on with what was running.
    """
    from appliance.home import Home
    from appliance.jobs.worker import work_off

    work_off(Home.open(), once=once)


@click.group()
def jobs() -> None:
    """What the worker was asked to do."""


@jobs.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
def jobs_list(limit: int) -> None:
    """The newest first."""
    from datetime import datetime

    from appliance.home import Home
    from appliance.jobs import jobs as all_jobs
    from appliance.jobs import worker_alive

    home = Home.open()
    for job in all_jobs(home, limit=limit):
        asked = datetime.fromtimestamp(job.asked_at).strftime("%Y-%m-%d %H:%M")
        click.echo(f"{job.job_id}  {asked}  {job.kind:<12}{job.status:<10}{job.message or ''}".rstrip())
    if not worker_alive(home):
        click.echo("no worker is running: start one with `stillhouse worker`")


@jobs.command("start")
@click.argument("use_case")
def jobs_start(use_case: str) -> None:
    """Ask for a run of the console's use case USE_CASE."""
    from appliance.home import Home
    from appliance.jobs import enqueue
    from appliance.people.acting import shell_actor

    job = enqueue(Home.open(), shell_actor(), "run", {"use_case": use_case}, key=f"run:{use_case}")
    click.echo(f"{job.job_id} {job.status}")


@jobs.command("stop")
@click.argument("job_id")
def jobs_stop(job_id: str) -> None:
    """Stop a job; it keeps what it has done."""
    from appliance.home import Home
    from appliance.jobs import stop
    from appliance.people.acting import shell_actor

    click.echo(f"{job_id} {stop(Home.open(), shell_actor(), job_id).status}")


@jobs.command("retry")
@click.argument("job_id")
def jobs_retry(job_id: str) -> None:
    """Ask again for a job that failed or was stopped; it goes on from what is there."""
    from appliance.home import Home
    from appliance.jobs import retry
    from appliance.people.acting import shell_actor

    click.echo(f"{job_id} {retry(Home.open(), shell_actor(), job_id).status}")
