"""What the students under attack learnt from, and what was kept from them: of the run, and of those that it goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.stages import ancestors, planted, removed
from appliance.stages.context import Context, finished, read_examples, read_records
from distill.tasks.task import render
from distill.values import Example
from privacy.attack.planting import Planting, in_source, pooled


@dataclass(frozen=True, slots=True)
class LearntFrom:
    """All of it; the records of a source are named by `in_source`."""

    planting: Planting
    scrubbed: Mapping[str, str] = field(repr=False)
    """The text of every record that was kept."""
    train: Mapping[str, str] = field(repr=False)
    """What a student is asked about each training record."""
    rounds: tuple[tuple[Example, ...], ...] = field(repr=False)
    """Each run's own examples, the newest run first: replayed ones are those of the run that brought them in."""
    removed: frozenset[str] = field(repr=False)
    """Keyed fingerprints of what the scrubber took out."""


def read(context: Context) -> LearntFrom:
    """A student that went on learning may still say what it learnt first: a refresh is asked for all of it."""
    earlier = [] if context.refresh is None else ancestors.folders(context)
    plantings: list[Planting] = []
    rounds: list[list[Example]] = []
    scrubbed, train, prints = dict[str, str](), dict[str, str](), frozenset[str]()
    for place, folder in enumerate((*earlier, context.run_folder)):
        scrub, key = finished(folder, "scrub")[0], context.home.scrub_key()
        plantings.append(planted.read(context, scrub, key))
        prints = prints.union(*removed.removed_values(scrub).values())
        texts = {record.record_id: " ".join(record.fields.values()) for record in read_records(scrub)[0]}
        own = [each for each in read_examples(finished(folder, "curate")[0]) if each.record_id in texts]
        scrubbed |= {in_source(place, record_id): text for record_id, text in texts.items()}
        train |= {
            in_source(place, each.record_id): asked(context, each) for each in own if each.split == "train"
        }
        rounds.insert(0, own)
    known = frozenset(train.values())  # a record that was held out once may have been learnt since
    sides = tuple(
        tuple(each for each in own if each.split == "train" or asked(context, each) not in known)
        for own in rounds
    )
    return LearntFrom(pooled(plantings), scrubbed, train, sides, prints)


def asked(context: Context, example: Example) -> str:
    """What the student is asked about a record."""
    return render(context.use_case.task, example.fields, trained=True)[-1]["content"]
