// The editor of one prompt: its languages side by side, every text as a line of chips, what is measured while one types,
// what is heard, recorded and tried. What is not saved is kept for its prompt until it is, over a reload too.
import { Field } from "./prompt_field.js";
import { RecordingPart } from "./prompt_recording.js";
import { ask, fill, number, words } from "./prompt_words.js";

const KEPT = "centralino.prompts.unsaved";
const unsaved = new Map(Object.entries(JSON.parse(localStorage.getItem(KEPT) || "{}")));

export const holdsUnsaved = () => unsaved.size > 0;
export const unsavedKeys = () => [...unsaved.keys()];

function keepUnsaved() {
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(unsaved)));
}

const copy = (value) => JSON.parse(JSON.stringify(value));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export function clone(id) {
  return document.getElementById(id).content.cloneNode(true);
}

// The parts of a piece of page by the names in its data-show and data-do.
export function parts(holder) {
  const found = { show: {}, do: {} };
  for (const kind of ["show", "do"]) {
    for (const one of holder.querySelectorAll(`[data-${kind}]`)) found[kind][one.dataset[kind]] ??= one;
  }
  return found;
}

export class Editor {
  constructor(holder, prompt, languages, { save, remove, placeholders }) {
    Object.assign(this, { holder, prompt, languages, saveChanges: save, removePrompt: remove, placeholders });
    this.base = copy(prompt.wordings);
    const kept = unsaved.get(prompt.key);
    this.now = kept ? copy(kept.now) : copy(this.base);
    // What was typed over another text is compared with that one: a save then tells of the conflict.
    if (kept) this.base = kept.base;
    this.draw();
    if (kept) this.say(words.kept);
    this.parts.show.key.closest("h1").focus({ preventScroll: true });
  }

  draw() {
    this.holder.replaceChildren(clone("editor-template"));
    this.parts = parts(this.holder);
    const { show, do: acts } = this.parts;
    show.key.textContent = this.prompt.key;
    show.where.textContent = this.prompt.nodes.length ? this.prompt.nodes.map((node) => node.name).join(", ") : words.roles[this.prompt.role];
    acts.save.addEventListener("click", () => this.save());
    acts.revert.addEventListener("click", () => this.revert());
    acts.remove.hidden = this.prompt.role !== "unused" || Boolean(this.prompt.isNew);
    acts.remove.addEventListener("click", () => this.removePrompt(this.prompt));
    this.columns = this.languages.map((language) => new Column(this, language));
    show.languages.replaceChildren(...this.columns.map((column) => column.element));
    this.told();
  }

  get isChanged() { return !same(this.base, this.now); }

  // Something was typed.
  changed() {
    if (this.isChanged) unsaved.set(this.prompt.key, { base: this.base, now: this.now });
    else unsaved.delete(this.prompt.key);
    keepUnsaved();
    this.told();
  }

  told() {
    const { show, do: acts } = this.parts;
    acts.save.disabled = acts.revert.disabled = !this.isChanged;
    if (this.isChanged) show.state.textContent = words.unsaved;
    else if (show.state.textContent === words.unsaved) show.state.textContent = "";
  }

  say(sentence) { this.parts.show.state.textContent = sentence; }

  revert() {
    unsaved.delete(this.prompt.key);
    keepUnsaved();
    this.base = copy(this.prompt.wordings);
    this.now = copy(this.base);
    this.draw();
  }

  async save() {
    if (!this.isChanged || this.isSaving) return;
    if (Object.values(this.now).some((one) => !one.text || one.reprompts.some((text) => !text) || one.alternative?.text === "")) {
      this.say(words.empty);
      return;
    }
    this.isSaving = true;
    this.parts.do.save.disabled = true;
    const sent = copy(this.now);
    try {
      const saved = await this.saveChanges(this.prompt.key, this.changes(), Boolean(this.prompt.isNew));
      if (saved) this.stands(saved, sent);
    } catch (error) {
      this.say(error.message);
    } finally {
      this.isSaving = false;
      this.parts.do.save.disabled = !this.isChanged;
    }
  }

