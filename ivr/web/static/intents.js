// The page on intents: examples, what was not understood, draft and live compared, a sentence tried. Everything comes from the API;
// nothing reloads the page, and what could not be saved stays where it was typed.
import { drawComparison } from "./intents_comparison.js";
import { API, ask, at, made, say, share, words } from "./intents_shared.js";
import { drawAnswer } from "./intents_answer.js";

const root = at("intents");
const INTENTS = JSON.parse(root.dataset.intents);
const PAGE = 100;
const LEARNING_MILLISECONDS = 700;

// --- Parts of the page, by the address's hash

const PARTS = ["examples", "heard", "comparison", "try"];

function showPart() {
  const wanted = PARTS.includes(location.hash.slice(1)) ? location.hash.slice(1) : PARTS[0];
  for (const part of PARTS) {
    at(part).hidden = part !== wanted;
    const link = root.querySelector(`.intents-tabs a[href="#${part}"]`);
    link.classList.toggle("active", part === wanted);
    if (part === wanted) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (wanted === "heard" && !at("heard-groups").childElementCount) drawHeard();
  if (wanted === "comparison") lookAtComparison();
}

// --- Examples

let shown = 0;
let cards = [];

async function drawExamples(more = false) {
  shown = more ? shown : 0;
  const query = new URLSearchParams({ language: at("examples-language").value, intent: at("examples-intent").value, contains: at("examples-contains").value, limit: PAGE, offset: shown });
  const found = await ask("GET", `${API}/phrases?${query}`);
  if (!found) return;
  const lines = found.phrases.map(drawnExample);
  if (more) at("examples-list").append(...lines);
  else at("examples-list").replaceChildren(...lines);
  shown += found.phrases.length;
  at("examples-count").textContent = found.total ? words("count", { count: found.total }) : words("none");
  at("examples-more").hidden = shown >= found.total;
  const card = cards.find((one) => one.name === at("examples-intent").value);
  at("examples-description").textContent = card?.description[root.dataset.language] ?? "";
}

function drawnExample({ intent, text }) {
  const language = at("examples-language").value;
  const line = made("li");
  const move = made("select", { className: "form-select form-select-sm", ariaLabel: `${words("moveto")}: ${text}` });
  move.append(made("option", { value: "", textContent: words("move") }), ...INTENTS.filter((one) => one !== intent).map((one) => made("option", { value: one, textContent: one })));
  // A select that is walked by keys changes at every step: only what is chosen and left, or confirmed by Enter, is done.
  const moved = () => move.value && change([{ act: "move", language, intent, text, to: move.value }], words("moved", { intent: move.value, text }));
  move.addEventListener("keydown", (event) => { if (event.key === "Enter") moved(); move.dataset.byKey = "yes"; });
  move.addEventListener("change", () => { if (move.dataset.byKey !== "yes") moved(); });
  move.addEventListener("pointerdown", () => { move.dataset.byKey = ""; });
  move.addEventListener("blur", () => { if (move.dataset.byKey === "yes") moved(); });
  const remove = made("button", { type: "button", className: "btn btn-sm btn-outline-danger", textContent: words("remove"), ariaLabel: `${words("remove")}: ${text}` });
  remove.addEventListener("click", () => change([{ act: "remove", language, intent, text }], words("removed", { text })));
  const name = at("examples-intent").value ? "" : made("span", { className: "badge text-bg-secondary", textContent: intent });
  line.append(made("span", { textContent: text }), ...(name ? [name] : []), move, remove);
  return line;
}

async function change(wishes, told) {
  const done = await ask("POST", `${API}/phrases`, { wishes, label: told.slice(0, 120) });
  if (!done) return false;
  say(told);
  document.dispatchEvent(new CustomEvent("draft:edited"));
  await Promise.all([drawExamples(), readCards()]);
  return true;
}

async function readCards() {
  const found = await ask("GET", API);
  if (!found) return;
  cards = found.intents;
  for (const option of at("examples-intent").options) {
    const card = cards.find((one) => one.name === option.value);
    if (card) option.textContent = `${card.name} (${card.counts[at("examples-language").value] ?? 0})`;
  }
}

at("examples-form").addEventListener("submit", (event) => { event.preventDefault(); drawExamples(); });
for (const field of ["examples-language", "examples-intent"]) at(field).addEventListener("change", () => { drawExamples(); readCards(); });
at("examples-more").addEventListener("click", () => drawExamples(true));
at("examples-add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = at("examples-text");
  const intent = at("examples-intent").value || INTENTS[0];
  const text = field.value.trim();
  const isDone = await change([{ act: "add", language: at("examples-language").value, intent, text }], words("added", { intent, text }));
  if (isDone) field.value = "";
  field.focus();
});

