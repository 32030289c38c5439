"""Which nodes a step enters, and what is traced of what happened there."""

from itertools import pairwise

from ivr.flow.events import TakenUp
from ivr.flow.traces import Trace, traces_of
from tests.unit.flow.caller import Caller


def path_of(caller: Caller) -> tuple[str, ...]:
    assert caller.last is not None
    return caller.last.path


def traces(caller: Caller) -> tuple[tuple[str, str], ...]:
    assert caller.last is not None
    return traces_of(caller.last.facts)


def test_path_has_every_node_in_the_order_that_it_was_entered(caller: Caller) -> None:
    caller.starts()
    assert path_of(caller)[0] == caller.flow.first
    caller.done("known", customer_id="c-1", name="Anna", first_call=False, proactive="")
    entered = path_of(caller)
    assert entered[-1] == caller.node
    for node, following in pairwise(entered):
        assert following in caller.flow.nodes[node].outcomes.values()


def test_question_that_is_asked_again_is_not_entered_again(caller: Caller) -> None:
    caller.arrives()
    node = caller.node
    caller.is_silent()
    assert path_of(caller) == ()
    assert traces(caller) == ((Trace.REPEATED, node),)


def test_who_asks_for_a_person_is_marked_where_they_stood(caller: Caller) -> None:
    node = caller.arrives().node
    caller.says("person")
    assert (Trace.PERSON, node) in traces(caller)
    assert caller.flow.person in path_of(caller)


def test_who_is_never_understood_is_marked_as_handed_over_and_not_as_asking(caller: Caller) -> None:
    node = caller.arrives().node
    for _ in range(4):
        caller.mumbles()
    assert (Trace.MISSED, node) in traces(caller)
    assert (Trace.HANDED, node) in traces(caller)
    assert all(trace != Trace.PERSON for trace, _ in traces(caller))


def test_doubt_is_marked_and_repeat_is_not(caller: Caller) -> None:
    node = caller.arrives().node
    caller.doubts("return", "complaint")
    assert traces(caller) == ((Trace.DOUBTED, node),)
    caller.says("repeat")
    assert traces(caller) == ()


def test_end_is_marked(caller: Caller) -> None:
    caller.arrives().says("nothing_else")
    while not (caller.state and caller.state.ended):
        caller.says("no")
    assert (Trace.ENDED, caller.node) in traces(caller)


def test_hanging_up_enters_nothing(caller: Caller) -> None:
    assert path_of(caller.arrives().hangs_up()) == ()


def test_call_that_takes_up_a_dropped_one_has_come_to_where_that_one_stood(caller: Caller) -> None:
    node = caller.arrives().node
    assert path_of(caller.event(TakenUp(is_known=True))) == (node,)
