"""The rules on ways through a flow: to every node, to an end, to a person, and out of every circle. Pure.

Nodes that lead to each other are told as one: whoever mends one of them has mended the circle.
"""

from collections.abc import Iterable, Iterator

from ivr.flow.definition import MISSED, Kind
from ivr.flow.written import STARTS, Graph, Written, listed
from prompts.problems import Problem
from prompts.told import Told

# What a caller who never says or presses anything makes of each kind that listens. (`ask` goes to `missed`, else to a person.)
_SILENT = {
    Kind.CONSENT: frozenset({"refused"}),
    Kind.SURVEY: frozenset({"skipped"}),
    Kind.RESUME: frozenset({"nothing", "declined"}),
    Kind.REACHED: frozenset({"silent"}),
    Kind.DICTATE: frozenset({"nothing"}),
    # The other outcomes of a route come of keys that the caller presses.
    Kind.ROUTE: frozenset({"closed", "nobody", "overflow", "met", "failed"}),
}


def problems_of_ways(flow: Written) -> Iterator[Problem]:
    """Yield what is wrong with the ways through a flow. What only seems so because something else is wrong is left out."""
    person = list(_person(flow))
    yield from person
    unreached = _unreached(flow)
    if not person:
        yield from _unreachable(flow, unreached)
    dead = _dead(flow) - unreached
    yield from _dead_ends(flow, dead)
    if not person:
        yield from _circles(flow, dead | unreached)
    yield from _missed(flow)


def reached(graph: Graph, starts: Iterable[str]) -> set[str]:
    """Return every node that can be come to from some."""
    found: set[str] = set()
    waiting = [start for start in starts if start in graph]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(graph[name])
    return found