// --- What was not understood

async function drawHeard() {
  const query = new URLSearchParams({ first: at("heard-first").value, last: at("heard-last").value, language: at("heard-language").value, limit: PAGE });
  const found = await ask("GET", `${API}/heard?${query}`);
  if (!found) return;
  const groups = found.groups.map(drawnGroup);
  at("heard-groups").replaceChildren(...(groups.length ? groups : [made("p", { textContent: words("nothingHeard") })]));
}

function drawnGroup(group, index) {
  const [first, ...others] = group.phrases;
  const box = made("article", { className: "card heard-group" });
  const whys = Object.entries(group.whys).map(([why, times]) => `${words(why)} ${times}`).join(" · ");
  const meta = made("p", { className: "small text-body-secondary mb-2" });
  meta.textContent = [words("said", { times: group.times, calls: group.calls }), words("at", { nodes: group.nodes.join(", ") }), whys].join(" · ");
  const acts = made("form", { className: "acts-row" });
  const text = made("input", { className: "form-control form-control-sm", value: first.example, maxLength: 300, required: true, ariaLabel: words("example") });
  const intent = made("select", { className: "form-select form-select-sm", ariaLabel: words("addto") });
  intent.append(...INTENTS.map((one) => made("option", { value: one, textContent: one })));
  if (group.intent) intent.value = group.intent;
  const perhaps = made("span", { className: "small text-body-secondary", textContent: group.chance === null ? "" : words("perhaps", { chance: share(group.chance) }) });
  const add = made("button", { className: "btn btn-sm btn-primary", textContent: words("add") });
  const aside = made("button", { type: "button", className: "btn btn-sm btn-outline-secondary", textContent: words("aside") });
  acts.addEventListener("submit", async (event) => {
    event.preventDefault();
    const isDone = await change([{ act: "add", language: group.language, intent: intent.value, text: text.value.trim() }], words("added", { intent: intent.value, text: text.value.trim() }));
    if (isDone) gone(box);
  });
  aside.addEventListener("click", async () => {
    const done = await ask("POST", `${API}/heard/dismissed`, { language: group.language, phrases: group.phrases.map((one) => one.text) });
    if (done) { say(words("asideDone")); gone(box); }
  });
  acts.append(text, intent, perhaps, add, aside);
  box.append(made("h3", { className: "h6 mb-1", lang: group.language, textContent: `“${first.text}”`, id: `heard-${index}` }), meta);
  if (others.length) {
    const more = made("details", { className: "small mb-2" });
    const list = made("ul", { className: "mb-0" });
    list.append(...others.map((one) => made("li", { lang: group.language, textContent: one.times > 1 ? `${one.text} (${one.times})` : one.text })));
    more.append(made("summary", { textContent: words("likes", { count: others.length }) }), list);
    box.append(more);
  }
  box.append(acts);
  return box;
}

function gone(box) {
  const next = box.nextElementSibling ?? box.previousElementSibling;
  box.remove();
  next?.querySelector("input")?.focus();
}

at("heard-form").addEventListener("submit", (event) => { event.preventDefault(); drawHeard(); });

// --- Draft and live

let looking = 0;

async function lookAtComparison(begins = false) {
  clearTimeout(looking);
  const found = await ask(begins ? "POST" : "GET", `${API}/comparison`);
  if (!found) return;
  drawComparison(found);
  if (found.state === "underway" && !at("comparison").hidden) looking = setTimeout(() => lookAtComparison(), 1000);
}

at("comparison-begin").addEventListener("click", () => lookAtComparison(true));
for (const field of ["comparison-language", "comparison-of"]) at(field).addEventListener("change", () => lookAtComparison());

// --- A sentence

at("try-form").addEventListener("submit", (event) => { event.preventDefault(); tryIt(); });

async function tryIt() {
  const content = { text: at("try-text").value, language: at("try-language").value, node: at("try-node").value, of: at("try-of").value };
  const found = await ask("POST", `${API}/explained`, content);
  if (!found) return;
  if (found.state === "learning") {
    at("try-answer").replaceChildren(made("p", { textContent: words("learning", found) }));
    setTimeout(tryIt, LEARNING_MILLISECONDS);
  } else if (found.state === "failed") at("try-answer").replaceChildren(made("p", { textContent: words("failed") }));
  else drawAnswer(at("try-answer"), found.answer, root.dataset.outside);
}

addEventListener("hashchange", showPart);
document.addEventListener("draft:changed", () => { drawExamples(); readCards(); if (!at("comparison").hidden) lookAtComparison(); });
showPart();
drawExamples();
readCards();
