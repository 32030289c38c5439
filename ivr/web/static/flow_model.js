// What a flow's document means to a drawing: its ways, what is drawn far away, its layout's key, its neighbourhoods. No page here.

// In a flow that is larger than this, a way is drawn as a line only where that helps the eye: to a node that few lead to, and that is
// no more than some steps further on or back. Other ways are named in the box where they begin.
const SMALL = 40, MANY = 3, FARTHEST = 2;
const WIDTH = 204, HEAD = 40, SAYS = 15, ROW = 15;

export function outcomesOf(node) {
  const outcomes = node && typeof node.outcomes === "object" && node.outcomes !== null ? node.outcomes : {};
  return Object.entries(outcomes).filter(([, to]) => typeof to === "string");
}

export function nodesOf(flow) {
  return flow && typeof flow.nodes === "object" && flow.nodes !== null ? flow.nodes : {};
}

// Where a call can begin or be sent from anywhere: node -> names.
export function startsOf(flow) {
  const starts = new Map();
  const put = (node, what) => starts.set(node, [...(starts.get(node) ?? []), what]);
  for (const name of ["first", "person", "called_back"]) if (flow[name]) put(flow[name], name);
  for (const [intent, node] of Object.entries(flow.requests ?? {})) put(node, intent);
  return starts;
}

// Every way between two nodes, once: {from, to, outcomes}.
export function waysOf(flow) {
  const ways = new Map();
  for (const [from, node] of Object.entries(nodesOf(flow))) {
    for (const [outcome, to] of outcomesOf(node)) {
      const key = `${from} ${to}`;
      if (!ways.has(key)) ways.set(key, { from, to, outcomes: [] });
      ways.get(key).outcomes.push(outcome);
    }
  }
  return [...ways.values()];
}

// What is drawn: boxes with their sizes, lines, and for each box the rows that name a far or unknown node.
export function drawingOf(flow, says, shown = null) {
  const nodes = nodesOf(flow);
  const names = Object.keys(nodes).filter((name) => !shown || shown.has(name));
  const there = new Set(names);
  const into = new Map();
  const ways = waysOf(flow).filter((way) => there.has(way.from));
  for (const way of ways) into.set(way.to, (into.get(way.to) ?? 0) + 1);
  const steps = names.length > SMALL ? stepsOf(flow, ways, there) : null;
  const isFar = (way) => !there.has(way.to) || way.to === way.from || (steps !== null && !isNear(way, steps, into.get(way.to)));
  const boxes = new Map();
  for (const name of names) {
    const said = says(nodes[name]);
    boxes.set(name, { name, kind: String(nodes[name]?.kind ?? ""), said, rows: [], width: WIDTH, height: HEAD + (said ? SAYS : 0) });
  }
  const lines = [];
  for (const way of ways) {
    if (!isFar(way)) {
      lines.push(way);
      continue;
    }
    const box = boxes.get(way.from);
    box.rows.push(way);
    box.height += ROW;
  }
  return { boxes, lines };
}

// How many steps each node is from where a call, or what it is about, begins; and which way came there first.
function stepsOf(flow, ways, there) {
  const from = new Map();
  for (const way of ways) from.set(way.from, [...(from.get(way.from) ?? []), way]);
  const steps = new Map();
  const walk = (roots) => {
    const waiting = roots.filter((name) => there.has(name) && !steps.has(name));
    for (const name of waiting) steps.set(name, { count: 0, first: null });
    while (waiting.length) {
      const name = waiting.shift();
      for (const way of from.get(name) ?? []) {
        if (!there.has(way.to) || steps.has(way.to)) continue;
        steps.set(way.to, { count: steps.get(name).count + 1, first: way });
        waiting.push(way.to);
      }
    }
  };
  walk([...startsOf(flow).keys()]);
  for (const name of there) walk([name]);
  return steps;
}

function isNear(way, steps, into) {
  const here = steps.get(way.from), there = steps.get(way.to);
  if (there.first === way) return true;
  return into <= MANY && Math.abs(there.count - here.count) <= FARTHEST && there.count > 0;
}

export function keyOf({ boxes, lines }) {
  const parts = [...boxes.values()].map((box) => `${box.name}:${box.height}`);
  return `${parts.join(" ")}|${lines.map((line) => `${line.from}>${line.to}`).join(" ")}`;
}

// The nodes within some steps of one, against the ways as well.
export function neighbourhood(flow, name, steps) {
  const found = new Set([name]);
  const ways = waysOf(flow);
  for (let step = 0; step < steps; step += 1) {
    for (const way of ways.filter((one) => found.has(one.from) || found.has(one.to)).map((one) => [one.from, one.to]).flat()) {
      if (way in nodesOf(flow)) found.add(way);
    }
  }
  return found;
}

// What is another in one flow than in the other: node -> "added", "changed"; and the names of those that are gone.
export function difference(before, after) {
  const states = new Map();
  const was = nodesOf(before), is = nodesOf(after);
  for (const [name, node] of Object.entries(is)) {
    if (!(name in was)) states.set(name, "added");
    else if (JSON.stringify(was[name]) !== JSON.stringify(node)) states.set(name, "changed");
  }
  return { states, gone: Object.keys(was).filter((name) => !(name in is)) };
}

// Makes changes of the documents in a copy, as the draft does: places begin with "flow"; null is nothing.
export function applied(flow, changes) {
  const document = structuredClone(flow);
  for (const { place, after, at } of changes) {
    if (place[0] !== "flow") continue;
    let holder = document;
    for (const step of place.slice(1, -1)) holder = holder?.[step];
    const key = place.at(-1);
    if (!holder) continue;
    if (after === null) {
      if (Array.isArray(holder)) holder.splice(key, 1);
      else delete holder[key];
    } else if (at === null || at === undefined || key in holder) {
      holder[key] = after;
    } else {
      const behind = Object.entries(holder).slice(at);
      for (const [name] of behind) delete holder[name];
      holder[key] = after;
      for (const [name, value] of behind) holder[name] = value;
    }
  }
  return document;
}
