// The draft, for every page that edits: saves changes without leaving the page, shows both sides where two people changed the
// same, undoes, and keeps what could not be saved. `edit` is what editors call; everything else is the bar's own.
import { differing } from "./words_diff.js";

const bar = document.getElementById("draft-bar");
const words = bar ? JSON.parse(bar.dataset.words) : {};
const token = document.querySelector('meta[name="csrf-token"]').content;
const KEY = `centralino-unsaved-${bar?.dataset.person ?? ""}`;
const LOOK_MILLISECONDS = 4000;
const at = (id) => document.getElementById(id);
let known = null; // the draft as the bar shows it
let saving = Promise.resolve();

const filled = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

class Refusal extends Error {
  constructor(status, content) {
    super(content.detail ?? content.message ?? String(status));
    this.status = status;
    this.content = content;
  }
}

async function ask(method, address, content) {
  const headers = { "X-CSRFToken": token, "X-Centralino-Script": "1", Accept: "application/json" };
  if (content !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, { method, headers, credentials: "same-origin", body: content === undefined ? undefined : JSON.stringify(content) });
  const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, told);
  return told;
}

// Keep changes [{place, before, after}] in the draft. Gives what stands then ({revision, findings, changes}), or null where it was
// not saved: the text stays in the page and in this browser, and the bar says why. One edit at a time, in order.
export function edit(changes, label = "") {
  const kept = saving.then(() => save(changes, label));
  saving = kept.catch(() => null);
  return kept;
}

async function save(changes, label) {
  keep({ changes, label, at: new Date().toISOString() });
  say(words.saving);
  try {
    const told = await ask("PATCH", "/api/v1/draft", { revision: known?.revision ?? null, label, changes });
    keep(null);
    stands(told, "edit");
    return told;
  } catch (refusal) {
    if (refusal instanceof Refusal && refusal.content.conflicts) return merge(refusal.content.conflicts, changes, label);
    notSaved(refusal);
    return null;
  }
}

// What stands after an edit of ours: the bar says so, and the page's other parts may draw themselves anew.
function stands(told, why) {
  known = { ...(known ?? {}), revision: told.revision };
  if (at("draft-unsaved")) at("draft-unsaved").hidden = true;
  document.dispatchEvent(new CustomEvent("draft:saved", { detail: { ...told, why } }));
  look().then(() => say(words.saved));
}

function notSaved(refusal) {
  const why = refusal.status === 401 ? words.signin : refusal instanceof Refusal ? refusal.message : words.offline;
  showUnsaved(filled(words.unsaved, { why }));
  document.dispatchEvent(new CustomEvent("draft:refused", { detail: { message: why, content: refusal.content } }));
}

// --- What is not saved yet, in this browser alone

function keep(unsaved) {
  try {
    if (unsaved) localStorage.setItem(KEY, JSON.stringify(unsaved));
    else localStorage.removeItem(KEY);
  } catch { /* a browser without room: the page itself still has the words */ }
}

function keptUnsaved() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "null"); } catch { return null; }
}

function showUnsaved(sentence) {
  if (!bar) return;
  at("draft-unsaved-words").textContent = sentence;
  at("draft-unsaved").hidden = false;
}

// --- Two people, one place

function merge(conflicts, changes, label) {
  return new Promise((resolve) => {
    askPerson(conflicts, words.theirs, words.yours, async (saves) => {
      if (!saves) {
        showUnsaved(filled(words.unsaved, { why: "" }));
        resolve(null);
        return;
      }
      const told = await save(decided(conflicts, changes), label);
      // Whoever edits shows what stands now, which may be neither side as it was written.
      if (told) document.dispatchEvent(new CustomEvent("draft:changed", { detail: { revision: told.revision, merged: true } }));
      resolve(told);
    });
  });
}

// The dialog with both sides; `then` is told whether what was chosen shall be saved.
function askPerson(conflicts, theirs, yours, then) {
  const dialog = at("draft-merge");
  const names = { theirs, yours, merged: words.merged };
  at("draft-merge-places").replaceChildren(...conflicts.map((one, index) => drawn(one, index, names)));
  dialog.returnValue = "cancel";
  dialog.showModal();
  dialog.querySelector("textarea, input")?.focus();
  dialog.addEventListener("close", () => then(dialog.returnValue === "save"), { once: true });
}

function drawn(conflict, index, names) {
  const isText = [conflict.theirs, conflict.yours].every((one) => typeof one === "string");
  const proposal = conflict.merged ?? conflict.yours;
  const place = document.createElement("fieldset");
  place.dataset.index = index;
  const title = document.createElement("legend");
  title.className = "h6";
  title.textContent = conflict.place.slice(1).join(" › ");
  const hint = document.createElement("p");
  hint.className = "small mb-2";
  hint.textContent = conflict.merged === null ? words.unmergeable : words.mergeable;
  const sides = document.createElement("div");
  sides.className = "sides mb-2";
  sides.append(side("theirs", conflict.theirs, conflict, index, isText, names), side("yours", conflict.yours, conflict, index, isText, names));
  if (conflict.merged !== null) sides.append(side("merged", conflict.merged, conflict, index, isText, names));
  place.append(title, hint, sides);
  const chosen = conflict.merged !== null ? "merged" : "yours";
  place.querySelector(`input[value="${chosen}"]`).checked = true;
  if (isText) {
    const name = document.createElement("label");
    name.className = "form-label small mb-1";
    name.htmlFor = `merge-text-${index}`;
    name.textContent = words.text;
    const field = document.createElement("textarea");
    field.className = "form-control";
    field.id = name.htmlFor;
    field.rows = 3;
    field.value = proposal;
    for (const choice of place.querySelectorAll("input[type=radio]")) {
      choice.addEventListener("change", () => { field.value = conflict[choice.value] ?? ""; });
    }
    place.append(name, field);
  }
  return place;
}

