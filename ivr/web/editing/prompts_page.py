"""The page on prompts: everything that callers hear, found, heard, edited and recorded. Its figures come by the API."""

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from ivr.accounts.store import Role
from ivr.web.guards import guarded_by
from prompts.experiment import FEWEST_CALLS, SIGNIFICANT

prompts_page = Blueprint("prompts_page", __name__, url_prefix="/admin/prompts")

# What the page's script says by itself, by the names that it knows.
_WORDS = {
    "placeholder": _l("placeholder"),
    "kinds": {
        "name": _l("a name"),
        "digits": _l("digits, one by one"),
        "letters": _l("letters and digits, spelled"),
        "number": _l("a number"),
        "money": _l("an amount in euro"),
        "date": _l("a day"),
        "duration": _l("a length of time"),
        "choice": _l("one of the choices"),
        "value": _l("what the question asks for"),
    },
    "languages": {"it": _l("Italian"), "en": _l("English")},
    "roles": {
        "flow": _l("anywhere in the flow"),
        "service": _l("said by the service itself"),
        "choice": _l("within other prompts"),
        "unused": _l("said nowhere"),
    },
    "bands": {
        "easy": _l("easy for everybody"),
        "plain": _l("followed by most"),
        "hard": _l("followed with effort"),
        "very_hard": _l("lost on most"),
    },
    "advice": {
        "too_long": _l("Too long to listen to: by its end callers have forgotten how it began."),
        "hard": _l("Hard to follow by ear: shorter words and sentences help."),
        "several_messages": _l("Sent, and paid, as more than one text message."),
        "recorded_against_spoken": _l(
            "One wording is a recording, the other a voice: that difference is compared too."
        ),
    },
    "short_advice": {
        "too_long": _l("too long"),
        "hard": _l("hard"),
        "several_messages": _l("several messages"),
        "recorded_against_spoken": _l("recorded against spoken"),
    },
    "remarks": {
        "somewhat_clipped": _l("A few peaks are distorted."),
        "faint": _l("It was faint: it is louder now, and so is the noise of the room."),
        "silence_before": _l("It begins with silence: callers wait for nothing."),
        "silence_after": _l("It ends with silence: callers wait for nothing."),
        "narrow": _l("It was recorded at less than the quality of a telephone."),
    },
    "verdicts": {
        "too_few": _l("Nothing can be said yet: %(calls)s more ended calls of the rarer wording are needed."),
        "no_difference": _l("No difference that could not be chance."),
        "a_better": _l("The first wording does better."),
        "b_better": _l("The second wording does better."),
        "mixed": _l("Each wording is better in something: it is for you to weigh."),
    },
    "measures": {
        "answered": _l("answered at once"),
        "without_person": _l("ended without a person"),
        "effort": _l("effort, 1 (easy) to 7"),
    },
    "missing": _l("missing in %(language)s"),
    "recorded": _l("recorded"),
    "tried": _l("two wordings"),
    "faulty": _l("faulty"),
    "reading_hint": _l("%(formula)s about %(score)s: %(band)s (short text)"),
    "reading": _l("%(formula)s %(score)s: %(band)s"),
    "seconds": _l("%(seconds)s s"),
    "messages": _l("text messages: %(count)s"),
    "count": _l("%(shown)s of %(all)s"),
    "at": _l("Character %(position)s: %(message)s. %(remedy)s."),
    "unknown_kind": _l("The placeholder %(name)s is of the unknown type %(kind)s."),
    "heard_with": _l("Heard as: «%(words)s»"),
    "saved": _l("Saved in the draft."),
    "unsaved": _l("Not saved yet"),
    "nothing": _l("Nothing to save."),
    "kept": _l("What you had typed here and not saved is back."),
    "offline": _l("The service cannot be reached. What you typed stays here; try again."),
    "empty": _l("A wording without words cannot be saved."),
    "no_microphone": _l("The browser gives no microphone: allow it, or upload a file."),
    "recording": _l("Recording…"),
    "added": _l("%(seconds)s s, made louder by %(gain)s dB, now as loud as the line. Heard once saved and published."),
    "reprompt": _l("Reprompt %(number)s"),
    "better": _l("better: %(arm)s"),
    "first_wording": _l("first"),
    "second_wording": _l("second"),
    "calls": _l("%(count)s calls"),
    "scores": _l("%(count)s scores"),
    "key_wrong": _l("A key begins with a letter and has small letters, digits, _ and dots."),
    "key_taken": _l("There is such a prompt already."),
    "changed": _l("Prompt %(key)s changed"),
    "made": _l("Prompt %(key)s added"),
    "removed": _l("Prompt %(key)s removed"),
    "leave": _l("Not everything is saved."),
}


@prompts_page.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """The page; which prompt is edited stands behind the # of its address."""
    shown = render_template(
        "editing/prompts.html", words=_plain(_WORDS), fewest_calls=FEWEST_CALLS, significant=SIGNIFICANT
    )
    response = make_response(shown)
    # Prompts are recorded here: this page alone may ask for the microphone.
    response.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=(), payment=()"
    return response


def _plain(words: object) -> object:
    """Texts in the reader's language; the script fills in what stands between %( and )s."""
    if isinstance(words, dict):
        return {name: _plain(inner) for name, inner in words.items()}
    return str(words)
