"""The conductor of a call's turns: reads what came back, asks the flow for pure steps, performs what is ours, and answers.

Each webhook carries the number of the turn that it answers. A number below the call's own is a late or repeated delivery: it gets
the answer that was given then, and nothing changes. The meeting with an agent is `ivr.calls.meeting`'s.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from sqlalchemy.orm import Session

from ivr.calls import asking, queueing, resuming, speaking, store, voice_fork, voice_learning, wording_arms
from ivr.calls.callbacks import OpenCallback
from ivr.calls.company import CARRIER, GIVEN_UP, QUEUE, STREAM, Company, FlowVersion
from ivr.calls.effects import Effect
from ivr.calls.first_language import first_language
from ivr.calls.hearing import Heard, Unheard, event_of, heard_in
from ivr.calls.open_question import OpenQuestion, Spoken
from ivr.calls.performing import perform
from ivr.calls.tables import Call
from ivr.calls.work import Work
from ivr.customers import store as customers
from ivr.flow.definition import AskNode
from ivr.flow.events import Done, Event, HungUp, Started, Understood, Value
from ivr.flow.events import TakenUp as FlowTakenUp
from ivr.flow.machine import Advance, Fact, step
from ivr.flow.state import State, StateError
from ivr.flow.steps import Ask, End, Perform, Route, Say
from ivr.flow.steps import Step as FlowStep
from ivr.flow.traces import traces_of
from ivr.telephony import twiml
from ivr.telephony.answers import Answer, Nothing, SayAndHangUp, WaitInQueue
from ivr.telephony.requests import ENDED_STATUSES, VoiceRequest
from sealing.columns import if_it_opens
from sealing.keys import SealBrokenError

_log = logging.getLogger(__name__)

# A flow performs at most a handful of acts between two questions; more is a loop that the checker should have refused.
MOST_STEPS = 50
# What stands in a call's story for an answer that is kept nowhere.
WITHHELD = "•••"


class FlowRunsAwayError(RuntimeError):
    """A flow performed more acts without asking anything than any sound flow does."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a webhook is answered with, and what must go out once the transaction is over."""

    document: str  # TwiML
    effects: tuple[Effect, ...] = ()


@dataclass(kw_only=True)
class _Course:
    """One webhook's way through the flow."""

    state: State
    prompts: list[Spoken]
    facts: list[Fact]
    path: list[str]
    closing: Ask | Route | End | None = None