def circles(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Return the groups of nodes that lead to each other, those of a single node included, each in the order of the graph.

    S. R. Kosaraju's two walks: one notes the nodes as it leaves them, the other goes backwards from the one left last.
    """
    left: list[str] = []
    seen: set[str] = set()
    for start in graph:
        _leave(graph, start, seen, left)
    backwards = _backwards(graph)
    group_of: dict[str, int] = {}
    for number, start in enumerate(reversed(left)):
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in group_of:
                group_of[name] = number
                waiting.extend(backwards[name])
    groups: dict[int, list[str]] = {}
    for name in graph:
        groups.setdefault(group_of[name], []).append(name)
    return tuple(tuple(group) for group in groups.values())


def _leave(graph: Graph, start: str, seen: set[str], left: list[str]) -> None:
    waiting = [(start, False)]
    while waiting:
        name, is_done = waiting.pop()
        if is_done:
            left.append(name)
        elif name not in seen:
            seen.add(name)
            waiting.append((name, True))
            waiting.extend((following, False) for following in graph[name])


def _backwards(graph: Graph) -> Graph:
    before: dict[str, set[str]] = {name: set() for name in graph}
    for name, following in graph.items():
        for target in following:
            before[target].add(name)
    return {name: frozenset(names) for name, names in before.items()}


def _within(graph: Graph, names: Iterable[str]) -> Graph:
    kept = frozenset(names)
    return {name: following & kept for name, following in graph.items() if name in kept}


def _person(flow: Written) -> Iterator[Problem]:
    """Refuse anything between asking for a person and being handed to one."""
    start = flow.text("person")
    passed: set[str] = set()
    waiting = [start] if start in flow.nodes else []
    while waiting:
        name = waiting.pop()
        kind = flow.kind(name)
        if name in passed or kind in {Kind.ROUTE, None}:
            continue
        passed.add(name)
        if kind not in {Kind.SAY, Kind.BRANCH}:
            routes = list(flow.of_kind(Kind.ROUTE))
            yield flow.problem(
                ("nodes", name),
                Told("stands between a caller who asked for a person and the person"),
                Told("Lead `person` to a route at once, as %(routes)s", routes=listed(routes, most=3))
                if routes
                else Told("Lead `person` to a route at once"),
            )
            return
        waiting.extend(target for target in flow.outcomes(name).values() if target in flow.nodes)


def _unreached(flow: Written) -> set[str]:
    """Nodes that no call can come to; none where it cannot be told."""
    if flow.is_open:
        return set()
    starts = [flow.target(flow.text(name)) for name in STARTS]
    return flow.nodes.keys() - reached(flow.graph(), starts)


def _unreachable(flow: Written, unreached: set[str]) -> Iterator[Problem]:
    """Tell of the nodes that are not reached, and not of those that only follow them."""
    graph = _within(flow.graph(), unreached)
    before = _backwards(graph)
    for group in circles(graph):
        if any(before[name] - set(group) for name in group):
            continue
        others = len(reached(graph, group)) - 1
        message = (
            Told("no call can come to this node, nor to %(count)s more that only it leads to", count=others)
            if others
            else Told("no call can come to this node")
        )
        yield flow.problem(("nodes", group[0]), message, Told("Lead an outcome to it, or take it out"))


def _dead(flow: Written) -> set[str]:
    """Nodes from which no end can be reached, as far as it is known where they lead."""
    ends = [*flow.of_kind(Kind.END), *flow.open_nodes]
    if not flow.target(flow.text("person")):
        ends.extend(flow.nodes)
    return flow.nodes.keys() - reached(_backwards(flow.graph()), ends)


def _dead_ends(flow: Written, dead: set[str]) -> Iterator[Problem]:
    """Tell where no way goes on, and not of all the nodes that lead there."""
    if dead and not any(flow.of_kind(Kind.END)):
        message = Told("no call can end: there is no node of the kind `end`")
        yield flow.problem(("nodes",), message, Told("Add one, and lead to it"))
        return
    graph = _within(flow.graph(), dead)
    for group in circles(graph):
        if any(graph[name] - set(group) for name in group):
            continue
        message = Told("a dead end: no end can be reached from here")
        if len(group) > 1:
            message = Told("%(message)s (%(nodes)s lead only to each other)", message=message, nodes=listed(group))
        yield flow.problem(("nodes", group[0]), message, Told("Lead its outcomes on towards an `end` node"))


def _circles(flow: Written, told: set[str]) -> Iterator[Problem]:
    """Refuse loops that a caller cannot leave for a person: those that go on by themselves while nothing is said."""
    graph = {name: frozenset(_silently(flow, name)) for name in flow.nodes}
    for group in circles(graph):
        if (len(group) > 1 or group[0] in graph[group[0]]) and not told & set(group):
            message = Told("a loop without a way to a person: a caller who says nothing goes round here for ever")
            if len(group) > 1:
                message = Told("%(message)s (%(nodes)s)", message=message, nodes=listed(group))
            remedy = Told("Lead one of the loop's outcomes out, or put tries on its lookup")
            yield flow.problem(("nodes", group[0]), message, remedy)


def _silently(flow: Written, name: str) -> set[str]:
    kind = flow.kind(name)
    outcomes = flow.outcomes(name)
    if kind is None:
        return set()
    if kind == Kind.ASK:
        following = {outcomes.get(MISSED, flow.text("person"))}
    elif kind in _SILENT:
        following = {target for outcome, target in outcomes.items() if outcome in _SILENT[kind]}
    else:
        following = set(outcomes.values())
    return following & flow.nodes.keys()


def _missed(flow: Written) -> Iterator[Problem]:
    """Refuse `missed` where no person has been tried: who is not understood is handed to one."""
    graph = {
        name: frozenset() if flow.kind(name) in {Kind.ROUTE, None} else to
        for name, to in flow.graph(guessed=False).items()
    }
    before = reached(graph, (flow.text("first"), flow.text("called_back")))
    told: set[str] = set()
    for name in flow.nodes:
        if name in told or MISSED not in flow.outcomes(name) or name not in before:
            continue
        told |= reached(graph, (name,))
        yield flow.problem(
            ("nodes", name, "outcomes", MISSED),
            Told("'missed' stands where no person has been tried yet"),
            Told("Take it out: who is not understood goes to a person by itself"),
        )
