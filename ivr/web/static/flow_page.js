// The page on the flow: what is drawn, chosen, changed and found. All that is changed goes to the draft and nowhere else.
import { Drawing } from "./flow_draw.js";
import { walkByKeys } from "./flow_keys.js";
import { colours, difference as differenceLayer, pathLayer } from "./flow_layers.js";
import { laidOut, meanwhile } from "./flow_layout.js";
import { List } from "./flow_list.js";
import { Minimap } from "./flow_minimap.js";
import { applied, drawingOf, neighbourhood, nodesOf, outcomesOf, startsOf } from "./flow_model.js";
import { Panel, fill } from "./flow_panel.js";
import { onDraft, planned, read, save } from "./flow_saving.js";

const root = document.getElementById("flow");
const words = JSON.parse(root.dataset.words);
const by = (id) => document.getElementById(id);
const language = document.documentElement.lang.slice(0, 2);
const state = { shown: null, kinds: {}, version: "", chosen: "", around: "", layer: "kind", findings: new Map(), path: [], laid: null, base: null };
const isDraft = () => state.version === "";
const mayEdit = () => root.dataset.mayEdit === "yes" && isDraft();
const flow = () => state.shown.flow;
const says = (key) => state.shown.says[key] ?? {};
const said = (node) => says(node?.prompt)[language] ?? Object.values(says(node?.prompt))[0] ?? "";

const svg = by("flow-drawing");
const map = { ask: () => {} };
const drawing = new Drawing(svg, { choose: (name) => choose(name), connect: (from, outcome, to) => act.connect(from, outcome, to), moved: () => map.ask() }, words);
Object.assign(map, { ask: ((mini) => () => mini.ask())(new Minimap(by("flow-map"), drawing)) });
const tell = (text, isBad = false) => {
  by("flow-state").textContent = text;
  by("flow-state").classList.toggle("text-danger", isBad);
};

const house = {
  words,
  flow,
  says,
  get mayEdit() { return mayEdit(); },
  offers: () => state.kinds,
  prompts: (kind) => state.shown.fits[kind] ?? [],
  intents: () => [...new Set([...Object.keys(flow().requests ?? {}), ...state.shown.intents])],
  findings: (name) => state.findings.get(name) ?? [],
  promptAddress: (key) => root.dataset.prompts + encodeURIComponent(key),
};

// --- Acts: asked what they change, drawn at once, kept in the draft

const act = {
  field: (node, field, value) => change({ act: "change", node, field, value: JSON.stringify(value) }, fill(words.act_field, { node, field })),
  connect: (node, outcome, to) => change({ act: "connect", node, outcome, to }, fill(words.act_connect, { node, outcome, to })),
  add: (kind, node, after, outcome) => change({ act: "add", kind, node, after, outcome }, fill(words.act_add, { node }), { chosen: node }),
  remove: (node, to) => change({ act: "remove", node, to }, fill(words.act_remove, { node }), { chosen: to || leadingTo(node) || flow().first, toDrawing: true }),
  rename: (node, to) => change({ act: "rename", node, to }, fill(words.act_rename, { node, to }), { chosen: to }),
  go: (name) => choose(name, { centre: true, focus: !by("flow-stage").hidden }),
};
const leadingTo = (name) => Object.entries(nodesOf(flow())).find(([one, node]) => one !== name && outcomesOf(node).some(([, to]) => to === name))?.[0];
let acting = Promise.resolve();

function change(asked, label, after = {}) {
  acting = acting.then(() => changeNow(asked, label, after)).catch((error) => {
    tell(fill(words.failed, { why: error.message }), true);
    panel.show(state.chosen);
  });
  return acting;
}