class Conductor:
    """Answers the webhooks of callers' legs; holds no state of any call."""

    def __init__(self, company: Company, way_of: Callable[[str], str] | None = None) -> None:
        """Take the company, and who listens to a language at this moment: "carrier", or "stream" where ours has room."""
        self._company = company
        self._way_of = way_of or (lambda language: company.listening.get(language, CARRIER))

    def start(self, session: Session, request: VoiceRequest, now: datetime) -> Reply:
        """The first webhook of a call."""
        existing = store.take(session, request.call_id)
        if existing is not None:
            return self.begun(session, existing.call_id)
        version = self._company.version(self._company.live(session, now))
        own = self._company.own.now()
        dialled = own.by_number(request.to_number)
        language = first_language(
            request.from_number,
            spoken=tuple(version.flow.languages),
            default=own.default_language,
            of_line="" if dialled is None else dialled.language,
        )
        call = _new_call(request, version, request.from_number, language, now)
        store.add(session, call)
        event = Started(language=call.language, values=self._first_values(call, now))
        work = Work(session=session, company=self._company, version=version, call=call, now=now)
        return self._go_on(work, None, event, Heard())

    def start_called_back(self, session: Session, request: VoiceRequest, wanted: OpenCallback, now: datetime) -> Reply:
        """Somebody has picked up whom the line has rung back: the flow asks who it is, and goes on with the call's story."""
        company = self._company
        version = company.version(company.live(session, now))
        old = None if wanted.call_id is None else store.call(session, wanted.call_id)
        language = wanted.language if wanted.language in version.flow.languages else company.default_language
        call = _new_call(request, version, wanted.number, language, now)
        call.continues_id, call.agent_id = wanted.call_id, None
        if old is not None:
            call.reason, call.route_reason = old.reason, old.route_reason
        store.add(session, call)
        store.note(session, call.call_id, "called_back", {"call": wanted.call_id or ""}, now)
        customer = customers.customer(session, wanted.customer_id)
        name = "" if customer is None else if_it_opens(customer, "name", "")
        values = {**self._first_values(call, now), "name": name, "tries": wanted.tries}
        event = Started(language=language, values=values, called_back=True, topic=call.reason)
        work = Work(session=session, company=company, version=version, call=call, now=now)
        return self._go_on(work, None, event, Heard())

    def begun(self, session: Session, call_id: str) -> Reply:
        """The first document of a call, given again."""
        return Reply(document=store.answer_given(session, call_id, 1) or twiml.write(Nothing()))

    def _first_values(self, call: Call, now: datetime) -> dict[str, Value]:
        return {
            "number": call.from_number,
            "open_hours": self._company.hours.is_open(now),
            "daytime": self._company.day_part(now),
            "line_label": self._line_label(call),
        }

    def _line_label(self, call: Call) -> str:
        dialled = self._company.own.now().by_number(call.to_number)
        return "" if dialled is None else dialled.label

    def turn(self, session: Session, request: VoiceRequest, turn: int, now: datetime, *, attempt: int = 0) -> Reply:
        """The answer to a question: speech, keys or silence; `attempt` counts how often the question had gone out before."""
        return self._answer(session, request, turn, now, outcome="", attempt=attempt)

    def came_back(self, session: Session, request: VoiceRequest, turn: int, outcome: str, now: datetime) -> Reply:
        """The caller is back from the queue or from the talk with an agent."""
        return self._answer(session, request, turn, now, outcome=outcome)

    def standing(self, session: Session, call: Call) -> str:
        """The document of the turn that stands, to be given again."""
        return store.answer_given(session, call.call_id, call.turn) or twiml.write(Nothing())

    def hung_up(self, session: Session, call: Call, now: datetime) -> None:
        """The caller's leg is over: the flow is told, the contact is kept. Repeats change nothing."""
        if call.status == store.ENDED:
            return
        version = self._company.version(call.flow_version)
        work = Work(session=session, company=self._company, version=version, call=call, now=now)
        course = self._run(work, _state_of(call), HungUp())
        was = call.status
        call.status, call.ended_at, call.state = store.ENDED, now, course.state.to_json()
        call.words_so_far = ""
        store.note(session, call.call_id, "ended", {"node": call.node, "turn": call.turn, "was": was}, now)
        self._keep_contact(work)
        voice_learning.learn_at_end(work)

    def _answer(
        self, session: Session, request: VoiceRequest, turn: int, now: datetime, *, outcome: str, attempt: int = 0
    ) -> Reply:
        call = store.take(session, request.call_id)
        if call is None:
            # The first webhook was lost, or another installation's call was sent here: it begins now.
            return self.start(session, request, now)
        given = self._given_before(session, call, turn, attempt)
        if given is not None:
            return Reply(document=given)
        if request.status in ENDED_STATUSES:
            self.hung_up(session, call, now)
            store.keep(session, call)
            return Reply(document=twiml.write(Nothing()))
        version = self._company.version(call.flow_version)
        work = Work(session=session, company=self._company, version=version, call=call, now=now)
        if outcome:
            return self._go_on(work, _state_of(call), Done(outcome=outcome), Heard())
        question = OpenQuestion.read(call.expecting)
        heard = heard_in(request, call.heard, call.turn, question, streamed=question.listened_by == STREAM)
        if isinstance(heard, Unheard):
            return self._leave_to_carrier(work, question, heard)
        understanding = self._company.understanding_of(version)
        event = event_of(understanding, heard, language=call.language, question=question, today=work.today)
        return self._go_on(work, _state_of(call), event, heard)

    def _given_before(self, session: Session, call: Call, turn: int, attempt: int) -> str | None:
        """The document for a webhook that is no answer to what is open; None for one that is."""
        if turn > call.turn:
            # An answer to a question that was never asked, or whose record was lost with the machine: what stands is asked.
            return self.standing(session, call)
        if turn < call.turn or call.status == store.ENDED:
            return store.answer_given(session, call.call_id, turn + 1) or twiml.write(Nothing())
        if attempt < OpenQuestion.read(call.expecting).attempt:
            # The question has gone out anew since.
            return self.standing(session, call)
        return None

    def _leave_to_carrier(self, work: Work, question: OpenQuestion, unheard: Unheard) -> Reply:
        """The same question, heard by the carrier now: only once a question, since the carrier's is never left."""
        call, company = work.call, self._company
        _log.warning("a question is left to the carrier's recogniser: %s", unheard.reason)
        prompts = () if unheard.was_asked else question.prompts
        question = replace(question, listened_by=CARRIER, attempt=question.attempt + 1, lost=unheard.reason, prompts=())
        call.listening = GIVEN_UP if unheard.is_failure else CARRIER
        call.heard, call.expecting = "", question.to_json()
        document = twiml.write(asking.by_carrier(company, work.version, call, question, prompts))
        store.keep(work.session, call)
        # A delivery that comes again gets what stands now.
        store.change_answer(work.session, call.call_id, call.turn, document)
        return Reply(document=document)

    def _go_on(self, work: Work, state: State | None, event: Event, heard: Heard) -> Reply:
        call, heard = work.call, _kept(work, state, heard)
        work.heard, work.keys = heard.text, heard.keys
        course = self._run(work, state, event)
        call.turn += 1
        call.language, call.node, call.state = course.state.language, course.state.node, course.state.to_json()
        call.reason = course.state.topic or call.reason
        call.heard, call.expecting = "", ""
        if not isinstance(course.closing, Route):
            call.status = store.IN_LINE
        document = twiml.write(self._written(work, course))
        exchange = store.Exchange(
            heard=heard.text,
            keys=heard.keys,
            intent=event.intent if isinstance(event, Understood) else "",
            confidence=event.confidence if isinstance(event, Understood) else None,
            ended=heard.ended if call.turn > 1 and not isinstance(event, Done) else "",
            node=call.node,
            prompt=" ".join(prompt.text for prompt in course.prompts),
            facts=[{"kind": fact.kind, "values": dict(fact.values)} for fact in course.facts],
            answer=document,
            hearing=heard.hearing,
            path=course.path,
            traces=traces_of(course.facts),
        )
        store.keep(work.session, call)
        store.add_turn(work.session, call.call_id, call.turn, exchange, work.now)
        wording_arms.keep(work.session, call, course.facts, asked=isinstance(course.closing, Ask), now=work.now)
        if isinstance(course.closing, End):
            self._keep_contact(work)
        return Reply(document=document, effects=tuple(work.effects))

    def _run(self, work: Work, state: State | None, event: Event) -> _Course:
        prompts: list[Spoken] = []
        facts: list[Fact] = []
        path: list[str] = []
        for _ in range(MOST_STEPS):
            advance: Advance = step(work.version.flow, state, event)
            state = advance.state
            facts.extend(advance.facts)
            path.extend(advance.path)
            # Later acts of the same webhook speak, record and send in the language that the flow has just chosen.
            work.call.language = state.language
            last = self._say(work, advance.steps, prompts, facts, state.language)
            match last:
                case Perform():
                    event = perform(work, last)
                    if work.taken_up is not None:
                        state, event = (
                            resuming.joined(state, work.taken_up),
                            FlowTakenUp(is_known=work.taken_up.is_known),
                        )
                        work.taken_up = None
                case Route():
                    instead = queueing.enter(work, last)
                    if instead is None:
                        return _Course(state=state, prompts=prompts, facts=facts, path=path, closing=last)
                    event = instead
                case Ask():
                    _word(work, last.say, prompts, facts, state.language)
                    return _Course(state=state, prompts=prompts, facts=facts, path=path, closing=last)
                case End() | None:
                    return _Course(state=state, prompts=prompts, facts=facts, path=path, closing=last)
                case _:
                    assert_never(last)
        raise FlowRunsAwayError(
            f"flow {work.version.flow.name} performed {MOST_STEPS} acts without a question: node {state}"
        )

    def _say(
        self, work: Work, steps: tuple[FlowStep, ...], prompts: list[Spoken], facts: list[Fact], language: str
    ) -> Perform | Route | Ask | End | None:
        last: Perform | Route | Ask | End | None = None
        for one in steps:
            if isinstance(one, Say):
                _word(work, one, prompts, facts, language)
            else:
                last = one
        return last

    def _written(self, work: Work, course: _Course) -> Answer:
        call, addresses = work.call, work.company.addresses
        if isinstance(course.closing, Ask):
            return self._asked(work, course.closing, tuple(course.prompts))
        prompts = tuple(speaking.speak(work.company, work.version, one) for one in course.prompts)
        match course.closing:
            case Route():
                return WaitInQueue(
                    prompts=prompts,
                    queue=QUEUE,
                    wait_path=addresses.voice(f"wait/{call.turn}/0"),
                    left_path=addresses.voice(f"left/{call.turn}"),
                )
            case End() | None:
                return SayAndHangUp(prompts=prompts)
            case _:
                assert_never(course.closing)

    def _asked(self, work: Work, ask: Ask, prompts: tuple[Spoken, ...]) -> Answer:
        """The question's document; the call keeps what is asked, and who listens."""
        call, company, version = work.call, work.company, work.version
        way = CARRIER if call.listening == GIVEN_UP else self._way_of(call.language)
        if call.listening != GIVEN_UP:
            call.listening = way
        is_streamed = way == STREAM and all(speaking.can_be_streamed(company, version, one) for one in prompts)
        kept = prompts if way == STREAM else ()
        question = OpenQuestion.asked(ask, listened_by=way, prompts=kept, streams_prompts=is_streamed)
        call.expecting = question.to_json()
        if way == STREAM:
            return asking.by_stream(company, version, call, question, prompts)
        fork = voice_fork.fork_of(work.session, company, call, work.now)
        return asking.by_carrier(company, version, call, question, prompts, fork=fork)

    def _keep_contact(self, work: Work) -> None:
        call = work.call
        if call.customer_id is None:
            return
        customers.record_contact(
            work.session,
            customer_id=call.customer_id,
            call_id=call.call_id,
            reason=call.reason,
            outcome="with_agent" if call.agent_id else "in_line",
            now=work.now,
        )


