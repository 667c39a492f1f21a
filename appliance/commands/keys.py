"""Commands about the key that a home is encrypted with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from appliance.keeping.at_rest import Master


@click.group()
def keys() -> None:
    """The key that the home is encrypted with at rest. It is kept outside the home.

    Other commands take it from the file that STILLHOUSE_KEY_FILE names, from the systemd credential `stillhouse.key`, or from
    STILLHOUSE_KEY. Stop the worker and the console before a change.
    """


@keys.command("new")
@click.argument("file", type=click.Path(path_type=Path))
def keys_new(file: Path) -> None:
    """Make a key and write it to FILE (mode 0600), which must not be there yet. Keep a copy in a safe."""
    from appliance.keeping.at_rest import new_key

    click.echo(f"key {new_key(file).key_id} written to {file}")


@keys.command("encrypt")
def keys_encrypt() -> None:
    """Encrypt what is not yet, with the key that is given: store, keys, text of records and answers."""
    from appliance.keeping.at_rest import EncryptionError, given_key

    key = given_key()
    if key is None:
        raise EncryptionError(
            "no key is given: make one with `stillhouse keys new FILE` and name it in STILLHOUSE_KEY_FILE"
        )
    _change(None, key)


@keys.command("rotate")
@click.argument("new_file", type=click.Path(path_type=Path))
def keys_rotate(new_file: Path) -> None:
    """Encrypt the home with the key in NEW_FILE instead of the one that is given. Text is not written anew."""
    from appliance.keeping.at_rest import EncryptionError, given_key, read_key

    key = given_key()
    if key is None:
        raise EncryptionError("no key is given: name the one that the home has now in STILLHOUSE_KEY_FILE")
    _change(key, read_key(new_file))


@keys.command("decrypt")
def keys_decrypt() -> None:
    """Keep the home unencrypted from now on."""
    from appliance.keeping.at_rest import EncryptionError, given_key

    key = given_key()
    if key is None:
        raise EncryptionError("no key is given: name the one that the home has now in STILLHOUSE_KEY_FILE")
    _change(key, None)


def _change(old: Master | None, new: Master | None) -> None:
    from appliance.home import Home
    from appliance.jobs.worker import worker_alive
    from appliance.keeping.at_rest import EncryptionError
    from appliance.keeping.key_change import change_key
    from appliance.run import is_worked_on

    root = Home.place()
    if worker_alive(Home(root)):
        raise EncryptionError(f"{root}: a worker is running: stop it first")
    for folder in sorted(Home(root).runs.glob("*")):
        if is_worked_on(folder):
            raise EncryptionError(f"{folder.name} is being worked on: wait for its end, or stop it first")
    changed = change_key(root, old, new)
    click.echo(
        f"{root}: {changed} files rewritten; "
        + ("not encrypted now" if new is None else f"encrypted with the key {new.key_id}")
    )
