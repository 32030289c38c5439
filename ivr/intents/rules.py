"""Small answers and the wish for a person, decided by words alone, so that "sì" never meets a classifier.

It decides `yes`, `no`, `repeat`, `nothing_else`, `english`, `italian` and `person`; requests are left to the
classifier. A rule for
a person errs on the side of a person: DESIGN.md 1 promises that the wish is never argued with.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.intents.words import without_fillers

SMALL = frozenset({"yes", "no", "repeat", "english", "italian", "nothing_else", "privacy", "withdraw_consent"})


# Words that behind a yes or no only underline it: "sì, proprio per quello" asks for nothing.
UNDERLINING: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "it": frozenset(
            [
                "sì",
                "si",
                "no",
                "proprio",
                "per",
                "quello",
                "quella",
                "quelli",
                "quelle",
                "quell'ordine",
                "questo",
                "questa",
                "quest'ordine",
                "l'ordine",
                "ordine",
                "esatto",
                "esattamente",
                "certo",
                "infatti",
                "giusto",
                "appunto",
                "lì",
                "è",
                "chiamo",
                "grazie",
                "va",
                "bene",
                "così",
                "davvero",
            ]
        ),
        "en": frozenset(
            [
                "yes",
                "yeah",
                "yep",
                "no",
                "that",
                "that's",
                "one",
                "it",
                "it's",
                "is",
                "the",
                "this",
                "order",
                "exactly",
                "right",
                "correct",
                "sure",
                "please",
                "thanks",
                "for",
                "about",
                "indeed",
                "thank",
                "you",
            ]
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the rules found, and what the caller said behind it."""

    name: str
    by: str  # "rule" or "phrase"
    rest: str = ""  # words after a leading yes or no: "no vorrei fare un reso" leaves "vorrei fare un reso"


