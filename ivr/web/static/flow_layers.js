// What colours the nodes: what calls did there, what is changed, the way of one call. Each with a legend in words and figures.
import { difference as differs } from "./flow_model.js";
import { el, fill } from "./flow_panel.js";

const STEPS = 5;
const FEW = 5; // fewer calls than these say nothing of a share
let asked = null;

const percent = (share) => (share === null || share === undefined ? "–" : new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 1 }).format(share));
const number = (value) => (value === null || value === undefined ? "–" : new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 }).format(value));

async function coverage() {
  asked ??= fetch("/api/v1/coverage", { headers: { Accept: "application/json" } }).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText))));
  return asked;
}

// Heat by what calls of these days did at each node.
export async function colours(drawing, legend, layer, words) {
  const { nodes, first, last } = await coverage();
  const known = new Map(nodes.filter((one) => one.passed > 0).map((one) => [one.node, one]));
  const valueOf = (one) => (layer === "passed" ? one.passed : layer === "effort" ? one.effort.value : one[layer].value);
  const isEnough = (one) => layer === "passed" || (layer === "effort" ? one.effort.count : one[layer].whole) >= FEW;
  const sure = [...known.values()].filter((one) => isEnough(one) && valueOf(one) !== null);
  const most = layer === "effort" ? 7 : Math.max(...sure.map(valueOf), layer === "passed" ? 1 : 0.01);
  const least = layer === "effort" ? 1 : 0;
  const step = (one) => Math.min(STEPS - 1, Math.floor(((valueOf(one) - least) / (most - least)) * STEPS));
  const marks = new Map([...drawing.boxes.keys()].map((name) => {
    const one = known.get(name);
    return [name, !one ? "unpassed" : sure.includes(one) ? `heat-${step(one)}` : "few"];
  }));
  drawing.mark(marks);
  const told = (one) => (layer === "passed" ? fill(words.layers.calls, { count: one.passed })
    : layer === "effort" ? fill(words.layers.effort_of, { value: number(one.effort.value), low: number(one.effort.low), high: number(one.effort.high), count: one.effort.count })
      : fill(words.layers.of_calls, { part: one[layer].part, whole: one[layer].whole, low: percent(one[layer].low), high: percent(one[layer].high) }));
  const rows = [...known.values()].sort((one, other) => (valueOf(other) ?? -1) - (valueOf(one) ?? -1));
  const scale = el("span", { className: "flow-scale", role: "img", "aria-label": `${words.layers.least} ${words.layers.most}` },
    ...Array.from({ length: STEPS }, (_, index) => el("span", { "data-mark": `heat-${index}` })));
  const format = layer === "passed" || layer === "effort" ? number : percent;
  legend.replaceChildren(
    el("div", {}, el("strong", {}, words.layers[layer]), ` ${first} – ${last}: ${format(least)} `, scale, ` ${format(most)} · `, el("span", { className: "flow-few" }, words.layers.few)),
    rows.length ? table(rows, told, words, layer) : el("p", { className: "mb-0" }, words.layers.none),
  );
}

function table(rows, told, words, layer) {
  const body = rows.map((one) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, one.node)), el("td", {}, told(one))));
  const head = el("tr", {}, el("th", { scope: "col" }, words.name), el("th", { scope: "col" }, words.layers[layer]));
  return el("details", {}, el("summary", {}, words.layers[layer]), el("table", { className: "table table-sm w-auto" }, el("thead", {}, head), el("tbody", {}, ...body)));
}

// What is another than in the version that the draft is based on.
export function difference(drawing, legend, base, flow, words) {
  const { states, gone } = differs(base.flow, flow);
  drawing.mark(states);
  const listed = [...states].map(([name, state]) => el("li", {}, el("code", {}, name), state === "added" ? " +" : " ≠"));
  legend.replaceChildren(el("p", { className: "mb-1" }, fill(words.layers.changed_legend, { version: base.version, gone: gone.join(", ") || words.layers.nothing })),
    el("ul", { className: "list-inline mb-0" }, ...listed.map((one) => (one.classList.add("list-inline-item"), one))));
}

// The way of a call: every node that it passed, the last one above all.
export function pathLayer(drawing, legend, path, words) {
  const nodes = new Map(path.map((name) => [name, "path"]));
  nodes.set(path.at(-1), "path-end");
  const ways = new Map(path.slice(1).map((name, index) => [`${path[index]} ${name}`, "path"]));
  drawing.mark(nodes, ways);
  legend.replaceChildren(el("p", { className: "mb-0" }, fill(words.layers.path_legend, { path: path.join(" → ") })));
}