async function changeNow(asked, label, { chosen = state.chosen, toDrawing = false }) {
  const began = performance.now();
  const { changes, told } = await planned(asked);
  if (!changes.length) return;
  const before = state.shown.flow;
  state.shown.flow = applied(before, changes);
  state.chosen = chosen;
  await redraw({ hold: chosen });
  panel.show(chosen);
  if (toDrawing && !by("flow-stage").hidden) drawing.choose(chosen, { focus: true });
  performance.measure("flow:edit", { start: began });
  const kept = await save(changes, label);
  if (!kept) {
    // Somebody was quicker, or it could not be kept: what the draft says now is what is shown.
    await load();
    return;
  }
  if (!kept.findings) await load();
  else found(kept.findings);
  const loose = told.length && !asked.to ? ` ${fill(words.loose, { places: told.map((place) => place.slice(place.length > 2 ? 2 : 1).join(".")).join(", ") })}` : "";
  tell([words.saved + loose, by("flow-state").textContent].join(" "), state.shown.findings.some((one) => one.severity === "error"));
}

// --- What is shown

async function load() {
  state.shown = await read(state.version);
  if (!(state.chosen in nodesOf(flow()))) state.chosen = flow().first ?? "";
  found(state.shown.findings, { isDrawn: false });
  await redraw({});
  panel.show(state.chosen);
}

function found(findings, { isDrawn = true } = {}) {
  const before = state.findings;
  state.findings = new Map();
  for (const one of findings) if (one.node) state.findings.set(one.node, [...(state.findings.get(one.node) ?? []), one]);
  state.shown.findings = findings;
  const errors = findings.filter((one) => one.severity === "error");
  tell(!isDraft() ? "" : errors.length ? `${fill(words.to_correct, { count: errors.length })}: ${errors.slice(0, 3).map((one) => `${one.place || one.file}: ${one.message}`).join("; ")}` : words.sound, errors.length > 0);
  if (!isDrawn || JSON.stringify([...before]) === JSON.stringify([...state.findings])) return;
  drawNow();
  panel.show(state.chosen);
}

function about(name) {
  const node = nodesOf(flow())[name] ?? {};
  const findings = state.findings.get(name) ?? [];
  const errors = findings.filter((one) => one.severity === "error").length;
  const starts = (state.starts.get(name) ?? []).map((one) => words[one] ?? one);
  const leads = outcomesOf(node).map(([outcome, to]) => `${outcome} ${to}`).join(", ");
  const kind = words.kinds[node.kind] ?? String(node.kind);
  return {
    kind,
    classes: errors ? "has-error" : findings.length ? "has-advice" : "",
    start: starts.join(", "),
    badge: findings.length ? { severity: errors ? "error" : "advice", text: errors || "i" } : null,
    label: fill(words.node_label, { node: name, kind, said: said(node) ? `«${said(node)}».` : "", leads: leads || words.nothing, findings: errors ? fill(words.found, { count: errors }) : "" }),
    figure: state.figures?.get(name) ?? "",
  };
}

let current = null;

async function redraw({ hold = "" }) {
  const shown = state.around && state.chosen ? neighbourhood(flow(), state.chosen, Number(state.around)) : null;
  state.starts = startsOf(flow());
  current = drawingOf(flow(), said, shown);
  const mine = current;
  const between = meanwhile(current, state.laid);
  const began = performance.now();
  if (between) drawing.hold(hold, () => drawNow(between));
  performance.measure("flow:redraw", { start: began });
  const laid = await laidOut(current);
  if (mine !== current) return; // another change came meanwhile
  const isFirst = !state.laid;
  state.laid = laid;
  drawing.hold(hold, () => drawNow());
  if (isFirst || shown) look();
}

function drawNow(laid = state.laid) {
  if (!laid || !current) return;
  drawing.draw(current, laid, about);
  drawing.choose(state.chosen);
  if (mayEdit()) drawing.ports(state.chosen, outcomesOf(nodesOf(flow())[state.chosen]).map(([outcome]) => outcome));
  list.show();
  paint();
  map.ask();
}

// All of it where it can be read; else the beginning, or the chosen node.
function look() {
  drawing.fit();
  if (drawing.view.scale < 0.55) drawing.reveal(state.chosen || flow().first, { scale: 0.85, at: 0.25 });
  if (!drawing.focusable) drawing.choose(state.chosen || flow().first);
}

function choose(name, { focus = false, centre = false } = {}) {
  if (!(name in nodesOf(flow()))) return;
  state.chosen = name;
  if (state.around) redraw({});
  drawing.choose(name, { focus, centre });
  if (mayEdit()) drawing.ports(name, outcomesOf(nodesOf(flow())[name]).map(([outcome]) => outcome));
  panel.show(name);
  list.choose(name);
}

