"""What is scanned is replaced; what cannot be scanned is dropped; nothing of it is shown."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from privacy.actions import Replacements
from privacy.fingerprints import fingerprint
from privacy.records import DroppedRow, DropReason, RawRecord, ScrubbedRecord, Span
from privacy.scan import _pieces, replace_spans, scrub_records
from privacy.settings import FieldRule, ScrubPolicy
from privacy.workers import Workers, batches
from tests.privacy.fakes import KEY, POLICY, Raising, RulesOnly, broken_scrubber, deadly_scrubber, scrubber


def raw(row: int, **fields: str) -> RawRecord:
    return RawRecord(f"{row:016x}", row, fields)


def only(outcomes: list[ScrubbedRecord | DroppedRow]) -> ScrubbedRecord:
    (outcome,) = outcomes
    assert isinstance(outcome, ScrubbedRecord)
    return outcome


def test_spans_point_into_the_original_field() -> None:
    text = "Write to jo.doe@corp.com today"
    record = only(scrub_records(scrubber(RulesOnly()), [raw(1, message=text)]))
    (span,) = record.spans["message"]
    assert text[span.start : span.end] == "jo.doe@corp.com"
    assert "jo.doe" not in record.fields["message"] and record.fields["message"].endswith(" today")


def test_one_bad_record_does_not_cost_its_batch() -> None:
    records = [
        raw(1, m="fine"),
        raw(2, m="BOOM secret-value"),
        raw(3, m="SLOW secret-value"),
        raw(4, m="fine too"),
    ]
    outcomes = scrub_records(scrubber(Raising()), records)
    assert [type(outcome) for outcome in outcomes] == [ScrubbedRecord, DroppedRow, DroppedRow, ScrubbedRecord]
    assert outcomes[1] == DroppedRow(2, DropReason.SCAN_FAILED)
    assert outcomes[2] == DroppedRow(3, DropReason.SCAN_TIMED_OUT)


def test_no_content_in_reprs_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    records = [raw(1, m="Mr. Zaphod Beeblebrox, a@b.com"), raw(2, m="BOOM Zaphod")]
    outcomes = scrub_records(scrubber(Raising()), records)
    shown = repr(records) + repr(outcomes) + repr(scrubber(Raising())) + caplog.text
    assert "Zaphod" not in shown and "a@b.com" not in shown and KEY.decode() not in shown


def test_an_over_long_field_is_dropped_unscanned() -> None:
    policy = ScrubPolicy(name="short", max_chars=10)
    assert scrub_records(scrubber(Raising(), policy=policy), [raw(1, m="BOOM" * 3)]) == [
        DroppedRow(1, DropReason.TOO_LONG)
    ]


def test_a_closed_field_passes_only_its_set() -> None:
    rules = {"intent": FieldRule("closed", frozenset({"refund", "card lost"}))}
    outcomes = scrub_records(
        scrubber(RulesOnly(), rules),
        [raw(1, intent="refund"), raw(2, intent="Refund"), raw(3, intent="John Smith")],
    )
    assert isinstance(outcomes[0], ScrubbedRecord) and outcomes[0].fields == {"intent": "refund"}
    assert outcomes[1:] == [DroppedRow(row, DropReason.NOT_IN_CLOSED_SET) for row in (2, 3)]


def test_json_leaves_are_scrubbed_in_place_and_closed_values_pass() -> None:
    answer = '{"type": "John", "email":"x\\u0040corp.com", "order_id": 44112233, "ok": true, "none": null, "deep": [{"n": "Mr. Kowalski"}]}'
    rules = {
        "answer": FieldRule(
            "json", frozenset({"John", "type", "email", "order_id", "ok", "none", "deep", "n"})
        )
    }
    record = only(scrub_records(scrubber(RulesOnly(), rules), [raw(1, answer=answer)]))
    new = json.loads(record.fields["answer"])
    assert new["type"] == "John" and new["ok"] is True and new["none"] is None
    assert new["email"].endswith(".example.org") and "corp" not in new["email"]
    assert isinstance(new["order_id"], int) and new["order_id"] != 44112233
    assert "Kowalski" not in record.fields["answer"]
    assert [answer[span.start : span.end] for span in record.spans["answer"]] == [
        "x\\u0040corp.com",
        "44112233",
        "Kowalski",
    ]


def test_unparsable_json_is_scrubbed_as_text() -> None:
    record = only(
        scrub_records(scrubber(RulesOnly(), {"a": FieldRule("json")}), [raw(1, a='{"mail": "x@corp.com"')])
    )
    assert "x@corp.com" not in record.fields["a"]


def test_a_value_found_in_one_field_is_replaced_alike_in_all() -> None:
    rules = {"answer": FieldRule("json", frozenset({"who", "what"}))}
    message = "My order number is AB-4411, says Mr. Lebowski. lebowski? No: Lebowski!"
    record = only(
        scrub_records(
            scrubber(RulesOnly(), rules),
            [raw(1, message=message, answer='{"who": "Lebowski", "what": "AB-4411"}')],
        )
    )
    answer = json.loads(record.fields["answer"])
    assert "Lebowski" not in record.fields["message"]
    assert answer["who"] in record.fields["message"] and answer["what"] in record.fields["message"]
    assert answer["who"] != "Lebowski" and answer["what"] != "AB-4411"


def test_a_long_record_with_many_values_is_followed_whole() -> None:
    mails = [f"a{number}@corp.com" for number in range(1500)]
    fields = {"first": " ".join(mails), "again": "|".join(mails)}
    record = only(
        scrub_records(scrubber(RulesOnly(), policy=replace(POLICY, max_chars=100_000)), [raw(1, **fields)])
    )
    assert "@corp.com" not in record.fields["first"] + record.fields["again"]


def test_overlapping_spans_are_refused() -> None:
    spans = [Span(0, 5, "PERSON", 1.0, "x"), Span(3, 8, "PERSON", 1.0, "x")]
    with pytest.raises(AssertionError):
        replace_spans("0123456789", spans, lambda entity_type, _: entity_type)


@pytest.mark.slow
def test_a_worker_that_dies_or_hangs_costs_only_its_record() -> None:
    records = [
        raw(1, m="fine"),
        raw(2, m="DIE secret"),
        raw(3, m="write to a@b.com"),
        raw(4, m="HANG secret"),
        raw(5, m="last"),
    ]
    with Workers(deadly_scrubber, 1, timeout_s=5.0) as workers:
        outcomes = workers.submit(records).result(timeout=120)
    assert [outcome.row for outcome in outcomes if isinstance(outcome, DroppedRow)] == [2, 4]
    assert outcomes[1] == DroppedRow(2, DropReason.SCAN_FAILED)
    assert outcomes[3] == DroppedRow(4, DropReason.SCAN_TIMED_OUT)
    assert isinstance(outcomes[2], ScrubbedRecord) and "a@b.com" not in outcomes[2].fields["m"]


def test_workers_that_cannot_start_stop_the_run_instead_of_dropping_it_all() -> None:
    with (
        Workers(broken_scrubber, 1, timeout_s=1.0) as workers,
        pytest.raises(RuntimeError, match="no model here"),
    ):
        workers.submit([raw(1, m="x")]).result(timeout=120)


def test_a_cell_that_is_one_of_the_allowed_values_passes_and_any_other_text_is_scanned() -> None:
    rule = {"answer": FieldRule("json", frozenset({"card_arrival"}))}
    assert [piece.text for piece in _pieces(RawRecord("r", 1, {"answer": "card_arrival"}), rule)] == []
    assert [piece.text for piece in _pieces(RawRecord("r", 1, {"answer": "card_arrivals"}), rule)] == [
        "card_arrivals"
    ]


class Counting(RulesOnly):
    """Counts the texts it is asked about."""

    asked = 0

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        self.asked += len(texts)
        return super().find(texts)


def test_a_text_that_came_before_is_not_scanned_again() -> None:
    finder = Counting()
    one = scrubber(finder)
    records = [raw(row, m="write to a@b.com", n="hello") for row in range(1, 9)]
    first, again = scrub_records(one, records[:4]), scrub_records(one, records[4:])
    assert finder.asked == 2
    assert {only([outcome]).fields["m"] for outcome in first + again} == {only(first[:1]).fields["m"]}
    assert not any(isinstance(kept, str) for pair in one.remembered.items() for kept in pair)


def test_a_failed_text_is_not_remembered_as_clean() -> None:
    one = scrubber(Raising())
    for _ in range(2):
        assert scrub_records(one, [raw(1, m="BOOM")]) == [DroppedRow(1, DropReason.SCAN_FAILED)]


def test_a_typed_cell_is_replaced_whole_and_its_value_wherever_the_record_has_it() -> None:
    rules = {
        "who": FieldRule("typed", entity_type="PERSON"),
        "nr": FieldRule("typed", entity_type="CUSTOMER_ID"),
    }
    record = only(
        scrub_records(
            scrubber(Raising(), rules),
            [raw(1, who=" Quux BOOM ", nr="77", message="then Quux said 77 is right")],
        )
    )
    assert [span.entity_type for span in record.spans["who"]] == ["PERSON"]
    who = record.fields["who"]
    assert who.startswith(" ") and who.endswith(" ") and "Quux" not in who and "BOOM" not in who
    assert "Quux" not in record.fields["message"] and who.split()[0] in record.fields["message"]
    assert record.fields["nr"] != "77"


def test_a_typed_cell_of_a_kept_type_stays() -> None:
    policy = replace(POLICY, actions={"PERSON": "keep"})
    rules = {"who": FieldRule("typed", entity_type="PERSON")}
    assert (
        only(scrub_records(scrubber(RulesOnly(), rules, policy), [raw(1, who="Quux")])).fields["who"]
        == "Quux"
    )


def test_a_finding_whose_action_is_drop_costs_the_record_and_no_other() -> None:
    policy = replace(POLICY, actions={"EMAIL_ADDRESS": "drop"})
    outcomes = scrub_records(
        scrubber(RulesOnly(), policy=policy), [raw(1, m="write to a@b.com"), raw(2, m="Mr. Lebowski")]
    )
    assert outcomes[0] == DroppedRow(1, DropReason.POLICY)
    assert isinstance(outcomes[1], ScrubbedRecord)


def test_dates_of_one_subject_move_together_and_those_of_two_do_not() -> None:
    rules = {"on": FieldRule("typed", entity_type="DATE_TIME")}
    records = [
        RawRecord(f"{row:016x}", row, {"on": day}, subject)
        for row, (day, subject) in enumerate(
            [("2024-02-01", "s"), ("2024-02-29", "s"), ("2024-02-01", "t"), ("2024-02-01", None)], 1
        )
    ]
    moved = [only([outcome]).fields["on"] for outcome in scrub_records(scrubber(RulesOnly(), rules), records)]
    first, second = map(date.fromisoformat, moved[:2])
    assert (second - first).days == 28 and len({moved[0], *moved[2:]}) == 3


def test_fingerprints_tell_what_was_removed_to_the_holder_of_the_key_only() -> None:
    record = only(scrub_records(scrubber(RulesOnly()), [raw(1, m="Mr. Lebowski, a@b.com")]))
    assert record.removed == {
        "EMAIL_ADDRESS": frozenset({fingerprint(KEY, "EMAIL_ADDRESS", "A@b.com")}),
        "PERSON": frozenset({fingerprint(KEY, "PERSON", "LEBOWSKI")}),
    }
    assert len(record.invented) == 2 and not record.invented & frozenset().union(*record.removed.values())
    assert fingerprint(bytes(32), "PERSON", "Lebowski") not in record.removed["PERSON"]
    assert "fingerprint" not in repr(record) and next(iter(record.removed["PERSON"])) not in repr(record)


def test_a_second_pass_gives_no_surrogate_that_the_first_pass_removed_somewhere() -> None:
    rules = {"nr": FieldRule("typed", entity_type="ORDER_ID")}
    records = [raw(row, nr=f"{row:03d}") for row in range(100, 400)]
    once = [only([outcome]) for outcome in scrub_records(scrubber(RulesOnly(), rules), records)]
    taken = frozenset().union(*(record.removed["ORDER_ID"] for record in once))
    clashing = [record for record in once if record.invented & taken]
    again = replace(
        scrubber(RulesOnly(), rules), replacements=Replacements(KEY, POLICY.action_by_type(), taken)
    )
    twice = [only([outcome]) for outcome in scrub_records(again, records)]
    assert clashing and not any(record.invented & taken for record in twice)
    changed = [new for old, new in zip(once, twice, strict=True) if old.fields != new.fields]
    assert len(changed) == len(clashing)


def test_batches_hold_every_record_in_order_and_end_at_a_number_of_records_or_of_characters() -> None:
    sizes = [1] * 300 + [15_000, 6_000, 14_000, 50_000, 2, 3]
    records = [raw(row, m="x" * size) for row, size in enumerate(sizes)]
    made = [[len(record.fields["m"]) for record in batch] for batch in batches(records)]
    assert made == [[1] * 256, [1] * 44 + [15_000], [6_000, 14_000], [50_000], [2, 3]]
    assert [record for batch in batches(records) for record in batch] == records
    assert list(batches([])) == []
