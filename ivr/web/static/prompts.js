// The page on prompts: a table that is found as one types, and behind the # of the address the prompt that is edited.
// Nothing reloads: what was typed in one prompt stays while others are looked at.
import { edit } from "./draft.js";
import { Editor, holdsUnsaved, stored, unsavedKeys } from "./prompt_editor.js";
import { ask, fill, words } from "./prompt_words.js";

const byId = (id) => document.getElementById(id);
const rows = byId("rows"), find = byId("find"), byNode = byId("by-node"), byLanguage = byId("by-language"), byState = byId("by-state");
let prompts = new Map();
let languages = [];
let editor = null;
let lastKey = "";

async function load() {
  const told = await ask("GET", "/prompts");
  languages = told.languages;
  prompts = new Map(told.prompts.map((prompt) => [prompt.key, prompt]));
  byId("loading").hidden = true;
  const chosen = [byNode.value, byLanguage.value];
  options(byNode, [...new Set(told.prompts.flatMap((one) => one.nodes.map((node) => node.name)))].sort().map((name) => [name, name]),
    ["flow", "service", "choice"].map((role) => [`:${role}`, words.roles[role]]));
  options(byLanguage, languages.map((code) => [code, words.languages[code] || code]));
  [byNode.value, byLanguage.value] = chosen;
  draw();
}

function options(select, ...groups) {
  select.length = 1;
  for (const [value, label] of groups.flat()) select.add(new Option(label, value));
}

function hasFault(prompt) {
  return Object.values(prompt.measured).flat().some((one) => one.faults.length || one.problem);
}

const STATES = {
  missing: (prompt) => prompt.missing.length > 0,
  too_long: (prompt) => prompt.advice.includes("too_long") || prompt.advice.includes("several_messages"),
  hard: (prompt) => prompt.advice.includes("hard"),
  faulty: hasFault,
  recorded: (prompt) => Object.values(prompt.wordings).some((one) => one.recording),
  tried: (prompt) => Object.values(prompt.wordings).some((one) => one.alternative),
  unused: (prompt) => prompt.role === "unused",
  unsaved: (prompt) => unsavedKeys().includes(prompt.key),
};

function textsOf(prompt, language) {
  const wordings = Object.entries(prompt.wordings).filter(([code]) => !language || code === language);
  return wordings.flatMap(([, one]) => [one.text, ...one.reprompts, one.alternative?.text || ""]);
}

const folded = (text) => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

function fits(prompt, wanted) {
  const node = byNode.value;
  if (node.startsWith(":") ? prompt.role !== node.slice(1) : node && !prompt.nodes.some((one) => one.name === node)) return false;
  const language = byLanguage.value;
  const state = byState.value;
  if (state === "missing" && language ? !prompt.missing.includes(language) : state && !STATES[state](prompt)) return false;
  if (language && state !== "missing" && !prompt.wordings[language]) return false;
  prompt.folded ??= {};
  prompt.folded[language] ??= folded([prompt.key, ...prompt.nodes.map((one) => one.name), ...textsOf(prompt, language)].join("\n"));
  return wanted.every((word) => prompt.folded[language].includes(word));
}

function draw() {
  const wanted = folded(find.value).split(/\s+/).filter(Boolean);
  const shown = [...prompts.values()].filter((prompt) => fits(prompt, wanted));
  rows.replaceChildren(...shown.map((prompt) => { prompt.row ??= {}; return (prompt.row[byLanguage.value] ??= rowOf(prompt)); }));
  [...rows.rows].forEach((row, index) => { row.tabIndex = index ? -1 : 0; });
  byId("none").hidden = shown.length > 0;
  byId("count").textContent = fill(words.count, { shown: shown.length, all: prompts.size });
}

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function rowOf(prompt) {
  const row = element("tr");
  row.dataset.key = prompt.key;
  const key = element("th");
  key.scope = "row";
  const link = element("a", prompt.key, "text-break");
  link.href = `#${prompt.key}`;
  link.tabIndex = -1;
  key.append(link, badges(prompt));
  const said = element("td", "", "said"), seconds = element("td", "", "figures"), level = element("td", "", "figures small");
  for (const language of languages) {
    if (byLanguage.value && language !== byLanguage.value) continue;
    const wording = prompt.wordings[language];
    if (!wording) continue;
    const line = element("div");
    line.append(element("span", language, "language"), " ", ...chipped(wording.text));
    if (wording.reprompts.length) line.append(element("span", ` +${wording.reprompts.length}`, "small text-body-secondary"));
    said.append(line);
    const first = prompt.measured[language]?.[0];
    if (!first) continue;
    seconds.append(element("div", first.seconds === null ? fill(words.messages, { count: first.messages }) : fill(words.seconds, { seconds: first.seconds.toLocaleString(document.documentElement.lang) })));
    if (first.level) {
      const told = element("div", `${Math.round(first.level.score)}${first.level.is_hint ? " ~" : ""}`);
      told.title = fill(first.level.is_hint ? words.reading_hint : words.reading, { ...first.level, score: Math.round(first.level.score), band: words.bands[first.level.band] });
      level.append(told);
    }
  }
  const where = element("td", "", "small");
  where.textContent = prompt.nodes.length ? prompt.nodes.map((node) => node.name).join(", ") : words.roles[prompt.role];
  row.append(key, said, seconds, level, where);
  return row;
}

