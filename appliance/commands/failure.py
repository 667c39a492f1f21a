"""What every command ends with that cannot do what it was asked for."""

from __future__ import annotations

from typing import Any

import click


class Failure(click.ClickException):
    """One line on standard error and exit status 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"stillhouse: {' '.join(self.message.splitlines())}", err=True)
