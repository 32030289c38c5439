"""Reads a TwiML document strictly into verbs, by the grammar of `ivr.line.grammar`.

Whatever the grammar does not name is refused by name with Twilio's error code, never skipped: the interpreter then asks
the fallback URL, as Twilio does. What the verbs do is decided by the interpreter.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from ivr.line.grammar import NESTED_RULES, VERBS, Rule

DOCUMENT_PARSE_FAILURE = 12100
SCHEMA_VIOLATION = 12200
INVALID_URL = 11100
# Twilio's error catalogue: 11100 "Invalid URL format", 12100 "Document parse failure", 12200 "Schema validation warning"


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One element of a document."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple["Verb", ...]
    base_url: str | None
    # the address of the document; None for one given inline, where only absolute URLs have a meaning

    def get(self, attribute: str, default: str = "") -> str:
        """Give an attribute's text."""
        return self.attributes.get(attribute, default)

    def flag(self, attribute: str, *, default: bool) -> bool:
        """Give a true/false attribute."""
        return self.attributes.get(attribute, "true" if default else "false").lower() == "true"

    def number(self, attribute: str, default: float) -> float:
        """Give a numeric attribute."""
        return float(self.attributes.get(attribute, default))

    def url(self, attribute: str) -> str | None:
        """Give an attribute's URL made absolute; None where the attribute is missing. "" stays ""."""
        value = self.attributes.get(attribute)
        return value if value is None else absolute(value, self.base_url)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document that the grammar accepts."""

    verbs: tuple[Verb, ...]
    url: str | None
    # None for a document given inline
    method: str = "POST"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A document, an answer or a request that the line does not go along with."""

    code: int
    # Twilio's error code
    reason: str


class _ViolationError(Exception):
    """Carries the refusal out of the recursion."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.refused = Refused(code=code, reason=reason)


def absolute(url: str, base_url: str | None) -> str:
    """Give the URL against the document's own; an empty one stays empty."""
    return urljoin(base_url, url) if url and base_url else url


def parse(text: str | bytes, *, url: str | None, method: str = "POST") -> Document | Refused:
    """Read a document fetched from `url` (None: given inline, so that its URLs must be absolute)."""
    raw = text.encode() if isinstance(text, str) else text
    if b"<!DOCTYPE" in raw.upper() or b"<!ENTITY" in raw.upper():
        return Refused(code=DOCUMENT_PARSE_FAILURE, reason="a TwiML document has no DOCTYPE")
    try:
        root = ET.fromstring(raw)  # noqa: S314  no DOCTYPE, so no entities
    except ET.ParseError as error:
        return Refused(code=DOCUMENT_PARSE_FAILURE, reason=f"not well-formed XML: {error}")
    if root.tag != "Response":
        return Refused(code=DOCUMENT_PARSE_FAILURE, reason=f"the root is <{root.tag}>, not <Response>")
    if root.attrib or (root.text or "").strip() or any((child.tail or "").strip() for child in root):
        return Refused(code=SCHEMA_VIOLATION, reason="<Response> has neither attributes nor text of its own")
    try:
        verbs = tuple(_verb(child, "Response", VERBS, url) for child in root)
    except _ViolationError as violation:
        return violation.refused
    return Document(verbs=verbs, url=url, method=method)


def _verb(element: ET.Element, parent: str, rules: Mapping[str, Rule], base_url: str | None) -> Verb:
    rule = rules.get(element.tag)
    if rule is None:
        raise _ViolationError(SCHEMA_VIOLATION, f"<{element.tag}> is not known inside <{parent}> on the local line")
    for attribute, value in element.attrib.items():
        _check_attribute(element.tag, rule, attribute, value, base_url)
    nested = {name: NESTED_RULES.get((element.tag, name)) or VERBS[name] for name in rule.children}
    children = tuple(_verb(child, element.tag, nested, base_url) for child in element)
    text = _text(element, rule)
    reason = rule.check(element.attrib, text, [child.name for child in children]) if rule.check else None
    if reason:
        raise _ViolationError(SCHEMA_VIOLATION, f"<{element.tag}> {reason}")
    return Verb(
        name=element.tag, attributes=dict(element.attrib), text=text.strip(), children=children, base_url=base_url
    )


def _text(element: ET.Element, rule: Rule) -> str:
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    if rule.text == "words":
        text = " ".join(_words(element).split())
    if rule.text == "none" and text.strip():
        raise _ViolationError(
            SCHEMA_VIOLATION, f"<{element.tag}> has no text of its own, this one has {text.strip()[:40]!r}"
        )
    if rule.text in {"required", "words"} and not text.strip():
        raise _ViolationError(SCHEMA_VIOLATION, f"<{element.tag}> needs text")
    return text


def _words(element: ET.Element) -> str:
    """Give what is said of an element with SSML in it: a substitute counts in place of its words."""
    if "alias" in element.attrib:
        return element.attrib["alias"]
    parts = [element.text or ""]
    for child in element:
        parts += [_words(child), " " if child.tag in {"break", "p", "s"} else "", child.tail or ""]
    return "".join(parts)


def _check_attribute(tag: str, rule: Rule, attribute: str, value: str, base_url: str | None) -> None:
    check = rule.attributes.get(attribute)
    if check is None:
        raise _ViolationError(SCHEMA_VIOLATION, f"attribute {attribute!r} of <{tag}> is not known on the local line")
    reason = check(value)
    if reason:
        raise _ViolationError(SCHEMA_VIOLATION, f"attribute {attribute!r} of <{tag}> {reason}, not {value!r}")
    if attribute in rule.urls and value and not urlsplit(absolute(value, base_url)).scheme:
        raise _ViolationError(
            INVALID_URL, f"attribute {attribute!r} of <{tag}> must be an absolute URL in inline TwiML, not {value!r}"
        )