// --- Layers

async function paint() {
  const legend = by("flow-legend");
  if (state.path.length) return pathLayer(drawing, legend, state.path, words);
  if (state.layer === "kind") {
    drawing.mark(new Map());
    legend.replaceChildren();
    return undefined;
  }
  if (state.layer === "difference") {
    state.base ??= await read(String(state.shown.version));
    return differenceLayer(drawing, legend, state.base, flow(), words);
  }
  return colours(drawing, legend, state.layer, words);
}

// The way of a call: its nodes in order. An empty one puts the light out.
export function lightUp(path) {
  state.path = [...path];
  paint();
  if (path.length) choose(path.at(-1), { centre: true });
}
window.addEventListener("flow:path", ({ detail }) => lightUp(detail));
new BroadcastChannel("centralino-path").onmessage = ({ data }) => lightUp(data);

// --- Search

function find(text) {
  const wanted = text.trim().toLowerCase();
  const hits = wanted ? Object.entries(nodesOf(flow())).filter(([name, node]) => [name, node.prompt ?? "", said(node), words.kinds[node.kind] ?? ""].some((one) => one.toLowerCase().includes(wanted))).map(([name]) => name) : [];
  hits.sort((one, other) => !one.includes(wanted) - !other.includes(wanted));
  by("flow-matches").textContent = !wanted ? "" : hits.length ? fill(words.matches, { count: hits.length }) : words.no_match;
  for (const [name, { group }] of drawing.boxes) group.classList.toggle("is-hit", hits.includes(name));
  return hits;
}

const panel = new Panel(by("flow-panel"), house, act);
const list = new List(by("flow-list"), house, { choose: (name) => choose(name), open: () => panel.focus(), said });
walkByKeys(svg, drawing, { flow, choose: (name) => choose(name, { focus: true }), open: () => panel.focus(), search: () => by("flow-search").focus() });

let turn = 0;
by("flow-search").addEventListener("input", (event) => { turn = 0; find(event.target.value); });
by("flow-search").addEventListener("keydown", (event) => {
  if (event.key === "Escape") { event.target.value = ""; find(""); }
  if (event.key !== "Enter") return;
  event.preventDefault();
  const hits = find(event.target.value);
  if (hits.length) choose(hits[(turn++) % hits.length], { centre: true });
});
by("flow-panel").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !by("flow-stage").hidden) drawing.choose(state.chosen, { focus: true, centre: true });
});
by("flow-fit").addEventListener("click", () => drawing.fit());
by("flow-in").addEventListener("click", () => drawing.zoom(1.25));
by("flow-out").addEventListener("click", () => drawing.zoom(0.8));
by("flow-around").addEventListener("change", (event) => { state.around = event.target.value; state.laid = null; redraw({}); });
by("flow-layer").addEventListener("change", (event) => { state.layer = event.target.value; state.path = []; paint(); });
by("flow-version").addEventListener("change", (event) => { state.version = event.target.value; state.laid = null; load(); });

function view(isGraph) {
  by("flow-stage").hidden = !isGraph;
  by("flow-list").hidden = isGraph;
  by("flow-as-graph").setAttribute("aria-pressed", isGraph);
  by("flow-as-list").setAttribute("aria-pressed", !isGraph);
  list.show();
  if (isGraph && state.laid) look();
}
by("flow-as-graph").addEventListener("click", () => view(true));
by("flow-as-list").addEventListener("click", () => view(false));
if (mayEdit()) import("./draft.js");
onDraft(() => isDraft() && load());

const began = performance.now();
state.kinds = (await read("kinds")).kinds;
const wanted = new URLSearchParams(location.search);
state.version = wanted.get("version") ?? "";
by("flow-version").value = state.version;
state.chosen = wanted.get("node") ?? "";
await load();
if (window.innerWidth < 768) view(false);
if (wanted.get("node")) choose(state.chosen, { centre: true });
performance.measure("flow:drawn", { start: began });
if (wanted.get("path")) lightUp(wanted.get("path").split(","));
root.dataset.ready = "yes";