function chipped(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(/\{([a-z_]+):([a-z]+)\}/g)) {
    parts.push(text.slice(from, found.index), element("span", found[1], "chip"));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

function badges(prompt) {
  const holder = element("div", "", "d-flex flex-wrap gap-1");
  const badge = (text, kind) => holder.append(element("span", text, `badge ${kind}`));
  for (const language of prompt.missing) badge(fill(words.missing, { language: words.languages[language] || language }), "text-bg-warning");
  if (hasFault(prompt)) badge(words.faulty, "text-bg-danger");
  for (const one of prompt.advice) badge(words.short_advice[one], "text-bg-light border");
  if (STATES.recorded(prompt)) badge(words.recorded, "text-bg-info");
  if (STATES.tried(prompt)) badge(words.tried, "text-bg-info");
  if (STATES.unsaved(prompt)) badge(words.unsaved, "text-bg-warning");
  return holder;
}

function move(step) {
  const all = [...rows.rows];
  const here = all.indexOf(document.activeElement.closest?.("tr"));
  const next = all[here < 0 ? 0 : Math.max(0, Math.min(all.length - 1, here + step))];
  if (!next) return;
  all.forEach((row) => { row.tabIndex = row === next ? 0 : -1; });
  next.focus();
}

// --- What is edited stands behind the #.

function show() {
  const key = decodeURIComponent(location.hash.slice(1));
  const prompt = prompts.get(key);
  editor?.leave();
  editor = null;
  byId("editor").hidden = !prompt;
  byId("list").hidden = Boolean(prompt);
  if (!prompt) {
    for (const one of [...prompts.values()]) delete one.row;
    draw();
    const row = [...rows.rows].find((one) => one.dataset.key === lastKey);
    if (row) { [...rows.rows].forEach((one) => { one.tabIndex = one === row ? 0 : -1; }); row.focus(); }
    return;
  }
  lastKey = key;
  editor = new Editor(byId("editor"), prompt, languages, { save, remove, placeholders: placeholders() });
  window.scrollTo(0, 0);
}

// Every placeholder that some prompt has: those that can be put into this one.
function placeholders() {
  const all = new Map();
  for (const prompt of prompts.values()) for (const [name, kind] of Object.entries(prompt.placeholders)) all.set(name, kind);
  return all;
}

async function save(key, changes, isNew) {
  const answer = await edit(changes, fill(isNew ? words.made : words.changed, { key }));
  if (!answer) return null;
  await load();
  return prompts.get(key);
}

async function remove(prompt) {
  const before = Object.fromEntries(Object.entries(prompt.wordings).map(([code, one]) => [code, stored(one)]));
  if (prompt.written) before.written = true;
  const answer = await edit([{ place: ["prompts", "prompts", prompt.key], before, after: null }], fill(words.removed, { key: prompt.key }));
  if (!answer) return;
  await load();
  location.hash = "";
}

byId("add").addEventListener("click", () => {
  byId("add-form").hidden = !byId("add-form").hidden;
  if (!byId("add-form").hidden) byId("add-key").focus();
});
byId("add-form").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const key = byId("add-key").value.trim();
  const problem = !/^[a-z][a-z0-9_.]*$/.test(key) ? words.key_wrong : prompts.has(key) ? words.key_taken : "";
  byId("add-problem").textContent = problem;
  if (problem) return;
  prompts.set(key, { key, written: false, role: "unused", nodes: [], placeholders: {}, expected: {}, missing: [...languages], wordings: {}, measured: {}, advice: [], isNew: true });
  byId("add-form").hidden = true;
  byId("add-key").value = "";
  location.hash = key;
});
for (const field of [find, byNode, byLanguage, byState]) field.addEventListener("input", draw);
rows.addEventListener("click", (clicked) => {
  const row = clicked.target.closest("tr");
  if (row && !getSelection().toString()) location.hash = row.dataset.key;
});
document.addEventListener("keydown", (pressed) => {
  if (editor) {
    if ((pressed.ctrlKey || pressed.metaKey) && pressed.key.toLowerCase() === "s") { pressed.preventDefault(); editor.save(); }
    else if (pressed.key === "Escape" && !document.querySelector("dialog[open]")) location.hash = "";
    return;
  }
  const isTyping = pressed.target.matches("input, select, textarea");
  if (pressed.key === "/" && !isTyping) { pressed.preventDefault(); find.focus(); find.select(); }
  else if (pressed.key === "ArrowDown" && (!isTyping || pressed.target === find)) { pressed.preventDefault(); move(1); }
  else if (pressed.key === "ArrowUp" && !isTyping) { pressed.preventDefault(); move(-1); }
  else if (pressed.key === "Enter" && pressed.target.matches("tr[data-key]")) location.hash = pressed.target.dataset.key;
});
window.addEventListener("hashchange", show);
window.addEventListener("beforeunload", (leaving) => { if (holdsUnsaved()) leaving.preventDefault(); });
// What others, or undo and redo, changed in the draft is shown at once; what is being typed here stays.
document.addEventListener("draft:changed", async () => {
  await load();
  editor?.refresh(prompts.get(editor.prompt.key));
});

load().then(show, (error) => { byId("loading").textContent = error.message; });
