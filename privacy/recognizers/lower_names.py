"""Finds names that nobody capitalised: in chats and transcripts, beside the words with which people name each other.

Covered: one to five words in lower case of which the first is none of the language's frequent words, between such a word
("this is", "asked") and another ("speaking", "from") or with a second such name word. Not covered: a name that is an everyday word
("will said so"), one with neither word beside it, text without a list of everyday words.
"""

from __future__ import annotations

import regex

from privacy.recognizers.people import NOT_NAMES, given_names, surnames
from privacy.recognizers.rule import Clock, matches, one_of
from privacy.recognizers.topics import speaks_of_somebody
from privacy.records import Span

# After these a person is named; a word that follows must say so too, unless the name has two words.
_CALLED = r"(?:man|woman|lady|guy|bloke|chap|fella|lad|lass|girl|boy|person|someone|somebody|engineer|technician|agent|advisor|adviser|friend|driver|rider|nurse|doctor|solicitor|officer|colleague|neighbou?r|volunteer|teacher|manager) (?:called|named)"
_UNDER = r"(?:booked|registered|listed|filed|reserved|made|it['’]?s|is|was|be|booking|account|name|down) under(?: the name(?: of)?)?|name of|(?:i|we) (?:spoke|talked) (?:to|with) was"
_BEFORE = (
    rf"{_CALLED}|{_UNDER}|"
    r"owner|tenant|landlord|landlady|keyholder|driver|member|resident|guest|host|passenger|victim|witness|suspect|claimant|defendant|complainant|applicant|volunteer|supervisor|engineer|technician|lodger|occupant|occupier|executor|pupil|student|"
    r"this is|my name is|name is|name's|named|called|i am|i'm|im|it's|its|hello|hi|hey|hiya|yo|dear|thanks|thank you|thx|cheers|asked|ask|told|tell|met|meet|meeting|saw|seen|know|knows|knew|"
    r"is|was|with|from|for|by|to|and|add|added|let|collected by|brought in by|seen by|visited by|admit(?:ted)?|discharged?|treat(?:ed)?|mr|mrs|ms|miss|dr|prof|cc|mention|ping|ping(?:ed)?|text(?:ed)?|email(?:ed)?|message(?:d)?|call|phone(?:d)?|rang|spoke to|spoke with|spoke 2|speak 2|talk to|talked to|talking to|speak to|speak with|speaking to|"
    r"remind|invite|invited|contact|dm|maybe|because|since|that|when|if|did|does|has|can|will|could|would|should|where is|where's|who is|who's|how is|how's|"
    r"(?:his|her|my|our|their|your) (?:brother|sister|son|daughter|wife|husband|mom|mum|mother|dad|father|nan|nana|gran|granny|grandma|grandpa|grandad|auntie|aunt|uncle|niece|nephew|cousin|partner|carer|flatmate|roommate|lodger|neighbou?r)|brother|sister|son|daughter|wife|husband|mom|mum|mother|dad|father|nan|gran|grandma|granddaughter|grandson|auntie|carer|lodger|friend|cousin|boss|manager|colleague|coworker|neighbou?r|roommate|flatmate|boyfriend|girlfriend|uncle|aunt|nephew|niece|doctor|nurse|teacher|patient|customer|client|agent|user|caller"
)
_SURE_BEFORE = (
    rf"{_CALLED}|{_UNDER}|"
    r"(?:his|her|my|our|their|your) \w+|this is|my name is|name is|name's|named|hello|hi|hey|hiya|dear|mr|mrs|ms|miss|dr|prof|spoke to|spoke with|spoke 2|speak 2|talk to|talked to|talking to|speak to|speak with|speaking to|asked|told|remind|where is|where's|who is|who's|how is|how's"
)
_AFTER = (
    r"here|speaking|calling|ringing|that's|thats|spelled|spelt|his|her|the|but|so|then|until|till|since|while|calls|called|says|said|told|asked|asks|wrote|writes|replied|sent|sends|from|at|in|on|is|was|isn't|wasn't|has|had|will|would|can|could|did|does|didn't|doesn't|still|"
    r"about|how|what|when|where|who|and|or|again|who|wants|wanted|needs|needed|lives|lived|works|worked|moved|left|joined|came|went|got|gets|for|to|please|thanks|i|we|you|he|she|my|your|any|are|do|"
    r"i'm|im|its|it's|um|uh|er|erm|wont|won't|cant|can't|dont|don't|isnt|wasnt|hasnt|knows|thinks|thought|never|always|just|now|today|tomorrow|yesterday|tonight|already|also|too|yet|if|because|with|before|after|last|that|whether|off|out|up|down|home|over"
)
_TOKEN = r"\p{Ll}[\p{Ll}'’-]{1,24}"
# Not within brackets.
_BETWEEN_BARS = regex.compile(r"\|(?![^()]*\))")
_RUN = regex.compile(
    rf"(?<![\w@.'’/-])(?P<before>{one_of(_BETWEEN_BARS.split(_BEFORE))})(?!\w)[,:]?[ ](?=(?P<x>{_TOKEN}(?:[ ](?:\p{{Ll}}\.(?=[ ]\p{{Ll}})|{_TOKEN})){{0,4}}))"
)
_SURE = regex.compile(rf"(?:{_SURE_BEFORE})")
_FOLLOWED = regex.compile(rf"(?:[ ](?:{_AFTER})(?![\w'’-])|\s?[,.?!;:)]|\s*$)", regex.MULTILINE)
_REST = regex.compile(
    rf"(?:[ ](?!(?:the|a|an|this|it|there|if|{_AFTER})(?![\w'’-]))[\p{{Ll}}'’.-]{{1,20}}){{1,3}}(?=[ ](?:{_AFTER})(?![\w'’-]))"
)
# What only somebody does; before it, at the beginning of a sentence or of its second half, stands who.
_DOES = (
    r"said|says|told|asked|rang|phoned|texted|emailed|thinks|thought|wants|wanted|knows|knew|lives|lived|forgot|promised|reckons|swears|drove|driving|drives|wrote|met|left|took|gave|broke|picked|sent|"
    r"came|went|has(?:n't|nt)? (?:left|gone|been|got)|is (?:off|sick|ill|away|late|coming|on)|isnt|isn't|can(?:no|'|’)?t (?:make|come|attend|find|get|pay|work)|won(?:'|’)?t (?:be|make|come)|will (?:be|come|call|ring|pick|bring)|wasnt|wasn't|needs|give|gives|make|come|get|say"
)
_DOER = regex.compile(
    rf"(?:^|(?<=[.!?,;:-][ ])|(?<=(?<![\w'’])(?:because|cos|cause|if|when|that|did|does|and|but|while|since|as|so|whether|where|why|can|could|will|would|should|has|had|think|hope|spoke 2|speak 2|talk 2|thanks|seen)[ ]))"
    rf"(?P<x>{_TOKEN}(?:[ ]{_TOKEN})??)(?=[ ](?:{_DOES})(?![\w'’-]))",
    regex.MULTILINE,
)
_SIGNED = regex.compile(
    rf"(?:(?<![\w'’])(?:cheers|thanks|thank you|ta|regards|love|sorry|best|bye|thx)[,.!]?\s{{1,2}}(?:[-–]\s?)?|(?<=[.!?])\s[-–~]\s?|^(?:you|user|caller|customer|visitor|client|guest|patient)[ ]?:[ ])(?P<x>{_TOKEN}(?:[ ]{_TOKEN}){{0,2}})(?=[.!]?\s*$)",
    regex.MULTILINE,
)
_PARTICLES = frozenset(
    "van von de der den del della di da dos du la le bin ibn al el ten ter zu af y st".split()
)
_SHORT_WORD = frozenset(
    "ok okay yeah yep nope nah lol omg btw idk pls plz thx ty np hmm ugh wow oops gonna wanna gotta kinda sorta dunno lemme gimme ya u ur r im ive id dont cant wont didnt doesnt isnt wasnt aint "
    "app apps wifi bluetooth login laptop blog vlog emoji meme selfie gif pdf url usb hdmi html css json api sql php faq admin config info inbox spam refund refunds voucher vouchers coupon "
    "everybody anybody somebody nobody everyone anyone someone whoever folks guys mate buddy dude bro sis hun honey babe darling sweetie sir madam ma'am gents ladies pal".split()
)
_ENDINGS = (
    "'s",
    "’s",
    "s",
    "es",
    "ed",
    "d",
    "ing",
    "er",
    "ers",
    "ly",
    "able",
    "ion",
    "ions",
    "al",
    "y",
    "ies",
    "less",
    "ness",
    "ful",
    "ment",
    "n't",
    "'ll",
    "'re",
    "'ve",
    "'d",
)


