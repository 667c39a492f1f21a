"""`stillhouse console`: starts the console's server in this process's place."""

from __future__ import annotations

import ipaddress
import os
import sys

import click


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8600, show_default=True)
@click.option("--address", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option(
    "--host", "hosts", multiple=True, help="A name it answers to, beside localhost; repeat for more."
)
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="Its private key, PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy on this machine ends TLS and hands the Host on.")
def console(
    port: int,
    address: str,
    hosts: tuple[str, ...],
    tls_cert: str | None,
    tls_key: str | None,
    behind_proxy: bool,
) -> None:
    """Serve the console. On this machine only, unless it is told an address, and then with TLS."""
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    if not _is_loopback(address) and tls_cert is None and not behind_proxy:
        raise click.UsageError(
            f"{address} can be reached from outside: give --tls-cert and --tls-key, or --behind-proxy"
        )
    given = ["--address", address, "--port", str(port)]
    given += [part for host in hosts for part in ("--host", host)]
    if tls_cert is not None and tls_key is not None:
        given += ["--tls-cert", tls_cert, "--tls-key", tls_key]
    if behind_proxy:
        given += ["--behind-proxy"]
    # In place of this process, so that a service manager's signals reach the server.
    os.execv(sys.executable, [sys.executable, "-m", "ui.app", *given])


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
