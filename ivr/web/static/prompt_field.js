// One text of a prompt: a line of chips, what may be put in, how long and how easy it is, and how it sounds.
import { ChipField, placeholdersOf } from "./prompt_chips.js";
import { clone, parts } from "./prompt_editor.js";
import { browserSpeaks, play, speakInBrowser } from "./prompt_sound.js";
import { ask, fill, number, words } from "./prompt_words.js";

const PAUSE_MILLISECONDS = 300;
// What the list of manners puts in.
const MANNERS = {
  break: () => '<break time="500ms"/>',
  emphasis: (chosen) => `<emphasis level="strong">${chosen || "…"}</emphasis>`,
  slow: (chosen) => `<prosody rate="80%">${chosen || "…"}</prosody>`,
};
let count = 0;

export class Field {
  constructor(column, label, get, set, acts) {
    Object.assign(this, { column, get, set });
    this.element = clone("field-template").firstElementChild;
    this.parts = parts(this.element);
    const { show, do: own } = this.parts;
    const id = `field-${(count += 1)}`;
    show.label.id = `${id}-label`;
    show.label.textContent = label;
    show.chips.id = id;
    show.chips.lang = column.language;
    show.chips.setAttribute("aria-labelledby", show.label.id);
    show.measured.id = `${id}-measured`;
    show.chips.setAttribute("aria-describedby", show.measured.id);
    this.chips = new ChipField(show.chips, get(), () => this.typed());
    for (const [name, act] of Object.entries(acts)) {
      own[name].hidden = !act;
      own[name].addEventListener("click", () => act?.());
    }
    for (const [name, kind] of column.own) show.insert.append(this.chipButton(name, kind));
    const others = document.createElement("optgroup");
    others.label = words.placeholder;
    for (const [name, kind] of column.placeholders) if (!column.own.has(name)) others.append(new Option(`${name} (${words.kinds[kind] || kind})`, `{${name}:${kind}}`));
    if (others.children.length) own.more.append(others);
    own.more.addEventListener("change", () => this.put(own.more));
    own.hear.addEventListener("click", () => this.hear());
    own["hear-browser"].hidden = !browserSpeaks();
    own["hear-browser"].addEventListener("click", () => speakInBrowser(this.words || this.get(), column.language));
    own.hear.hidden = column.editor.prompt.written;
    own["hear-browser"].hidden ||= column.editor.prompt.written;
    const known = column.editor.prompt.measured[column.language];
    const index = (column.editor.prompt.wordings[column.language] ? textsOf(column.editor.prompt.wordings[column.language]) : []).indexOf(get());
    if (known?.[index]) this.show(known[index]);
    else this.measure();
  }

  focus() { this.chips.focus(); }

  leave() { clearTimeout(this.timer); }

  typed() {
    this.set(this.chips.text);
    this.column.editor.changed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.measure(), PAUSE_MILLISECONDS);
  }

  chipButton(name, kind) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm chip";
    button.textContent = `+ ${name}`;
    button.title = words.kinds[kind] || kind;
    // The caret stays where it stands in the text.
    button.addEventListener("mousedown", (pressed) => pressed.preventDefault());
    button.addEventListener("click", () => this.chips.insert(`{${name}:${kind}}`));
    return button;
  }

  put(list) {
    const { value } = list;
    list.value = "";
    if (!value) return;
    const selection = getSelection();
    const chosen = this.parts.show.chips.contains(selection.anchorNode) ? selection.toString() : "";
    this.chips.insert(MANNERS[value] ? MANNERS[value](chosen) : value);
  }

  get asked() {
    return { language: this.column.language, text: this.chips.text, written: this.column.editor.prompt.written };
  }

  async measure() {
    const asked = this.asked;
    try {
      const told = await ask("POST", "/prompts/measure", asked);
      if (asked.text === this.chips.text) this.show(told);
    } catch (error) {
      this.parts.show.problem.textContent = error.message;
    }
  }

  show(told) {
    const { show } = this.parts;
    this.words = told.words;
    const figures = [];
    if (told.seconds !== null) figures.push(fill(words.seconds, { seconds: number(told.seconds) }));
    if (told.messages) figures.push(fill(words.messages, { count: told.messages }));
    if (told.level) {
      const { formula, score, band, is_hint: isHint } = told.level;
      figures.push(fill(isHint ? words.reading_hint : words.reading, { formula, score: Math.round(score), band: words.bands[band] }));
    }
    if (Object.keys(placeholdersOf(this.get())).length) figures.push(fill(words.heard_with, { words: told.words }));
    show.measured.textContent = figures.join(" · ");
    show.advice.replaceChildren(...told.advice.map((one) => Object.assign(document.createElement("li"), { textContent: words.advice[one] })));
    const faults = told.faults.map((one) => fill(words.at, one));
    const strange = Object.entries(placeholdersOf(this.get())).filter(([, kind]) => !words.kinds[kind]).map(([name, kind]) => fill(words.unknown_kind, { name, kind }));
    show.problem.textContent = [...faults, ...(strange.length ? strange : [told.problem])].filter(Boolean).join(" ");
  }

  async hear() {
    const button = this.parts.do.hear;
    button.disabled = true;
    this.element.dataset.heard = "";
    try {
      const sound = await ask("POST", "/prompts/speech", this.asked, { bytes: true });
      const { seconds, peak } = await play(sound);
      this.element.dataset.heard = `${seconds.toFixed(2)} ${peak.toFixed(3)}`;
    } catch (error) {
      this.parts.show.problem.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }
}

function textsOf(wording) {
  return [wording.text, ...wording.reprompts, ...(wording.alternative ? [wording.alternative.text] : [])];
}
