"""Where the figures of a block stand in report.json: pointers read, and summed up as a reader can use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from appliance.report.blocks import Block, Cell, Ledger, Pairs, Table
from appliance.report.study import Facts


def resolve(facts: Facts, pointer: str) -> Any:
    """What stands at `pointer` (RFC 6901, as in a URI fragment). Raises LookupError where nothing does."""
    found: Any = facts
    for part in pointer.split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list | tuple):
            found = found[int(key)]
        elif isinstance(found, dict):
            found = found[key]
        else:
            raise KeyError(pointer)
    return found


def paths_of(block: Block) -> Iterator[str]:
    """Every pointer in the block, in reading order."""
    found: Iterator[str]
    if isinstance(block, Table):
        found = (cell.path for group in block.groups for row in group.rows for cell in row)
    elif isinstance(block, Pairs):
        found = (value.path for _, value in block.pairs if isinstance(value, Cell))
    elif isinstance(block, Ledger):
        found = (entry.path for entry in block.entries)
    else:
        return
    for path in found:
        yield from path.split()


def place_of_row(row: Sequence[Cell]) -> str:
    """The longest pointer that all of the row's figures share; "" where they have none in common."""
    paths = [path.split("/") for cell in row for path in cell.path.split()]
    if not paths:
        return ""
    shared = 0
    while all(len(path) > shared for path in paths) and len({path[shared] for path in paths}) == 1:
        shared += 1
    return "/".join(paths[0][:shared])


def places_of(block: Block) -> list[str]:
    """The lists and sections that hold the block's figures: at most two steps deep, each once."""
    places = []
    for path in paths_of(block):
        steps = path.split("/")[1:]
        until = next((index for index, one in enumerate(steps) if one.isdigit()), len(steps) - 1)
        places.append("/" + "/".join(steps[: max(1, min(until, 2))]))
    return list(dict.fromkeys(places))
