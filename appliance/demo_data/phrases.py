"""How Larkfield's customers say things: phrasings that combine freely, so that no ticket repeats.

Slots: {p} the product, {t} when, {fee} what was paid for. Everything else is literal text.
"""

from __future__ import annotations

from collections.abc import Mapping

from appliance.demo_data.rules import Cue, Matter

# Customers do not use our labels. The first two of each row are a sales nickname and a model code, which
# nobody outside the company can map; the others are parts and descriptions.
PRODUCT_NAMES: Mapping[str, tuple[str, ...]] = {
    "meter": (
        "pebble", "PB-2", "usage counter", "kWh counter", "pulse clip", "reading display", "readout panel",
    ),
    "battery": (
        "loaf", "ST-8", "storage tower", "storage cabinet", "cell stack", "backup pack", "lithium box",
    ),
    "inverter": (
        "biscuit", "KV-5", "solar box", "solar converter", "DC converter", "roof converter", "string box",
    ),
    "charger": (
        "lasso", "DQ-22", "wallbox", "car plug", "van plug", "EV post", "driveway post",
    ),
    "heatpump": (
        "badger", "HZ-9", "outdoor unit", "big fan unit", "compressor", "air-to-water machine",
        "hot water machine",
    ),
    "thermostat": (
        "button", "RT-3", "hall dial", "room dial", "room sensor", "temperature knob", "heating dial",
    ),
}  # fmt: skip
ADJECTIVES = ("", "", "", "", "new ", "old ", "small ", "grey ", "white ")
DETERMINERS = ("the", "the", "our", "my")

FEES = ("monthly fee", "care plan", "service fee", "subscription", "plan", "yearly cover", "rental", "add-on")

RECENT = (
    "yesterday", "this morning", "on Monday", "this week", "last week", "two days ago", "last night",
    "over the weekend", "a few days ago", "three weeks ago", "two weeks ago", "last month", "two months ago",
)  # fmt: skip
LONG_AGO = (
    "last year", "half a year ago", "six months ago", "a year ago", "the year before last", "ages ago",
    "eight months ago", "two years ago", "in the previous year", "over a year ago", "ten months ago",
)  # fmt: skip

MATTERS: Mapping[Matter, tuple[str, ...]] = {
    Matter.OVERCHARGE: (
        "you charged me twice for {p} {t}",
        "{t} you charged the {fee} for {p} although I had cancelled it",
        "{t} the {fee} for {p} left my bank two times",
        "I was charged double for {p} {t}",
        "the {fee} for {p} was taken a second time {t}",
        "{t} there were two identical charges for {p}",
        "I cancelled the {fee} for {p}, yet money was taken {t}",
        "{t} I was charged for {p} even though I had sent it back",
        "a duplicate charge for {p} appeared {t}",
        "you took too much money for {p} {t}",
    ),
    Matter.BILL_QUESTION: (
        "the invoice for {p} that came {t} is higher than I expected",
        "I do not follow the second line on the invoice for {p} from {t}",
        "could I pay the {fee} for {p} each quarter instead",
        "please send a copy of the invoice for {p} from {t}",
        "I read the invoice for {p} twice and cannot see what the {fee} covers",
        "please explain the invoice for {p}, it came {t}",
        "how is the {fee} for {p} worked out",
        "I would like paper invoices for {p}",
        "which tax rate is in the {fee} for {p}",
    ),
    Matter.FAULT: (
        "{p} stopped working {t}",
        "{p} has been dead since it failed {t}",
        "{t} {p} went dark and nothing helps",
        "{p} keeps switching itself off, first seen {t}",
        "there is an error light on {p}, it came up {t}",
        "{p} makes a grinding noise, it started {t}",
        "{p} broke down {t}",
        "{p} will not start any more, I noticed {t}",
        "{p} is broken, it failed {t}",
        "{p} only shows a red error light, I saw it {t}",
    ),
    Matter.CONNECTION: (
        "{p} dropped off the wifi {t}",
        "the app cannot find {p}, I first saw it {t}",
        "I cannot pair {p} with the app, tried {t}",
        "{p} shows as offline in the app, first seen {t}",
        "after the update {t} the app lost {p}",
        "{p} refuses the new router we got {t}",
        "the app is stuck on searching for {p}",
        "{p} will not join our wifi",
        "no data from {p} in the app, it vanished {t}",
        "bluetooth setup of {p} fails at the last step",
    ),
    Matter.NO_SHOW: (
        "nobody came for {p} {t}, I paid for the visit",
        "your engineer never turned up for {p} {t}",
        "{t} I waited all day for the engineer to see {p} and nobody came",
        "the engineer for {p} did not show up {t}",
        "{t} your engineer simply did not come for {p}",
        "the visit for {p} was missed by your team {t}",
        "I waited at home {t} for {p} but the engineer never arrived",
        "the visit for {p} {t} was paid and never happened",
        "the engineer for {p} stood us up {t}",
    ),
    Matter.APPOINTMENT: (
        "I need another date for {p}",
        "can you deliver {p} in the afternoon",
        "when will {p} be delivered, I ordered {t}",
        "please tell me when {p} is delivered, I ordered {t}",
        "the parcel with {p} is still not here, I ordered {t}",
        "I must move the date for {p} that we made {t}",
        "who do I ask about the delivery of {p}",
        "we ordered {p} {t} and have no date yet",
        "could you deliver {p} a week later",
    ),
    Matter.MOVE: (
        "we are moving house and {p} should come along",
        "I am selling the house, what happens to {p}",
        "please put the contract for {p} on my new tenant",
        "I got married {t} and the contract for {p} has my old surname",
        "how do I hand {p} over to the next owner",
        "we moved {t} and left {p} behind for the new owner",
        "I want to end the contract for {p} as we are moving out",
        "the new owner took over {p} {t}, please change the contract",
        "please transfer the contract for {p} to my partner",
    ),
}