def find_lower_names(text: str, clock: Clock, words: frozenset[str]) -> list[Span]:
    """Spans of names in lower case; nothing where `words` is empty. Raises TimeoutError."""
    clock.left_s()
    if not words:
        return []
    spans = []
    names: dict[str, tuple[int, int]] = {}
    for match in matches(_RUN, text, clock):
        start, run = match.start("x"), match.group("x")
        if run not in names:
            names[run] = _name(run, words)
        length, count = names[run]
        end = start + length
        if not count:
            continue
        if not _FOLLOWED.match(text, end):
            # The rest of the name may be words of the language too: up to what such names are followed by.
            rest = _REST.match(text, end)
            if rest is None:
                continue
            end = rest.end()
        if count > 1 or _SURE.fullmatch(match["before"]) or text[start:end] in given_names():
            spans.append(Span(start, end, "PERSON", 0.4, "name in lower case"))
    return spans + _doers(text, words, clock) + _signed(text, words, clock)


def _signed(text: str, words: frozenset[str], clock: Clock) -> list[Span]:
    """Who ends a text, after a greeting or a dash; and whoever is all of an answer."""
    found = []
    for match in matches(_SIGNED, text, clock):
        run = match["x"].split(" ")
        if any(_is_name_word(word, words, follows=False) for word in run) and not all(
            word in words for word in run
        ):
            found.append(Span(match.start("x"), match.end("x"), "PERSON", 0.4, "signed in lower case"))
    return found