  // What was sent stands in the draft now, or what a merge made of it; what was typed meanwhile is kept.
  stands(saved, sent) {
    const typedSince = !same(this.now, sent);
    this.prompt = saved;
    this.base = copy(saved.wordings);
    if (!typedSince && !same(this.base, this.now)) {
      this.now = copy(this.base);
      this.draw();
    }
    this.changed();
    if (!this.isChanged) this.say(words.saved);
    this.columns.forEach((column) => column.results());
  }

  // The draft has changed elsewhere: shown where nothing is being typed.
  refresh(prompt) {
    if (!prompt || this.isSaving || this.isChanged || same(this.base, prompt.wordings)) return;
    this.prompt = prompt;
    this.base = copy(prompt.wordings);
    this.now = copy(this.base);
    this.draw();
  }

  leave() { this.columns.forEach((column) => column.leave()); }

  changes() {
    const root = ["prompts", "prompts", this.prompt.key];
    if (this.prompt.isNew) {
      return [{ place: root, before: null, after: Object.fromEntries(Object.entries(this.now).map(([code, one]) => [code, stored(one)])) }];
    }
    return this.languages.flatMap((language) => changesOf([...root, language], this.base[language], this.now[language]));
  }
}

// A wording as the draft holds it: what is empty is not there.
export function stored(wording) {
  const kept = { text: wording.text };
  if (wording.reprompts.length) kept.reprompts = wording.reprompts;
  if (wording.recording) kept.recording = wording.recording;
  if (wording.alternative) kept.alternative = wording.alternative;
  return kept;
}

function changesOf(place, base, now) {
  if (same(base, now)) return [];
  if (!base || !now) return [{ place, before: base ? stored(base) : null, after: now ? stored(now) : null }];
  const changes = [];
  const change = (name, before, after) => { if (!same(before, after)) changes.push({ place: [...place, ...name], before, after }); };
  change(["text"], base.text, now.text);
  if (base.reprompts.length === now.reprompts.length) {
    now.reprompts.forEach((text, index) => change(["reprompts", index], base.reprompts[index], text));
  } else {
    change(["reprompts"], base.reprompts.length ? base.reprompts : null, now.reprompts.length ? now.reprompts : null);
  }
  change(["recording"], base.recording || null, now.recording || null);
  if (base.alternative && now.alternative) {
    change(["alternative", "text"], base.alternative.text, now.alternative.text);
    change(["alternative", "share"], base.alternative.share, now.alternative.share);
  } else {
    change(["alternative"], base.alternative, now.alternative);
  }
  return changes;
}

class Column {
  constructor(editor, language) {
    Object.assign(this, { editor, language });
    const fragment = clone("language-template");
    this.element = fragment.firstElementChild;
    this.parts = parts(this.element);
    const { show, do: acts } = this.parts;
    show.language.textContent = words.languages[language] || language;
    this.element.setAttribute("aria-label", show.language.textContent);
    show.spoken.hidden = editor.prompt.written;
    acts.word.addEventListener("click", () => this.word());
    acts["add-reprompt"].addEventListener("click", () => this.addReprompt());
    acts.try.addEventListener("change", () => this.try(acts.try.checked));
    acts.share.addEventListener("input", () => this.share());
    acts.try.id = `try-${language}`;
    show["try-label"].htmlFor = acts.try.id;
    acts.share.id = `share-${language}`;
    show["share-label"].htmlFor = acts.share.id;
    // Only what nodes say is drawn by call: the service's own words and parts of others have one wording.
    show["tried-body"].previousElementSibling.hidden = show["tried-body"].hidden = !["node", "flow", "unused"].includes(editor.prompt.role);
    this.recording = new RecordingPart(this);
    this.draw();
  }

  get wording() { return this.editor.now[this.language]; }

  // Placeholders that can be put in: this prompt's, then those that the service gives, then all others.
  get placeholders() {
    const { prompt, placeholders } = this.editor;
    return new Map([...Object.entries(prompt.placeholders), ...Object.entries(prompt.expected), ...placeholders]);
  }

  get own() { return new Map(Object.entries({ ...this.editor.prompt.expected, ...this.editor.prompt.placeholders })); }

