// A line of text whose placeholders are chips: each goes as a whole or stays as a whole. The text itself is what the
// prompts file has, {name:type} included, so that whoever types or pastes a placeholder gets its chip.

const PLACEHOLDER = /\{([a-z_]+):([a-z]+)\}/;
const ALL_PLACEHOLDERS = /\{([a-z_]+):([a-z]+)\}/g;
// Beside a chip the caret needs a place to stand; the sign has no width and is no part of the text.
const STAND = "\u200B";

const words = JSON.parse(document.getElementById("words").textContent);

function chipOf(written) {
  const [, name, kind] = PLACEHOLDER.exec(written);
  const chip = document.createElement("span");
  chip.className = "chip";
  chip.contentEditable = "false";
  chip.dataset.placeholder = written;
  chip.title = `${name}: ${words.kinds[kind] || kind}`;
  chip.append(name);
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.textContent = ` (${words.placeholder}, ${words.kinds[kind] || kind})`;
  chip.append(spoken);
  return chip;
}

function fragmentOf(text) {
  const fragment = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(ALL_PLACEHOLDERS)) {
    fragment.append(text.slice(from, found.index) || STAND, chipOf(found[0]));
    from = found.index + found[0].length;
  }
  fragment.append(text.slice(from) || (from ? STAND : ""));
  return fragment;
}

function textOf(node) {
  let text = "";
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    else if (child.dataset?.placeholder) text += child.dataset.placeholder;
    else if (child.nodeName === "BR") text += " ";
    else text += textOf(child);
  }
  return text.replaceAll(STAND, "").replaceAll("\u00A0", " ");
}

export class ChipField {
  constructor(element, text, onChange) {
    this.element = element;
    this.onChange = onChange;
    this.set(text);
    element.addEventListener("input", () => { this.tidy(); onChange(); });
    element.addEventListener("keydown", (pressed) => this.key(pressed));
    element.addEventListener("paste", (pasted) => {
      pasted.preventDefault();
      this.insert(pasted.clipboardData.getData("text/plain").replace(/\s+/g, " "));
    });
    element.addEventListener("drop", (dropped) => dropped.preventDefault());
    for (const kind of ["copy", "cut"]) element.addEventListener(kind, (taken) => this.take(taken));
  }

  get text() { return textOf(this.element).trim(); }

  set(text) { this.element.replaceChildren(fragmentOf(text)); }

  focus() {
    this.element.focus();
    const range = document.createRange();
    range.selectNodeContents(this.element);
    range.collapse(false);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  // Put text, chips and all, where the caret stands; at the end where it stands elsewhere.
  insert(text) {
    if (!this.element.contains(getSelection().anchorNode)) this.focus();
    const holder = document.createElement("div");
    holder.append(fragmentOf(text));
    // The one way of changing an edited element that the browser's own undo knows.
    document.execCommand("insertHTML", false, holder.innerHTML);
    this.onChange();
  }

  take(taken) {
    const selection = getSelection();
    if (selection.isCollapsed) return;
    taken.preventDefault();
    taken.clipboardData.setData("text/plain", textOf(selection.getRangeAt(0).cloneContents()));
    if (taken.type === "cut") document.execCommand("delete");
  }

  key(pressed) {
    if (pressed.key === "Enter") pressed.preventDefault();
    const isBack = pressed.key === "Backspace";
    if (!isBack && pressed.key !== "Delete") return;
    const selection = getSelection();
    const chip = selection.isCollapsed ? this.besideCaret(isBack) : null;
    if (!chip) return;
    pressed.preventDefault();
    const range = document.createRange();
    range.selectNode(chip);
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand("delete");
    // What the browser leaves in place of a chip at the line's edge.
    if (chip.isConnected) { chip.remove(); this.onChange(); }
  }

  besideCaret(isBack) {
    const { anchorNode, anchorOffset } = getSelection();
    let beside = null;
    if (anchorNode === this.element) beside = this.element.childNodes[isBack ? anchorOffset - 1 : anchorOffset];
    else if (anchorNode?.nodeType === Node.TEXT_NODE && anchorNode.parentNode === this.element) {
      const rest = isBack ? anchorNode.data.slice(0, anchorOffset) : anchorNode.data.slice(anchorOffset);
      if (rest.replaceAll(STAND, "")) return null;
      beside = isBack ? anchorNode.previousSibling : anchorNode.nextSibling;
    }
    while (beside?.nodeType === Node.TEXT_NODE && !beside.data.replaceAll(STAND, "")) {
      beside = isBack ? beside.previousSibling : beside.nextSibling;
    }
    return beside?.dataset?.placeholder ? beside : null;
  }

  // A placeholder that was typed becomes a chip, with the caret behind it.
  tidy() {
    const node = getSelection().anchorNode;
    if (node?.nodeType !== Node.TEXT_NODE || !this.element.contains(node)) return;
    const found = PLACEHOLDER.exec(node.data);
    if (!found) return;
    const behind = node.splitText(found.index);
    behind.data = behind.data.slice(found[0].length) || STAND;
    const chip = chipOf(found[0]);
    behind.before(chip);
    if (!chip.previousSibling || !chip.previousSibling.data) chip.before(STAND);
    const range = document.createRange();
    range.setStart(behind, behind.data.startsWith(STAND) ? 1 : 0);
    range.collapse(true);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
}

export function placeholdersOf(text) {
  return Object.fromEntries([...text.matchAll(ALL_PLACEHOLDERS)].map((found) => [found[1], found[2]]));
}