def _doers(text: str, words: frozenset[str], clock: Clock) -> list[Span]:
    """Who does what only somebody does: a listed name, or a word that is nobody's where the text speaks of somebody."""
    found = []
    for match in matches(_DOER, text, clock):
        run = match["x"]
        length, count = _name(run, words)
        whole = count and length == len(run)
        if whole and (any(word in given_names() for word in run.split()) or speaks_of_somebody(text)):
            found.append(
                Span(match.start("x"), match.end("x"), "PERSON", 0.4, "name of a doer in lower case")
            )
    return found


def _name(run: str, words: frozenset[str]) -> tuple[int, int]:
    """How long the name at the beginning of a run of words is, in characters and in name words."""
    end = count = at = 0
    for word in run.split(" "):
        plain = word.removesuffix("'s").removesuffix("’s")
        if _is_name_word(plain, words, follows=count > 0):
            count += 1
            end = at + len(plain)
        elif not (count and (word.endswith(".") or word in _PARTICLES)):
            break
        at += len(word) + 1
    return end, count


def _is_name_word(word: str, words: frozenset[str], follows: bool) -> bool:
    if len(word) < 3 or word in _SHORT_WORD:
        return follows and len(word) == 2 and word not in words and word in surnames()
    if word in given_names() or (follows and word in surnames()):
        return True
    if word in NOT_NAMES or word in words:
        return False
    stems = {word.removesuffix(ending) for ending in _ENDINGS}
    parts = word.split("-")
    return (
        stems.isdisjoint(words)
        and not all(part in words or len(part) < 2 for part in parts)
        and {stem + "e" for stem in stems}.isdisjoint(words)
    )