# A symptom that only one product has, now and then instead of a general one.
OWN_FAULTS: Mapping[str, tuple[str, ...]] = {
    "meter": ("{p} only shows zeros, first seen {t}", "{p} counts backwards, noticed {t}"),
    "battery": ("{p} drains within an hour, first seen {t}", "{p} got stuck at 9 percent {t}"),
    "inverter": ("{p} feeds nothing in despite full sun, it began {t}", "{p} trips at noon, it began {t}"),
    "charger": ("{p} would not let go of the car {t}", "{p} stops at 3 percent every time, first seen {t}"),
    "heatpump": ("{p} ices up every night, it began {t}", "{t} {p} gave only cold water"),
    "thermostat": ("{p} reads 31 degrees all day, first seen {t}", "{p} ignores what I set, noticed {t}"),
}

CUES: Mapping[Cue, tuple[str, ...]] = {
    Cue.SAFETY: (
        "it smells of burning", "there is a burning smell", "I saw sparks", "it sparks now and then",
        "it gets too hot to touch", "it gave me a shock", "my son got a shock from it", "there was smoke",
        "smoke came out of the side", "bare wires are hanging out", "water drips on the wires",
    ),
    Cue.BUSINESS: (
        "we run a {trade} here", "this is for our {trade}", "it is at our {trade}", "our {trade} needs it",
        "I am writing for the {trade}", "the {trade} depends on it", "it belongs to our {trade}",
    ),
    Cue.SECOND_CONTACT: (
        "I already {told} you about this", "this is my {nth} message",
        "I {told} you before and got no answer", "this is the {nth} time I write",
        "you never answered my {nth} message", "I {told} you already last time",
        "still no answer to my {nth} message", "asking for the {nth} time now",
        "I am writing again about it", "still nobody answered me",
    ),
    Cue.DEADLINE: (
        "it has to be sorted by {day}", "I need it done before {day}", "the inspector comes on {day}",
        "we have guests from {day}", "please before {day}", "it cannot wait past {day}",
        "the deadline is {day}", "I leave on {day} so it must be before that",
    ),
    Cue.NO_RUSH: (
        "no rush at all", "there is no rush", "it is not urgent", "this is nothing urgent", "take your time",
        "whenever you have time", "there is no hurry", "no hurry from my side", "it can wait",
        "that can wait a while", "any time that suits you is fine",
    ),
}  # fmt: skip
CUE_PARTS: Mapping[str, tuple[str, ...]] = {
    "trade": (
        "bakery", "dental practice", "guest house", "school", "workshop", "cafe", "care home",
        "hair salon", "hotel", "restaurant",
    ),
    "told": ("told", "wrote to", "rang", "mailed", "phoned"),
    "nth": ("second", "third", "fourth"),
    "day": ("Friday", "Saturday", "Sunday", "Thursday", "Wednesday", "the 15th"),
}  # fmt: skip

# Says nothing about any label: colour, and a second product that is not the one meant.
FILLERS = (
    "the manual did not help", "I hope you can help", "please let me know", "what should I do",
    "I was quite happy with you so far", "this is really annoying!!", "honestly, what a joke!",
    "I am not good with these things", "my neighbour has the same trouble", "I looked at your website first",
    "can someone explain this to me?", "I AM FED UP", "it used to be so simple", "my husband says the same",
    "please send me a short answer", "I would be glad of some advice", "sorry for the long mail",
    "very disappointed, to be honest", "I have been a customer for years", "what is the next step?",
    "not what I signed up for", "do you need photos?", "I attach nothing as I have no scanner",
)  # fmt: skip
OTHER_PRODUCT = (
    "{p} is fine by the way", "nothing wrong with {p}", "{p} runs well, I must say", "this is not about {p}",
    "{p} next to it is not affected", "happy with {p} though",
)  # fmt: skip

ASKS = ("can ", "could ", "what ", "when ", "how ", "who ", "which ")
"""A sentence that starts so ends in a question mark."""

GREETINGS = (
    "Hello,", "Hi,", "Hi there,", "Dear Larkfield team,", "Good morning,", "Dear Sir or Madam,", "Hey,",
    "To whom it may concern,", "Good evening,", "Hello Larkfield,",
)  # fmt: skip
SIGN_OFFS = (
    "Thanks,", "Kind regards,", "Regards,", "Best wishes,", "Many thanks,", "Yours,", "Cheers,", "Thank you,",
    "Best,", "Yours sincerely,",
)  # fmt: skip
