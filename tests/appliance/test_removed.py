"""The fingerprints of removed values lie beside the records; a surrogate that equals one of them is found, and its chunk."""

from __future__ import annotations

from pathlib import Path

from appliance.stages import removed
from privacy.records import ScrubbedRecord
from privacy.scrub import ScrubbedChunk


def chunk(index: int, gone: dict[str, set[str]], invented: set[str]) -> ScrubbedChunk:
    prints = {name: frozenset(values) for name, values in gone.items()}
    record = ScrubbedRecord("r", {}, {}, "p", None, prints, frozenset(invented))
    return ScrubbedChunk(index, [record], [])


def test_a_surrogate_that_equals_a_value_removed_in_another_chunk_is_told_with_its_chunk(
    tmp_path: Path,
) -> None:
    removed.write_chunk(
        tmp_path, "data-00000", chunk(0, {"PERSON": {"aa"}, "ORDER_ID": {"bb"}}, {"cc", "dd"})
    )
    removed.write_chunk(tmp_path, "held_out-00001", chunk(1, {"PERSON": {"cc"}}, {"ee"}))
    assert removed.removed_values(tmp_path) == {"ORDER_ID": {"bb"}, "PERSON": {"aa", "cc"}}
    assert removed.clashes(tmp_path) == ({"aa", "bb", "cc"}, {"data-00000": {"cc"}})
    assert removed.num_surrogates(tmp_path) == 3


def test_a_chunk_that_was_drawn_again_replaces_what_was_told_of_it(tmp_path: Path) -> None:
    removed.write_chunk(tmp_path, "data-00000", chunk(0, {"ORDER_ID": {"aa"}}, {"aa"}))
    removed.write_chunk(tmp_path, "data-00000", chunk(0, {"ORDER_ID": {"aa"}}, {"bb"}))
    assert removed.clashes(tmp_path)[1] == {}


def test_nothing_removed_is_no_clash(tmp_path: Path) -> None:
    assert removed.removed_values(tmp_path) == {} and removed.num_surrogates(tmp_path) == 0
    assert removed.clashes(tmp_path) == (frozenset(), {})
