"""What is wrong with a prompt's SSML, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from ivr.web.in_words import in_words
from prompts.markup import Fault

# By the codes of `prompts.markup.SENTENCES`: what is wrong, what to do.
SENTENCES: Mapping[str, tuple[Any, Any]] = {
    "declaration": (_l("it declares a document type or an entity"), _l("Take the declaration out")),
    "unknown": (_l("<%(tag)s> is not known"), _l("Known are: %(known)s")),
    "no_attribute": (_l("<%(tag)s> has no attribute %(name)s"), _l("It may have: %(known)s")),
    "value": (_l('%(name)s="%(value)s" is not possible in <%(tag)s>'), _l("Write %(wanted)s")),
    "required": (_l("<%(tag)s> needs %(name)s"), _l("Add %(name)s")),
    "break_words": (_l("<break> holds no words"), _l("Write <break/> and the words behind it")),
    "words_only": (_l("<%(tag)s> holds words only"), _l("Put <%(inner)s> around it or beside it")),
    "mismatched": (
        _l("a tag is closed that is not open, or one is left open"),
        _l("Close each tag in turn: <s>…</s>"),
    ),
    "sign": (_l("this is not markup"), _l("Write &lt; for a < and &amp; for an & that are to be read")),
    "entity": (_l("a name between & and ; is not known"), _l("Write &amp; for an & that is to be read")),
    "prefix": (_l("a tag with a prefix is of one maker's voices only"), _l("Take it out")),
    "twice": (_l("an attribute stands twice in one tag"), _l("Keep one of the two")),
}


def told(fault: Fault) -> tuple[str, str]:
    """What is wrong and what to do."""
    message, remedy = SENTENCES[fault.code]
    values = {name: in_words(value) for name, value in fault.values.items()}
    return str(message) % values, str(remedy) % values