  draw() {
    const { show } = this.parts;
    const isThere = Boolean(this.wording);
    show.missing.hidden = show["missing-body"].hidden = isThere;
    show.body.hidden = !isThere;
    this.fields = [];
    if (!isThere) return;
    show.text.replaceChildren(this.field(document.getElementById("words-head").textContent, () => this.wording.text, (text) => { this.wording.text = text; }));
    this.drawReprompts();
    this.drawAlternative();
    this.recording.draw();
  }

  field(label, get, set, acts = {}) {
    const field = new Field(this, label, get, set, acts);
    this.fields.push(field);
    return field.element;
  }

  drawReprompts() {
    const list = this.wording.reprompts;
    this.parts.show.reprompts.replaceChildren(...list.map((_, index) => this.field(
      fill(words.reprompt, { number: index + 1 }), () => list[index], (text) => { list[index] = text; },
      {
        up: index ? () => this.swap(index, index - 1) : null,
        down: index < list.length - 1 ? () => this.swap(index, index + 1) : null,
        drop: () => { list.splice(index, 1); this.again(); },
      },
    )));
  }

  swap(one, other) {
    const list = this.wording.reprompts;
    [list[one], list[other]] = [list[other], list[one]];
    this.again();
  }

  again() {
    this.drawReprompts();
    this.editor.changed();
  }

  addReprompt() {
    this.wording.reprompts.push("");
    this.again();
    this.fields.at(-1).focus();
  }

  word() {
    this.editor.now[this.language] = { text: "", reprompts: [], recording: "", alternative: null };
    this.draw();
    this.editor.changed();
    this.fields[0].focus();
  }

  try(wanted) {
    this.wording.alternative = wanted ? { text: this.wording.text, share: 50 } : null;
    this.drawAlternative();
    this.editor.changed();
  }

  share() {
    const share = Math.round(Number(this.parts.do.share.value));
    if (share >= 1 && share <= 99) { this.wording.alternative.share = share; this.editor.changed(); }
  }

  drawAlternative() {
    const { show, do: acts } = this.parts;
    const tried = this.wording.alternative;
    acts.try.checked = show.alternative.hidden = Boolean(tried);
    show.alternative.hidden = !tried;
    if (!tried) return;
    acts.share.value = tried.share;
    show["alternative-text"].replaceChildren(this.field(words.second_wording, () => this.wording.alternative.text, (text) => { this.wording.alternative.text = text; }));
    this.results();
  }

  async results() {
    const holder = this.parts.show.results;
    if (!this.editor.base[this.language]?.alternative) { holder.replaceChildren(); return; }
    try {
      const told = await ask("GET", `/prompts/${encodeURIComponent(this.editor.prompt.key)}/tried?language=${this.language}`);
      holder.replaceChildren(resultsOf(told));
    } catch (error) {
      holder.textContent = error.message;
    }
  }

  leave() {
    this.recording.leave();
    this.fields.forEach((field) => field.leave());
  }
}

function figure(one, asShare) {
  if (one.value === null) return "–";
  const shown = (value) => (asShare ? `${number(100 * value, 0)}%` : number(value, 2));
  return one.low === null ? shown(one.value) : `${shown(one.value)} (${shown(one.low)}–${shown(one.high)})`;
}

function resultsOf(told) {
  const fragment = clone("results-template");
  const body = fragment.querySelector("tbody");
  for (const arm of told.arms) {
    const row = body.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = arm.arm === "a" ? words.first_wording : words.second_wording;
    row.append(head);
    for (const text of [arm.calls, figure(arm.answered, true), figure(arm.without_person, true), `${figure(arm.effort, false)} · ${fill(words.scores, { count: arm.scores })}`]) row.insertCell().textContent = text;
  }
  const better = told.differences.filter((one) => one.better).map((one) => words.measures[one.measure]);
  fragment.querySelector("[data-show=verdict]").textContent = fill(words.verdicts[told.verdict], { calls: told.missing_calls }) + (better.length ? ` (${better.join(", ")})` : "");
  return fragment;
}
