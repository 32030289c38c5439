"""The words of the page on the flow that its script writes: kinds, fields, choices and sentences, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _


def words() -> Mapping[str, Any]:
    """Every text, as the script looks it up."""
    return {
        "kinds": _kinds(),
        "abouts": _abouts(),
        "fields": _fields(),
        "choices": _choices(),
        "layers": _layers(),
        **_sentences(),
        **_acts(),
    }


def _kinds() -> Mapping[str, str]:
    return {
        "say": _("says"),
        "ask": _("asks"),
        "identify": _("finds out who calls"),
        "verify": _("verifies"),
        "challenge": _("prepares a proof"),
        "enrol": _("learns the voice"),
        "consent": _("asks for a consent"),
        "resume": _("goes on after a dropped line"),
        "reached": _("whom a callback has reached"),
        "dictate": _("takes a message"),
        "lookup": _("looks up"),
        "branch": _("branches"),
        "case": _("opens a case"),
        "route": _("hands to a person"),
        "callback": _("notes a callback"),
        "survey": _("asks for the effort score"),
        "message": _("sends a text"),
        "end": _("takes leave"),
    }


def _abouts() -> Mapping[str, str]:
    return {
        "say": _("Says a prompt and goes on."),
        "ask": _("A question, answered by speech or keys. Its outcomes are the intents that answer it."),
        "branch": _("Goes where a value of the call says."),
        "route": _("Hands the call to a person with a skill."),
        "end": _("The call is over here."),
    }


def _fields() -> Mapping[str, str]:
    return {
        "prompt": _("Prompt"),
        "prompt_callback": _("Prompt for who is to be called back"),
        "expect": _("Kind of answer"),
        "slot": _("Value that is asked for"),
        "keys": _("Keys (a line each, 1: intent)"),
        "min_keys": _("Fewest signs"),
        "max_keys": _("Most signs"),
        "confirm": _("Read the value back"),
        "secret": _("The answer is kept nowhere"),
        "settled": _("Who hangs up here has what they came for"),
        "forget": _("Values forgotten on leaving (a line each)"),
        "barge_in": _("Speech stops the prompt"),
        "sensitivity": _("How little of a voice stops the prompt"),
        "timeout_seconds": _("Wait for the first word, seconds"),
        "after_words_seconds": _("Quiet that ends the answer, seconds"),
        "longest_seconds": _("Longest answer, seconds"),
        "words": _("Words to listen for (it: one, another)"),
        "inputs": _("Values handed over (a line each)"),
        "what": _("What"),
        "asks": _("How much is at risk"),
        "tries": _("Tries"),
        "purpose": _("Purpose"),
        "value": _("Value of the call"),
        "case": _("Kind of case"),
        "skill": _("Skill"),
        "queue": _("Queue"),
        "kept": _("Back to the place that was kept"),
        "level": _("Least level"),
        "priority": _("Priority"),
        "reason": _("Reason"),
        "keeps": _("What is kept"),
        "about": _("Whose work is judged"),
    }


def _choices() -> Mapping[str, str]:
    return {
        "request": _("an open question"),
        "yes_no": _("yes or no"),
        "digits": _("digits"),
        "letters": _("letters and digits"),
        "choice": _("one of some"),
        "never": _("never"),
        "unsure": _("where it may be misheard"),
        "always": _("always"),
        "low": _("low"),
        "normal": _("normal"),
        "medium": _("medium"),
        "high": _("high"),
        "voice": _("the voice"),
        "code": _("a code by text message"),
        "order": _("an order"),
        "return": _("a return"),
        "case": _("a case"),
        "account": _("an account"),
        "complaint": _("a complaint"),
        "question": _("a question"),
        "callback": _("a callback"),
        "message": _("a message"),
        "place": _("the place in the queue"),
        "line": _("the line"),
        "agent": _("the agent"),
    }


def _layers() -> Mapping[str, str]:
    return {
        "passed": _("Calls that passed"),
        "stopped": _("Hung up here"),
        "repeated": _("Asked again here"),
        "person": _("Asked for a person here"),
        "effort": _("Effort that followed"),
        "few": _("too few calls to tell"),
        "none": _("No call of these days came here."),
        "of_calls": _("{part} of {whole} calls (between {low} and {high})"),
        "calls": _("{count} calls"),
        "effort_of": _("{value} (between {low} and {high}, from {count} scores)"),
        "changed_legend": _("Green: new. Blue: changed since version {version}. Gone: {gone}"),
        "path_legend": _("The way of the call: {path}"),
        "nothing": _("nothing"),
        "least": _("least"),
        "most": _("most"),
    }


def _sentences() -> Mapping[str, str]:
    return {
        "choose_node": _("Choose a node to see and change it."),
        "error": _("To correct"),
        "advice": _("To think about"),
        "more_fields": _("{count} more settings"),
        "edit_prompt": _("Edit this prompt"),
        "leads_to": _("Where it leads"),
        "go_to": _("Go to {node}"),
        "no_outcomes": _("The call ends here."),
        "comes_from": _("Comes from:"),
        "person": _("anybody who asks for a person"),
        "first": _("where a call begins"),
        "called_back": _("where a callback begins"),
        "drag": _("drag to a node"),
        "node_label": _("{node}, {kind}. {said} Leads to: {leads}. {findings}"),
        "found": _("{count} to correct."),
        "no_match": _("No node has this in its name or words."),
        "matches": _("{count} nodes"),
        "saved": _("Kept in the draft."),
        "failed": _("That could not be done: {why}"),
        "loose": _("Led to the node that was taken out, and lead nowhere now: {places}"),
        "sound": _("Nothing to correct."),
        "to_correct": _("{count} to correct"),
    }


def _acts() -> Mapping[str, str]:
    return {
        "add": _("Add"),
        "add_node": _("Add a node after it"),
        "add_outcome": _("Add"),
        "after": _("On the outcome"),
        "another_outcome": _("Another outcome"),
        "instead": _("What led here leads to"),
        "kind": _("Kind"),
        "name": _("Name"),
        "new_name": _("New name"),
        "nowhere_yet": _("none: it stands alone for now"),
        "remove": _("Take out"),
        "remove_node": _("Take this node out"),
        "rename": _("Rename"),
        "rename_node": _("Give it another name"),
        "act_field": _("{node}: {field}"),
        "act_connect": _("{node}: {outcome} leads to {to}"),
        "act_add": _("{node} added"),
        "act_remove": _("{node} taken out"),
        "act_rename": _("{node} is now {to}"),
    }
