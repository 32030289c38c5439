"""SSML in a prompt: which elements a text may hold, what is wrong with them, and the plain words that are heard.

What is allowed is what the carrier's `<Say>` takes (Twilio, text-to-speech pages and the package's own SSML classes); every value
is checked, because the carrier refuses the whole document for one that it does not know. A text without a tag is no markup and
stays as it is. How our own voice follows it is `prompts.markup_pieces`'.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.etree.ElementTree import Element  # only the type: reading is defusedxml's

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from prompts.told import Told

# A "<" before a digit or a blank is a sign of arithmetic, and the text is plain.
_TAG = re.compile(r"</?[A-Za-z_!?]")
_OPENS = "<speak>"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LONGEST_BREAK_SECONDS = 10.0
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with a text's markup, for whoever writes it."""

    position: int  # the character that it is about, from 1
    code: str  # of `SENTENCES`
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What is wrong."""
        return Told(SENTENCES[self.code][0], **self.values)

    @property
    def remedy(self) -> str:
        """What to do."""
        return Told(SENTENCES[self.code][1], **self.values)


# What is wrong and what to do, by code; the pages have them in the reader's language.
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "declaration": ("it declares a document type or an entity", "Take the declaration out"),
        "unknown": ("<%(tag)s> is not known", "Known are: %(known)s"),
        "no_attribute": ("<%(tag)s> has no attribute %(name)s", "It may have: %(known)s"),
        "value": ('%(name)s="%(value)s" is not possible in <%(tag)s>', "Write %(wanted)s"),
        "required": ("<%(tag)s> needs %(name)s", "Add %(name)s"),
        "break_words": ("<break> holds no words", "Write <break/> and the words behind it"),
        "words_only": ("<%(tag)s> holds words only", "Put <%(inner)s> around it or beside it"),
        "mismatched": (
            "a tag is closed that is not open, or one is left open",
            "Close each tag in turn: <s>…</s>",
        ),
        "sign": ("this is not markup", "Write &lt; for a < and &amp; for an & that are to be read"),
        "entity": ("a name between & and ; is not known", "Write &amp; for an & that is to be read"),
        "prefix": ("a tag with a prefix is of one maker's voices only", "Take it out"),
        "twice": ("an attribute stands twice in one tag", "Keep one of the two"),
    }
)
# What the reader of XML says, by code.
_READER_SAYS: Mapping[str, str] = MappingProxyType(
    {
        "mismatched tag": "mismatched",
        "unclosed token": "mismatched",
        "no element found": "mismatched",
        "not well-formed (invalid token)": "sign",
        "undefined entity": "entity",
        "unbound prefix": "prefix",
        "duplicate attribute": "twice",
    }
)


def _words(*allowed: str) -> Callable[[str], str]:
    return lambda value: "" if value in allowed else Told("one of %(known)s", known=", ".join(allowed))


def _like(pattern: str, meaning: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda value: "" if compiled.fullmatch(value) else meaning


def _time(value: str) -> str:
    seconds = seconds_of(value)
    is_good = seconds is not None and seconds <= LONGEST_BREAK_SECONDS
    most = f"{LONGEST_BREAK_SECONDS:.0f}"
    return "" if is_good else Told('a time such as "500ms" or "1s", at most %(most)ss', most=most)


def _some(value: str) -> str:
    return "" if value.strip() else Told("some text")


# Element -> attribute -> what is wrong with a value, "" for nothing. Values: docstrings of the package `twilio`, SSML classes.
ELEMENTS: Mapping[str, Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "break": {
            "strength": _words("none", "x-weak", "weak", "medium", "strong", "x-strong"),
            "time": _time,
        },
        "emphasis": {"level": _words("strong", "moderate", "reduced")},
        "lang": {"xml:lang": _like(r"[a-z]{2}-[A-Z]{2}", Told('a language such as "en-GB"'))},
        "p": {},
        "phoneme": {"alphabet": _words("ipa", "x-sampa"), "ph": _some},
        "prosody": {
            "volume": _like(
                r"default|silent|x-soft|soft|medium|loud|x-loud|[+-]\d{1,2}(\.\d+)?dB",
                Told('default, silent, x-soft, soft, medium, loud, x-loud or decibels such as "-6dB"'),
            ),
            "rate": _like(
                r"x-slow|slow|medium|fast|x-fast|(?:[2-9]\d|1\d\d|200)%",
                Told("x-slow, slow, medium, fast, x-fast or 20% to 200%"),
            ),
            "pitch": _like(
                r"default|x-low|low|medium|high|x-high|[+-]\d{1,2}%",
                Told('default, x-low, low, medium, high, x-high or a change such as "+10%"'),
            ),
        },
        "s": {},
        "say-as": {
            "interpret-as": _words(
                "characters", "spell-out", "cardinal", "number", "ordinal", "digits", "fraction", "unit",
                "date", "time", "address", "expletive", "telephone",
            ),
            "format": _like(r"[dmyhs0-9.:/-]{1,12}", Told('the order of a date such as "dmy"')),
        },
        "sub": {"alias": _some},
        "w": {"role": _some},
    }
)  # fmt: skip
_REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"lang": ("xml:lang",), "phoneme": ("ph",), "say-as": ("interpret-as",), "sub": ("alias",)}
)
# Whose words are replaced or read in one piece: no other element has a place in them.
_WHOLE = frozenset({"phoneme", "say-as", "sub"})


def has_markup(text: str) -> bool:
    """Whether a text is markup: it holds a tag."""
    return _TAG.search(text) is not None


def faults(text: str) -> tuple[Fault, ...]:
    """Everything that is wrong with a text's markup, in its order; nothing for a text without any."""
    if not has_markup(text):
        return ()
    read = parse(text)
    if isinstance(read, Fault):
        return (read,)
    return tuple(sorted(_faults_of(read, text), key=lambda fault: fault.position))


