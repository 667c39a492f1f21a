"""Finds the numbers firms, schools and authorities give to people: customer, employee, order, case and other ids.

Covered: an id beside a word that says so, in English and the usual words of seven other languages, and ids whose
letters say so ("CUST-0042"). Not covered: an id without any such word.
"""

from __future__ import annotations

import re

import regex

from privacy.recognizers.rule import Rule
from privacy.recognizers.worded import Kind, labelled, telling

_TAIL = r"[-_#/]?(?=[A-Z0-9-]{0,6}[0-9]{2})[A-Z0-9](?:-?[A-Z0-9]){2,24}+(?!\w)"
_SPACED = r"[ ](?=[0-9]{4})[0-9]{4,16}(?!\w)"


def _prefixed(letters: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<![\w-])(?:{letters})(?:{_TAIL}|{_SPACED})")


RULES = (
    Rule("customer prefixed", "CUSTOMER_ID", _prefixed("ACC|ACCT|CUST|CUS|CLI|CLNT|MEM|MBR|USR|UID|CID|SUB|LOY|STU"), 0.6),
    Rule("employee prefixed", "EMPLOYEE_ID", _prefixed("EMP|EMPL|STF|STAFF|BDG|PERS|PN"), 0.6),
    Rule("order prefixed", "ORDER_ID", _prefixed("ORD|ORDER|INV|PO|SO|BK|BKG|RES|TRX|TXN|RMA|SHP|TRK|RCPT|PNR|DEL"), 0.6),
    Rule("number sign", "ORDER_ID", regex.compile(r"(?<=[(\[])#(?P<x>[0-9]{6,12})(?=[)\]])"), 0.45),
    Rule("booking code", "ORDER_ID", regex.compile(r"(?<!\w)(?i:booking|pnr|record locator|locator|reservation|confirmation)(?i:[ ](?:code|ref(?:erence)?|no\.?|number))?[ :#]{1,3}(?P<x>[A-Z0-9]{6})(?!\w)"), 0.6, needs_digit=False),
    Rule("code of capitals", "REFERENCE_ID", regex.compile(r"(?<!\w)(?i:polic(?:y|ies)|claim|member|group|voucher|case|ref(?:erence)?|auth(?:ori[sz]ation)?|job|ticket|order)(?i:[ ](?:code|id|no\.?|number))?[ :#]{1,3}(?P<x>(?=[A-Z]*[B-DF-HJ-NP-TV-XZ]{3})(?=[A-Z]*[AEIOUYJQXZ])[A-Z]{6})(?!\w)"), 0.5, needs_digit=False),
    Rule("case prefixed", "CASE_ID", _prefixed("TKT|TICKET|CASE|CLM|CLAIM|INC|REQ|SR|CS|DKT|CMP"), 0.6),
    Rule("reference prefixed", "REFERENCE_ID", _prefixed("REF|POL|CTR|AGR|APP|DOC|FILE|CERT|LIC"), 0.6),
    Rule("federal case", "CASE_ID", regex.compile(r"(?<![\w:-])[0-9]{1,2}:[0-9]{2}-[A-Za-z]{2}-[0-9]{3,6}(?:-[A-Z]{2,4}){0,3}(?!\w)"), 0.76),
    Rule("parcel", "ORDER_ID", regex.compile(r"(?<!\w)(?:1Z[0-9A-Z]{16}|[A-Z]{2}[0-9]{9}[A-Z]{2}|9[2-4][0-9]{20})(?!\w)"), 0.75),
)  # fmt: skip

# What has an id or a number and is nobody's.
_OF_A_THING = re.compile(
    r"(?<!\w)(?:part|model|version|catalog(?:ue)?|page|build|port|error|line|lot|batch|issue|sku|item|products?|process|thread|element|node|row|column|"
    r"table|event|job|task|commit|trace|span|container|image|class|channel|colou?r|font|app|bundle|topic|resource|movie|song|game|species|gene|protein|"
    r"prime|random|atomic|winning|lucky|room|chapter|magic|serial port|phone|vendor|status)[ _-]$",
    re.IGNORECASE,
)