_WHO_IT = (
    r"(?:operator[ei]|operatric[ei]|operatò|person[ae]|uman[oi]|umana|essere umano|qualcun[oa]"
    r"|quarcuno|cristian[oi]|consulent[ei]"
    r"|addett[oaei]|impiegat[oaei]|incaricat[oa]|responsabile|direttore|direttrice|supervisore|capo"
    r"|collega|colleghi|signorina"
    r"|agente|rappresentante|centralino|centralinista|assistenza|servizio clienti|anima viva"
    r"|specialista|esperto|tecnico|referente|commess[oa]|anna dell'assistenza)"
)
_BETWEEN_IT = (
    r"(?:(?:un|uno|una|un'|il|lo|la|i|gli|l'|con|col|coi|co|a|ad|al|allo|alla|all'|di|del|della"
    r"|dell'|da|dal|qualche|pure|solo|subito|direttamente"
    r"|vostr[oaie]|su[oa]|mi[oa]|per|favore|cortesia|vero|vera|ufficio|voi|in|linea|contatto|essere"
    r"|degli?|altr[oa]|bel|sto|sta|n')\s*){0,6}"
)
_ASK_IT = (
    r"(?:parl(?:are|à|o|iamo|arci)|riparlare|pass(?:i|a|are|ami|atemi|armi|ate|ame|aci)|ripass(?:i|a"
    r"|ami|armi|are)|mett(?:imi|etemi|ermi|ete|i|a)"
    r"|colleg(?:a|ami|atemi|hi)|contatt(?:are|o)|vogl(?:io|iamo)|vorrei|vojo|serve|servirebbe"
    r"|bisogno|d(?:ammi|atemi|ia|ia pure|are)"
    r"|preferisco|preferirei|cerco|cercavo|chied(?:o|evo|ere)|aspetto|risponda|c'è|esiste|possibile"
    r"|fatemi|fammi|premo|premere|tasto)"
)
_PERSON_IT = (
    rf"\b{_ASK_IT}\s+{_BETWEEN_IT}{_WHO_IT}\b",
    (
        r"\b(?:essere umano|persona vera|persona reale|persona umana|operatore umano|carne e ossa"
        r"|carne ed ossa|voce umana|anima viva)\b"
    ),
    r"\b(?:assistenza|supporto|contatto|aiuto) uman[oa]\b",
    (
        r"\bnon (?:voglio |mi va di )?parl(?:o|are) con (?:un|una|i|le|sta|questa|questo"
        r"|sto)? ?(?:macchin\w+|robot|computer|risponditore|voce)\b"
    ),
    r"\b(?:niente|basta|no) (?:robot|macchine|computer|bot)\b",
    r"\b(?:mi (?:fate|faccia|fa|faccio) )?(?:ri)?chiam(?:are|ato|ata) da (?:qualcuno|un|una|voi)\b",
    (
        r"^(?:eh |no |sì |ma )*(?:(?:un|una|l'|il|la|di|d'|n') ?)?(?:operator[ei]|operatrice|persona"
        r"|umano|essere umano|consulente|addetto|responsabile"
        r"|supervisore|signorina|centralino)(?: (?:per|favore|grazie|operatore|vera|umano|subito|dai|su"
        r"|cortesia|piacere))*$"
    ),
    r"\bo pe ra to re?\b|^(?:un )?opera tor\w*$|^operator\w*$|\bpremo zero\b|\bzero per\b",
    r"\bqualcuno (?:del reparto|che (?:mi |ci |capisca|risponda|ascolti|sappia))",
    r"\b(?:potete|può|puoi|potreste) richiamarmi\b|\bparl(?:are|arne) a voce\b",
)
_WHO_EN = (
    r"(?:operators?|agents?|representatives?|reps?|humans?|human being|persons?|people|someone"
    r"|somebody|anyone|anybody|advis[oe]rs?|consultant"
    r"|assistant|manager|supervisor|boss|colleagues?|receptionist|customer (?:service|services|care"
    r"|support)|support(?: team| staff)?|staff|member of staff"
    r"|technician|specialist|expert|whoever's in charge|bloke|lady)"
)
_BETWEEN_EN = (
    r"(?:(?:a|an|the|to|with|your|one|of|my|some|any|real|actual|live|living|breathing|proper"
    r"|another|other|through|me|us|please|just"
    r"|directly|with|human|customer|sales|technical|you|in|over|on|from|for)\s+){0,6}"
)
_ASK_EN = (
    r"(?:speak|talk|spoke to you|chat|put me|put us|pass me|transfer(?: me)?|connect(?: me)?|get me"
    r"|get|give me|give us|gimme|give|let me|lemme|want|wanna"
    r"|need|prefer|like|rather|have|is there|are there|isn't there|reach|through to|hold for|wait for|press for|for)"
)
_PERSON_EN = (
    (
        rf"\b(?:speak|speaking|talk|talking|chat)\s+(?:to"
        rf"|with)\s+{_BETWEEN_EN}{_WHO_EN}\b(?! (?:yesterday|last|earlier|and|who|before|he|she|they"
        rf"|said))"
    ),
    rf"\b(?:put|pass|transfer|connect|hand|switch)\s+(?:me|us|this)?\s*{_BETWEEN_EN}{_WHO_EN}\b",
    (
        rf"\b(?:get|give|gimme|want|wanna|need|prefer|like|hold for|wait for"
        rf"|press for)\s+{_BETWEEN_EN}(?:operator|agent|representative|human being|human|person"
        r"|advis[oe]r|manager|supervisor|customer service|bloke)\b(?!'s)"
    ),
    (
        r"\b(?:human being|real person|real human|actual person|actual human|live person|live agent"
        r"|real people|living person|human operator|human agent)\b"
    ),
    r"\b(?:is|are) (?:there )?(?:anyone|anybody|a person|a human|someone)\b.{0,20}\b(?:talk|speak|there|help me)\b",
    (
        r"\b(?:don't|do not|not|won't|hate) (?:want to |wanna )?talk(?:ing)? to (?:a |an |these |this "
        r"|some )?(?:machines?|robots?|computers?|bots?|recordings?)\b"
    ),
    (
        r"\b(?:somebody|someone|a person|you|anyone) (?:call|ring|phone) me(?: back)?\b|\bcall me back\b"
        r"|\bcallback from a\b|\bhuman (?:help|assistance)\b"
    ),
    (
        r"^(?:put me through|speak to|talk to|speak with|talk with|speak to a|talk to a|i want to talk"
        r"|i want to speak|press zero|zero for operator|no robots)$"
    ),
    (
        r"^(?:uh |um |no )*(?:some(?:one|body) (?:in|from|at|with|who can|who knows|who understands"
        r"|technical)\b.{0,30}|(?:a |an |one of your )?(?:staff|colleagues|boss"
        r"|consultant|technician|specialist|support staff|customer support agent|live person|member of staff))$"
    ),
    (
        r"^(?:no |uh |um |yes |just |an? |the |please )*(?:operator|agent|representative|human"
        r"|human being|person|customer (?:service|care)|advis[oe]r|manager"
        r"|supervisor|receptionist)(?: (?:please|now|operator|agent|representative|thanks|thank you))*$"
    ),
)
_PERSON: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "it": tuple(re.compile(pattern) for pattern in _PERSON_IT),
    "en": tuple(re.compile(pattern) for pattern in _PERSON_EN),
}