function side(name, value, conflict, index, isText, names) {
  const box = document.createElement("label");
  box.className = "border rounded p-2 d-block";
  const head = document.createElement("span");
  head.className = "d-flex gap-2 fw-semibold small mb-1";
  const choice = document.createElement("input");
  choice.type = "radio";
  choice.name = `merge-${index}`;
  choice.value = name;
  head.append(choice, names[name]);
  const text = document.createElement("span");
  text.className = "side d-block small";
  if (value === null) text.textContent = words.gone;
  else if (isText && typeof conflict.base === "string") text.append(...differing(conflict.base, value));
  else text.textContent = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  box.append(head, text);
  return box;
}

function decided(conflicts, changes) {
  const chosen = new Map();
  conflicts.forEach((conflict, index) => {
    const place = at("draft-merge-places").querySelector(`[data-index="${index}"]`);
    const side = place.querySelector("input:checked").value;
    const after = place.querySelector("textarea")?.value ?? conflict[side];
    chosen.set(JSON.stringify(conflict.place), { ...conflict, after });
  });
  return changes.map((change) => {
    const one = chosen.get(JSON.stringify(change.place));
    return one ? { place: change.place, before: one.theirs, after: one.after } : change;
  });
}

// --- What went live since the draft began

async function update(decisions = []) {
  try {
    const told = await ask("POST", "/api/v1/draft/update", { decisions });
    document.dispatchEvent(new CustomEvent("draft:changed", { detail: { revision: told.revision, changes: told.changes, updated: true } }));
    await look();
    say(words.updated);
  } catch (refusal) {
    if (!(refusal instanceof Refusal) || !refusal.content.conflicts) return say(refusal instanceof Refusal ? refusal.message : words.offline);
    const { conflicts } = refusal.content;
    const changes = conflicts.map((one) => ({ place: one.place }));
    askPerson(conflicts, filled(words.live, known), words.ofdraft, (saves) => {
      if (!saves) return;
      const chosen = decided(conflicts, changes);
      update(conflicts.map(({ place, theirs, yours }, index) => ({ place, theirs, yours, after: chosen[index].after })));
    });
  }
}

// --- The bar

async function look() {
  if (!bar) return;
  try {
    const before = known;
    known = await ask("GET", "/api/v1/draft/state");
    show();
    if (before && before.revision !== known.revision) document.dispatchEvent(new CustomEvent("draft:changed", { detail: known }));
  } catch (refusal) {
    if (refusal.status === 401) say(words.signin);
  }
}

function show() {
  const stale = known.is_behind ? ` · ${filled(words.stale, known)}` : "";
  at("draft-state").textContent = (known.edit_count ? filled(words.draft, known) : filled(words.untouched, known)) + stale;
  at("draft-update").hidden = !known.is_behind;
  at("draft-others").hidden = !known.editors.length;
  at("draft-others").textContent = filled(words.others, { names: known.editors.join(", ") });
  for (const [act, what] of [["undo", known.undo], ["redo", known.redo]]) {
    const button = at(`draft-${act}`);
    button.disabled = !what;
    button.title = filled(words[act], { what: what || words.nothing });
  }
  const count = at("draft-findings");
  count.textContent = known.errors === 0 ? words.nofindings : known.errors === 1 ? words.error : filled(words.errors, { count: known.errors });
  count.className = `badge ${known.errors ? "text-bg-danger" : "text-bg-success"}`;
}

function say(sentence) {
  if (!bar) return;
  at("draft-state").textContent = sentence;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => known && show(), 2500);
}

async function step(act) {
  try {
    const told = await ask("POST", `/api/v1/draft/${act}`);
    known = { ...known, revision: told.revision };
    await look();
    document.dispatchEvent(new CustomEvent("draft:changed", { detail: { revision: told.revision, changes: told.changes } }));
    say(filled(words[act === "undo" ? "undone" : "redone"], { what: told.label }));
  } catch (refusal) {
    if (refusal instanceof Refusal && refusal.content.conflicts) {
      const { conflicts } = refusal.content;
      const changes = conflicts.map((one) => ({ place: one.place, before: one.theirs, after: one.yours }));
      await merge(conflicts, changes, known[act]);
    } else say(refusal.message);
  }
}

if (bar) {
  at("draft-undo").addEventListener("click", () => step("undo"));
  at("draft-redo").addEventListener("click", () => step("redo"));
  at("draft-update").addEventListener("click", () => update());
  at("draft-drop").addEventListener("click", () => { keep(null); at("draft-unsaved").hidden = true; });
  at("draft-again").addEventListener("click", () => {
    const unsaved = keptUnsaved();
    if (!unsaved) at("draft-unsaved").hidden = true;
    else edit(unsaved.changes, unsaved.label).then((told) => told && document.dispatchEvent(new CustomEvent("draft:changed", { detail: told })));
  });
  const unsaved = keptUnsaved();
  if (unsaved) showUnsaved(filled(words.kept, { at: new Date(unsaved.at).toLocaleString() }));
  look();
  setInterval(() => { if (!document.hidden) look(); }, LOOK_MILLISECONDS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  // A page that edits by an address of its own says so.
  document.addEventListener("draft:edited", look);
}