KINDS: tuple[Kind, ...] = (
    telling(
        "employee worded", "EMPLOYEE_ID",
        r"badge", r"staff (?:id|number|no|code|card|badge|member)", r"payroll", r"personnel", r"emp (?:id|no|number)", r"empl id", r"worker (?:id|number|no)", r"clock (?:number|no|card)", r"service number", r"warrant (?:card|number)", r"timesheet", r"hr (?:file|record|id|number)", r"personal nummer", r"mitarbeiter\w*", r"matricule", r"matricola", r"número de empleado", r"legajo", r"personeels\w*", r"numer pracownika",
    ),
    labelled("employee labelled", "EMPLOYEE_ID", r"employee (?:badge|file)", r"shield", r"work", r"ee", r"employee", r"staff", r"worker", r"contractor", r"officer", r"agent", r"driver", r"nurse", r"crew", r"operator", r"inspector", r"technician"),
    telling(
        "customer worded", "CUSTOMER_ID",
        r"membership", r"loyalty", r"frequent fl(?:y|i)er", r"mileage", r"rewards?", r"library card", r"matriculation", r"enrolment", r"kunden nummer", r"kundennr", r"mitglieds nummer", r"matrikel\w*", r"numéro (?:de )?client", r"número de cliente", r"codice cliente", r"klant nummer", r"numer klienta", r"gamer tag", r"mpan", r"mprn",
    ),
    labelled(
        "customer labelled", "CUSTOMER_ID",
        r"customer", r"customer account", r"client", r"member", r"student (?:card|record)", r"subscriber", r"student", r"pupil", r"user", r"person", r"tenant", r"guest", r"passenger", r"donor", r"applicant", r"candidate", r"respondent", r"household", r"resident", r"inmate", r"prisoner", r"offender", r"profile", r"voter", r"learner", r"contact", r"lead", r"vendor", r"supplier", r"merchant", r"rider", r"player", r"traveller", r"traveler", r"owner", r"beneficiary", r"taxpayer", r"kunde", r"cliente?",
    ),
    telling(
        "order worded", "ORDER_ID",
        r"purchase order", r"work order", r"tracking", r"awb", r"waybill", r"consignment", r"confirmation", r"pnr", r"record locator", r"booking", r"reservation", r"eticket", r"invoice", r"receipt", r"transaction", r"shipment", r"parcel", r"bestell nummer", r"rechnungs nummer", r"auftrags nummer", r"sendungs nummer", r"buchungs\w*", r"numéro de commande", r"commande", r"facture", r"pedido", r"factura", r"ordine", r"fattura", r"bestelling", r"factuur", r"encomenda", r"fatura", r"zamówieni\w*", r"faktur\w*",
    ),
    labelled("order labelled", "ORDER_ID", r"order", r"delivery", r"purchase", r"payment", r"refund", r"return", r"subscription"),
    Kind("order", "ORDER_ID", (r"order", r"package", r"rma", r"pick up")),
    telling(
        "case worded", "CASE_ID",
        r"claim", r"docket", r"incident", r"complaint", r"police report", r"crime (?:ref|reference|number|report)", r"court (?:case|file)", r"support ticket", r"ticket", r"petition", r"citation", r"warrant", r"booking number", r"aktenzeichen", r"schaden nummer", r"schadens nummer", r"dossier", r"expediente", r"pratica", r"sinistro", r"siniestro", r"zaaknummer", r"dossiernummer", r"processo", r"sygnatur\w*", r"szkod\w*",
    ),
    labelled("case labelled", "CASE_ID", r"case(?! of\b| you\b| we\b| the\b| it\b)", r"case file", r"file", r"report", r"matter", r"request", r"enquiry", r"inquiry", r"appeal", r"application", r"grievance", r"referral", r"investigation", r"hearing", r"evidence", r"log", r"call", r"appointment"),
    telling(
        "policy worded", "REFERENCE_ID",
        r"deed", r"parcel (?:id|number|no)", r"apn", r"title deed", r"vertrags nummer", r"versicherungs nummer", r"numéro de (?:contrat|police|référence)", r"número de (?:póliza|referencia|contrato)", r"póliza", r"numero di (?:polizza|riferimento|contratto)", r"polizza", r"apólice", r"numer (?:polisy|umowy|sprawy)", r"polis",
    ),
    telling("reference worded", "REFERENCE_ID", r"reference", r"ref", r"unique (?:id|identifier|code|number|reference)", r"identifier", r"identification", r"pseudonym", r"study code", r"subject code", r"barcode", r"bar code", r"qr code", r"locker", r"safe deposit", r"tag number", r"microchip", r"kinship", r"code name", r"aktennummer", r"referenz\w*", r"référence", r"referencia", r"riferimento", r"referentie"),
    labelled("id labelled", "REFERENCE_ID", r"policy", r"policy document", r"contract", r"lease", r"agreement", r"document", r"loan", r"property", r"barcode", r"tracking", r"transaction", r"access", r"security", r"entry", r"key card", r"unique", r"linked", r"internal", r"external", r"universal", r"individual", r"registry", r"register(?:ed)?", r"registration", r"serial", r"control", r"charity", r"company", r"business", r"seller", r"listing", r"meter", r"gate", r"locker", r"form", r"wristband", r"bracelet", r"roll", r"wrist band", r"seat", r"certificate"),
    Kind("id", "REFERENCE_ID", (r"id", r"number (?:is|was|reads|ends)", r"under number", r"by number"), score=0.6, unless_after=_OF_A_THING),
)  # fmt: skip