def _word(work: Work, say: Say, prompts: list[Spoken], facts: list[Fact], language: str) -> None:
    spoken, told = wording_arms.worded(work, say, language)
    prompts.append(spoken)
    facts.extend(told)


def _new_call(request: VoiceRequest, version: FlowVersion, number: str, language: str, now: datetime) -> Call:
    return Call(
        call_id=request.call_id,
        from_number=number,
        to_number=request.to_number,
        flow=version.flow.name,
        flow_version=version.number,
        listening=CARRIER,
        language=language,
        status=store.IN_LINE,
        started_at=now,
        turn=0,
        node="",
        state="",
        expecting="",
        heard="",
        reason="",
        route_reason="",
        on_hold=False,
        hold_wanted=False,
        sequence=-1,
    )


def _kept(work: Work, state: State | None, heard: Heard) -> Heard:
    """What is kept of what came back: of the answer to a secret question, only that there was one."""
    node = work.version.flow.nodes.get(state.node) if state is not None else None
    if not isinstance(node, AskNode) or not node.secret:
        return heard
    return Heard(text=WITHHELD if heard.text else "", keys=WITHHELD if heard.keys else "")


def _state_of(call: Call) -> State | None:
    """Where the call stands in its flow; None, and so the flow's beginning, for a state that cannot be read or was not ours."""
    try:
        return State.from_json(call.state) if call.state else None
    except (StateError, SealBrokenError) as error:
        # Its words are not logged: the state may hold what the caller said.
        _log.error("a call's state cannot be read, its flow begins anew (%s)", type(error).__name__)
        return None