def parse(text: str) -> Element | Fault:
    """Read a text's markup: the element around it, or the place where it stops being XML."""
    try:
        root: Element = fromstring(f"{_OPENS}{text}</speak>", forbid_dtd=True)
    except ParseError as error:
        return _unreadable(text, error)
    except DefusedXmlException:
        return Fault(position=1, code="declaration")
    return root


def plain(text: str) -> str:
    """The words of a text as they are heard, without its tags; of markup that cannot be read, what lies between the tags."""
    if not has_markup(text):
        return text
    read = parse(text)
    if isinstance(read, Fault):
        return _one_line(re.sub(r"<[^>]*>", " ", text))
    return _one_line("".join(_heard(read)))


def escaped(text: str) -> str:
    """A text as it stands within markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attributes(element: Element) -> Mapping[str, str]:
    """The attributes of an element by the names that people write."""
    return {("xml:lang" if name == _XML_LANG else name): value for name, value in element.attrib.items()}


def seconds_of(time: str) -> float | None:
    """The seconds of a time such as 500ms or 1.5s; None for anything else."""
    found = _TIME.fullmatch(time)
    return None if found is None else float(found[1]) / (1000 if found[2] == "ms" else 1)


def _faults_of(root: Element, text: str) -> Iterator[Fault]:
    met: dict[str, int] = {}
    for element in root.iter():
        if element is root:
            continue
        met[element.tag] = met.get(element.tag, 0) + 1
        position = _position(element.tag, met[element.tag], text)
        for code, values in _problems(element):
            yield Fault(position=position, code=code, values={"tag": element.tag, **values})


def _problems(element: Element) -> Iterator[tuple[str, dict[str, str]]]:
    known = ELEMENTS.get(element.tag)
    if known is None:
        yield "unknown", {"known": ", ".join(sorted(ELEMENTS))}
        return
    given = attributes(element)
    for name, value in given.items():
        if name not in known:
            yield "no_attribute", {"name": name, "known": ", ".join(sorted(known)) or Told("none")}
        elif wanted := known[name](value):
            yield "value", {"name": name, "value": value, "wanted": wanted}
    for name in _REQUIRED.get(element.tag, ()):
        if name not in given:
            yield "required", {"name": name}
    if element.tag == "break" and (len(element) or (element.text or "").strip()):
        yield "break_words", {}
    if element.tag in _WHOLE and len(element):
        yield "words_only", {"inner": element[0].tag}


def _position(tag: str, count: int, text: str) -> int:
    found = [match.start() for match in re.finditer(rf"<{re.escape(tag)}(?![\w-])", text)]
    return found[count - 1] + 1 if count <= len(found) else 1


def _unreadable(text: str, error: ParseError) -> Fault:
    line, column = error.position
    before = sum(len(one) + 1 for one in text.split("\n")[: line - 1])
    offset = column - (len(_OPENS) if line == 1 else 0)
    position = min(max(1, before + offset + 1), max(1, len(text)))
    reason = str(error).partition(":")[0]
    return Fault(position=position, code=_READER_SAYS.get(reason, "sign"))


def _heard(element: Element) -> Iterator[str]:
    if element.tag == "sub" and element.get("alias"):
        yield str(element.get("alias"))
    else:
        yield element.text or ""
        for child in element:
            yield from _heard(child)
            yield child.tail or ""
    if element.tag in {"break", "p", "s"}:
        yield " "


def _one_line(text: str) -> str:
    return re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