_LANGUAGE_IT = r"\b(?:parl\w+|parlar\w*|cambi\w*|pass\w+|preferi\w+|torn\w+|lingua)\b.{0,12}\b"
_LANGUAGE_EN = r"\b(?:speak|switch to|change to|back to|prefer|continue in|talk in|have this in|do this in)\b.{0,12}\b"
_ENGLISH = re.compile(
    rf"{_LANGUAGE_IT}inglese\b|{_LANGUAGE_EN}english\b|\bnon (?:parlo|capisco) (?:l'"
    rf"|bene l')?italiano\b|don't (?:speak|understand) italian"
)
_ITALIAN = re.compile(
    rf"{_LANGUAGE_IT}italian[oa]\b|{_LANGUAGE_EN}italian\b|\bnon (?:parlo|capisco) (?:l'"
    rf"|bene l')?inglese\b|don't (?:speak|understand) english"
)
# Beyond this many words "speak English" is a remark inside a longer request.
_LANGUAGE_WORDS = 8

_LEADING_YES = {
    "it": re.compile(
        r"^(?:(?:sì|si|certo|esatto|esattamente|certamente|giusto|confermo|ok|okay|va bene|d'accordo"
        r"|corretto|perfetto|(?:è )?tutto (?:giusto|corretto)|(?:è|sono) (?:giust[oa]|esatt[oa]|corrett[oa]|quest[oa]|quell[oa])"
        r"|ma sì)\b ?)+"
    ),
    "en": re.compile(
        r"^(?:(?:yes|yeah|yep|yup|sure|correct|right|ok|okay|exactly|of course|that's right|that's it"
        r"|absolutely|perfect|that's correct|(?:it|that) is (?:right|correct)|it's (?:right|correct)"
        r"|all correct|you got it)\b ?)+"
    ),
}
_LEADING_NO = {
    "it": re.compile(
        r"^(?:(?:no|macché|assolutamente no|non è (?:quello|per quello|così)|niente affatto|(?:è )?sbagliat[oa]"
        r"|non è (?:giust[oa]|esatt[oa]|corrett[oa])|non va bene)\b ?)+"
    ),
    "en": re.compile(
        r"^(?:(?:no|nope|nah|not really|it's not|it isn't|that's not it|wrong|incorrect|(?:that|it)(?:'s| is) (?:wrong|incorrect)"
        r"|(?:that|it)(?:'s| is) not (?:right|correct)|(?:that|it) isn't (?:right|correct))\b ?)+"
    ),
}


def wants_person(words: str, language: str) -> bool:
    """Tell whether normalised words ask for a human being; both languages are tried, the given one first."""
    tongues = [language, *(tongue for tongue in _PERSON if tongue != language)]
    bare = without_fillers(words, language)
    return any(pattern.search(bare) for tongue in tongues for pattern in _PERSON.get(tongue, ()))


def language_wanted(words: str) -> str:
    """Return "english", "italian" or "": the language that the words ask for."""
    if len(words.split()) > _LANGUAGE_WORDS:
        return ""
    for name, pattern in (("english", _ENGLISH), ("italian", _ITALIAN)):
        if pattern.search(words):
            return name
    return ""


def yes_or_no(words: str, language: str) -> Answer | None:
    """Return a leading yes or no and the words behind it, for a question that expects one."""
    bare = without_fillers(words, language)
    for name, table in (("no", _LEADING_NO), ("yes", _LEADING_YES)):
        pattern = table.get(language)
        found = pattern.match(bare) if pattern else None
        if found:
            return Answer(name=name, by="rule", rest=bare[found.end() :].strip())
    return None


def small_answer(
    words: str, language: str, phrases: Mapping[str, str], expected: Collection[str] = ()
) -> Answer | None:
    """Return the small answer or the wish for a person that normalised words are, or None.

    `phrases` maps the whole normalised phrase of a small intent to its name.
    """
    if wants_person(words, language):
        return Answer(name="person", by="rule")
    for whole in (words, without_fillers(words, language)):
        if whole in phrases:
            return Answer(name=phrases[whole], by="phrase")
    tongue = language_wanted(words)
    if tongue:
        return Answer(name=tongue, by="rule")
    return yes_or_no(words, language) if {"yes", "no"} & set(expected) else None
