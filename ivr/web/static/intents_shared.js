// What the parts of the page on intents share: elements, sentences, questions to the API.

export const API = "/api/v1/intents";
export const at = (id) => document.getElementById(id);
const SENTENCES = JSON.parse(at("intents").dataset.words);
const token = document.querySelector('meta[name="csrf-token"]').content;

export const words = (key, values = {}) => (SENTENCES[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
export const share = (value) => (value === null || value === undefined ? "–" : `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)}%`);

export function made(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

export function row(cells, tag = "td") {
  const line = made("tr");
  cells.forEach((cell, place) => {
    const made_ = cell instanceof HTMLElement && /^T[DH]$/.test(cell.tagName) ? cell : made(place ? tag : "th");
    if (made_ !== cell) made_.append(cell);
    if (!place) made_.scope = tag === "th" ? "col" : "row";
    else if (tag === "th") made_.scope = "col";
    line.append(made_);
  });
  return line;
}

export function table(className, label, head, rows) {
  const box = made("div", { className: "table-scroll", tabIndex: 0, role: "region", ariaLabel: label });
  const drawn = made("table", { className: `table table-sm ${className}` });
  const top = made("thead");
  top.append(row(head, "th"));
  const body = made("tbody");
  body.append(...rows);
  drawn.append(made("caption", { className: "visually-hidden", textContent: label }), top, body);
  box.append(drawn);
  return box;
}

export function say(sentence, isWrong = false) {
  const told = at("intents-told");
  told.className = `alert py-1 ${isWrong ? "alert-warning" : "alert-info"}`;
  told.textContent = sentence;
  told.hidden = false;
}

// What the API gives ({} for nothing), or null where it refused: the page says why, and everything typed stays.
export async function ask(method, address, content) {
  const headers = { "X-CSRFToken": token, "X-Centralino-Script": "1", Accept: "application/json" };
  if (content !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(address, { method, headers, credentials: "same-origin", body: content === undefined ? undefined : JSON.stringify(content) });
    const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    const details = (told.errors ?? []).flatMap((one) => one.messages);
    say(details.length ? details.join(" ") : told.detail ?? words("offline"), true);
  } catch {
    say(words("offline"), true);
  }
  return null;
}
