"""The API of version 1: the same acts as the pages, for scripts and for the pages' own.

How a resource is added. Write `ivr/web/api/PART.py`:

    things = Resource("things", "Things", "What they are, for the document.")

    class ThingShown(Schema):               # what is given: the document shows it, schemathesis holds us to it
        name = fields.String(required=True)

    class ThingTold(Strict):                # what is taken: unknown fields are refused (422); bound every field
        name = text(80, shortest=1, required=True)

    @things.operation("put", "/things/<id:thing_id>", scope="company:write", content=ThingTold, gives=ThingShown,
                      refuses=("thing_unknown",))
    def save(content: Mapping[str, Any], thing_id: str) -> ResponseReturnValue:
        \"\"\"The operation's line in the document.\"\"\"
        session, now = transaction.session(), transaction.now()
        ...
        noted("thing.changed", f"thing {thing_id}", before=..., after=...)
        return {"name": ...}                # or errors.refused("thing_unknown"), or parsing.refuse({"name": ["Taken."]})

and name `things` in `RESOURCES` below. That is all; the rest comes with `operation`:

- guard: a person with one of the scope's roles, signed in with a browser (its cookie; writes with the header X-CSRFToken), or a
  token of such a person that has the scope. `the_person()` is that person either way. `roles=` narrows. Scopes and their roles
  stand in `ivr/accounts/scopes.py`.
- arguments: the query first, then the content, then the address's parts by name. A list takes `SliceQuery` (or a subclass):
  limit and offset, bounded. Parts of an address: `<id:x>` (our names) or `<number:x>` (1 and up); anything else is 404.
- answers: `gives` with `status` (201 for what is new); nothing -> 204; sound or files: return a Response and say
  `media_type="audio/wav"`. 401, 403, 429, 503, and 400, 404, 413, 415, 422 where they can happen, are documented by themselves.
  `refuses` names the codes of `ivr.web.errors.REFUSALS` that it answers with; `statuses={409: "..."}` anything else, say a 409
  with a content of its own.
- transaction: as everywhere (`ivr.web.transaction`): committed at the end of a successful writing request, GET only reads.
- content: JSON only, 256 kB unless `most_bytes=` says more. Text without NUL and half characters, numbers within 2^53, nested at
  most 60 deep: what a schema lets through can be kept. Columns are shorter than that: bound text by `text(longest)`.
- tests: one that writes is named in tests/service/writes/PART.py (how to call it so that it succeeds), as every writing page is:
  test_all_writes_are_noted.py proves that it leaves a row in the audit trail. test_all_routes_access.py walks it by its guard,
  test_api_document.py (schemathesis) finds it in the document; ids that exist in its house stand in tests/examined.py.

docs/api.md tells it to those who call.
"""

from ivr.web.api.agents import agents
from ivr.web.api.audit import audit
from ivr.web.api.calls import calls
from ivr.web.api.company import company
from ivr.web.api.contacts import contacts
from ivr.web.api.coverage import coverage
from ivr.web.api.draft import draft
from ivr.web.api.flow import flow
from ivr.web.api.intents import intents
from ivr.web.api.people import people
from ivr.web.api.prompts import prompts
from ivr.web.api.queues import queues
from ivr.web.api.recordings import recordings
from ivr.web.api.reports import reports
from ivr.web.api.scenarios import scenarios
from ivr.web.api.tokens import tokens
from ivr.web.api.versions import versions

RESOURCES = (
    agents,
    audit,
    calls,
    company,
    contacts,
    coverage,
    draft,
    flow,
    intents,
    people,
    prompts,
    queues,
    recordings,
    reports,
    scenarios,
    tokens,
    versions,
)
