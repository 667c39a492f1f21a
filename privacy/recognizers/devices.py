"""Finds what is fastened to a person's things or body: devices, their addresses and ids, biometrics, photo files.

Covered: IMEI, ICCID, IMSI, MAC addresses, UUIDs, serials and advertising ids beside a word, fingerprint and face
templates, names of picture files that cameras give or that say whose they are. Not covered: the pictures themselves.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Rule, grouped, words
from privacy.recognizers.worded import ANY_ID, Kind, labelled, telling

_MAC = regex.compile(
    r"(?<![0-9a-z])(?<!(?<![a-z0-9])[0-9a-f]{1,4}[:.-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1[0-9a-f]{2}\1)?[0-9a-f]{2}(?![0-9a-z]|[:-][0-9a-f]{1,2}(?![0-9a-z]))|(?<![0-9a-z])(?<![0-9a-f][:.-])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-z]|[:.-][0-9a-f])",
    regex.IGNORECASE,
)
_MAC_BARE = regex.compile(
    r"(?<![\w:.-])(?P<x>(?=[a-f]{0,11}[0-9])[0-9a-f]{12}|[0-9a-f]{2}(?:[:. -][0-9a-f]{2}){5}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})(?![\w:-])",
    regex.IGNORECASE,
)
# What is handed out (RFC 4291, RFC 4193), also right behind a label or before a colon.
_IPV6 = regex.compile(
    r"(?<![0-9a-z])(?:[23][0-9a-f]{3}|fe[89ab][0-9a-f]|f[cd][0-9a-f]{2}):(?:(?:[0-9a-f]{1,4}:){6}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:){0,5}(?::[0-9a-f]{1,4}){1,6})(?![0-9a-z]|:[0-9a-f])",
    regex.IGNORECASE,
)
# "/accounts/4481220/balance": the folder says whose number it is.
_IN_PATH = regex.compile(
    r"/(?:accounts?|patients?|members?|users?|customers?|clients?|persons?|people|claims?|polic(?:y|ies)|profiles?|employees?|staff|encounters?|students?|subjects?|participants?|subscribers?|beneficiar(?:y|ies)|residents?|donors?|providers?|practitioners?|devices?|charts?)/"
    r"(?P<x>(?=[A-Za-z_-]{0,10}[0-9])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+){0,5}+)(?=[/?#.\s\"']|$)",
    regex.IGNORECASE,
)
_UUID = regex.compile(
    r"(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])", regex.IGNORECASE
)
_IMEI = regex.compile(
    r"(?<![\w.+-])[0-9]{2}[- ]?[0-9]{6}[- ]?[0-9]{6}[- ]?[0-9](?:[- ]?[0-9])?(?![\w]|[-.][0-9])"
)
# TACs are handed out under these (GSMA TS.06); a random number of 15 digits rarely begins so and passes Luhn too.
_IMEI_KNOWN = regex.compile(
    r"(?<![\w.+-])(?:01|35|86|99)[- ]?[0-9]{4}[- ]?[0-9]{2}[- ]?[0-9]{6}[- ]?[0-9](?![\w]|[- .][0-9])"
)
_ICCID = regex.compile(r"(?<![\w.+-])89[0-9]{2}[ -]?(?:[0-9]{4}[ -]?){3}[0-9]{2,4}F?(?![\w]|[-.][0-9])")
_HEX_ID = regex.compile(
    r"(?<![\w-])(?P<x>(?=[a-zA-Z]{0,14}[0-9_.-])[0-9A-Za-z][0-9A-Za-z._-]{4,78}[0-9A-Za-z])(?![\w-])"
)
_PICTURE = r"\.(?:jpe?g|png|heic|heif|tiff?|gif|bmp|webp|raw|cr2|nef|dng|dcm|mp4|mov)"
# What cameras and phones call their files (DCF: four letters and four digits; the rest are makers' habits).
_CAMERA = regex.compile(
    rf"(?<![\w-])(?:IMG|DSC[NF]?|DSCF|PXL|MVIMG|P10|GOPR|DCIM|SAM|VID|WIN|PHOTO|PIC|PICT|CIMG|100_|HPIM|IMAG|SNC|MOV|WhatsApp Image )[-_]?(?=[\w. -]{{0,20}}[0-9]{{3}})(?:(?<=WhatsApp Image )[\w. -]{{4,40}}?|[\w-]{{0,40}}+){_PICTURE}(?!\w)",
    regex.IGNORECASE,
)
_CAMERA_BARE = regex.compile(
    r"(?<![\w-])(?:IMG|DSC[NF]?|PXL|MVIMG|DSCF)_?[0-9]{4,8}(?:[_-][0-9]{3,9})?(?![\w-])"
)
_PORTRAIT_WORDS = r"face|faces|facial|photo|photos|portrait|selfie|headshot|mugshot|picture|passport|avatar|profile|patient|badge|id|scan|xray|x-ray|mri|retina|iris|before|after|wound|full[_-]?face"
_PORTRAIT = regex.compile(
    rf"(?<![\w.-])(?=[\w .-]{{0,60}}?(?<![a-zA-Z])(?:{_PORTRAIT_WORDS})(?![a-zA-Z]))[\w-]{{1,60}}+(?:\.[\w-]{{1,20}})??{_PICTURE}(?!\w)",
    regex.IGNORECASE,
)
_PICTURE_FILE = regex.compile(rf"(?<![\w.-])[\w-]{{2,64}}+{_PICTURE}(?!\w)", regex.IGNORECASE)
_OF_A_PERSON = words(
    r"photos?", r"photograph\w*", r"pictures?", r"portraits?", r"selfies?", r"headshots?", r"mug ?shots?", r"faces?", r"facial", r"snapshot", r"his image", r"her image", r"their image", r"patient", r"x-?rays?", r"scan of", r"likeness",
)  # fmt: skip


def valid_luhn(found: str) -> bool:
    """Luhn's formula over the digits (ISO/IEC 7812-1 annex B)."""
    digits = [int(char) for char in found if char.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0 and len(set(digits)) > 1


RULES = (
    Rule("mac", "MAC_ADDRESS", _MAC, 0.9),
    Rule("ipv6", "IP_ADDRESS", _IPV6, 0.6),
    Rule("number in a path", "REFERENCE_ID", _IN_PATH, 0.5),
    Rule("uuid", "REFERENCE_ID", _UUID, 0.6),
    Rule("imei", "DEVICE_ID", _IMEI_KNOWN, 0.9, accept=valid_luhn),
    Rule("iccid", "DEVICE_ID", _ICCID, 0.9, accept=valid_luhn),
    Rule("camera file", "BIOMETRIC_ID", _CAMERA, 0.7),
    Rule("camera number", "BIOMETRIC_ID", _CAMERA_BARE, 0.6),
)
PICTURE_RULES = grouped(
    Rule("portrait file", "BIOMETRIC_ID", _PORTRAIT, 0.6, needs_digit=False),
    Rule("picture of a person", "BIOMETRIC_ID", _PICTURE_FILE, 0.6, context=_OF_A_PERSON, needs_digit=False),
)
"""For texts with a picture file's ending; most have none."""
HAS_PICTURE = regex.compile(_PICTURE + r"(?!\w)", regex.IGNORECASE)

_DEVICES = r"handset|phone|mobile|laptop|tablet|computer|machine|pump|pacemaker|implant|defibrillator|icd|stent|monitor|meter|sensor|hearing aid|ventilator|scanner|watch|wearable|router|modem|terminal|printer|camera|drone|glucometer|cpap|insulin pump|wheelchair|prosthesis|prosthetic|lead|generator|stimulator|valve|equipment|appliance|hardware|unit"

KINDS: tuple[Kind, ...] = (
    Kind("imei worded", "DEVICE_ID", (r"imei(?:sv)?", r"meid", r"esn", r"tac"), _IMEI, far=_IMEI, check=valid_luhn),
    telling("sim worded", "DEVICE_ID", r"imsi", r"iccid", r"sim card", r"esim", r"eid", r"android id", r"udid", r"udi", r"hwid", r"asset tag", r"asset"),
    telling(
        "serial worded", "DEVICE_ID",
        r"serial(?:led|ized)?", r"s/n", r"serial no", r"serien nummer", r"seriennummer", r"geräte nummer", r"sn", r"ser\. no", r"numéro de série", r"número de serie", r"numero di serie", r"serienummer", r"numer seryjny",
        r"device(?: serial)?",
    ),
    labelled(
        "device labelled", "DEVICE_ID", r"sim",
        *_DEVICES.split("|"),
    ),
    Kind("mac worded", "MAC_ADDRESS", (r"mac(?: addr(?:ess)?)?", r"hardware addr(?:ess)?", r"physical addr(?:ess)?", r"ethernet addr(?:ess)?", r"bluetooth(?: addr(?:ess)?)?", r"wi fi addr(?:ess)?", r"bssid"), _MAC_BARE, far=_MAC),
    Kind(
        "tracking id worded", "DEVICE_ID",
        (r"idfa", r"idfv", r"gaid", r"aaid", r"adid", r"advertising(?: id)?", r"ad id", r"cookie(?: id| value)?", r"tracking cookie", r"visitor (?:id|cookie)", r"device fingerprint", r"browser fingerprint", r"session (?:id|cookie|identifier)", r"client (?:id|cookie)", r"ga client", r"analytics id", r"push token", r"installation id", r"fbp", r"gclid"),
        _HEX_ID,
    ),
    Kind(
        "biometric worded", "BIOMETRIC_ID",
        (
            r"bio ?metric\w*(?: \w+)?", r"finger print\w*(?: \w+)?", r"thumb print\w*(?: \w+)?", r"palm (?:print|vein|scan)\w*(?: \w+)?", r"retina\w*(?: \w+)?", r"retinal(?: \w+)?", r"iris(?: \w+)?", r"face (?:id|template|print|scan|geometry|hash|vector|encoding|record)\w*(?: \w+)?", r"facial(?: \w+)?", r"face print\w*",
            r"voice (?:print|id|template|sample|recording|signature)\w*(?: \w+)?", r"voiceprint\w*", r"gait(?: \w+)?", r"dna(?: \w+)?", r"genetic(?: \w+)?", r"genome(?: \w+)?", r"hand geometry", r"ear print", r"signature (?:template|id|sample)", r"fingerabdruck\w*", r"gesichts\w*", r"empreintes?(?: \w+)?", r"huella\w*(?: \w+)?", r"impronta\w*(?: \w+)?",
        ),
        ANY_ID, far=regex.compile(r"(?<![\w$€£])(?P<x>(?=[A-Za-z_-]{0,10}[0-9])[A-Za-z0-9]{1,12}(?:[-_/:.][A-Za-z0-9]{1,14}){1,4}|[A-Z]{1,6}[0-9]{3,12}|[0-9]{6,12}|[0-9a-f]{12,64})(?![\w%]|[.,][0-9])"),
    ),
)  # fmt: skip
