// The supervisor's board: rows are patched as they come, found and sorted here; acts open in a sheet over the board.
import { listen, post, tell, tick } from "./live.js";

const find = document.getElementById("find");
const state = document.getElementById("show-state");
const sort = document.getElementById("sort");
const everyQueue = document.getElementById("every-queue");
const sheet = document.getElementById("sheet");
const content = document.getElementById("sheet-content");
const JUST_CHANGED_MILLISECONDS = 2500;
const html = new Map(); // what each row was made of: a stream that opens again sends every row, and few of them differ
const STATES = ["missed", "available", "offered", "on_call", "wrap_up", "away", "offline"];
let queue = "";

for (const one of [find, state, sort]) {
  const kept = sessionStorage.getItem(one.id);
  if (kept !== null) one.value = kept;
  one.addEventListener("input", () => {
    sessionStorage.setItem(one.id, one.value);
    arrange("agents");
  });
}

const BY = {
  changed: (one, other) => other.dataset.at.localeCompare(one.dataset.at),
  longest: (one, other) => one.dataset.at.localeCompare(other.dataset.at),
  name: (one, other) => one.dataset.name.localeCompare(other.dataset.name),
  state: (one, other) => STATES.indexOf(one.dataset.state) - STATES.indexOf(other.dataset.state) || BY.longest(one, other),
};

function isShown(region, row) {
  if (region === "waiting") return !queue || row.dataset.queue === queue;
  if (region !== "agents") return true;
  if (state.value ? row.dataset.state !== state.value : row.dataset.state === "offline" && !find.value) return false;
  return find.value.toLowerCase().split(/\s+/).every((word) => row.dataset.find.includes(word));
}

// Rows are moved only where their order differs: whoever reads or has the focus in one is not disturbed.
function arrange(region) {
  const body = document.getElementById(region);
  const rows = [...body.children];
  let shown = 0;
  rows.forEach((row, index) => {
    row.hidden = !isShown(region, row);
    if (!row.hidden) shown += 1;
    const place = row.querySelector(".place");
    if (place && place.textContent !== String(index + 1)) place.textContent = index + 1;
  });
  if (region === "agents") {
    const sorted = [...rows].sort(BY[sort.value] || BY.changed);
    if (sorted.some((row, index) => row !== rows[index])) move(body, sorted);
  }
  const empty = document.querySelector(`[data-empty="${region}"]`);
  if (empty) empty.hidden = shown > 0;
}

function move(body, rows) {
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  let next = body.firstElementChild;
  for (const row of rows) {
    if (row === next) next = next.nextElementSibling;
    else body.insertBefore(row, next);
  }
  focused?.focus({ preventScroll: true });
}

function patch({ region, rows = {}, gone = [], order = null }) {
  const body = document.getElementById(region);
  const known = new Map([...body.children].map((row) => [row.dataset.row, row]));
  for (const key of gone) known.get(key)?.remove();
  const isFirst = !html.has(region);
  html.set(region, html.get(region) || new Map());
  const madeOf = html.get(region);
  for (const key of gone) madeOf.delete(key);
  for (const [key, source] of Object.entries(rows)) {
    if (madeOf.get(key) === source && known.has(key)) continue;
    madeOf.set(key, source);
    const made = document.createElement("template");
    made.innerHTML = source;
    const row = made.content.firstElementChild;
    const before = known.get(key);
    if (before) {
      const focused = before.contains(document.activeElement);
      before.replaceWith(row);
      if (focused) row.querySelector("a")?.focus({ preventScroll: true });
    } else body.append(row);
    known.set(key, row);
    if (isFirst) continue;
    row.classList.add("just-changed");
    setTimeout(() => row.classList.remove("just-changed"), JUST_CHANGED_MILLISECONDS);
  }
  if (order) move(body, order.map((key) => known.get(key)).filter(Boolean));
  arrange(region);
  tick();
}

function pick(wanted) {
  queue = queue === wanted ? "" : wanted;
  everyQueue.hidden = !queue;
  mark();
  arrange("waiting");
}

function mark() {
  for (const card of document.querySelectorAll("[data-queue-card]")) card.classList.toggle("is-picked", card.dataset.queueCard === queue);
}

async function open(address) {
  const answer = await fetch(address, { headers: { "X-Centralino-Script": "1" }, credentials: "same-origin" });
  if (!answer.ok) {
    tell((await answer.json()).message);
    return;
  }
  content.innerHTML = await answer.text();
  if (!sheet.open) sheet.showModal();
  tick();
}

document.addEventListener("click", (clicked) => {
  const link = clicked.target.closest("a[data-sheet]");
  if (link && !clicked.ctrlKey && !clicked.metaKey && !clicked.shiftKey) {
    clicked.preventDefault();
    open(link.href).catch(() => tell(document.body.dataset.gone));
    return;
  }
  const picked = clicked.target.closest("[data-queue]:not(tr)");
  if (picked) pick(picked.dataset.queue);
  else if (clicked.target === everyQueue) pick(queue);
});
document.addEventListener("centralino:sent", (sent) => {
  if (sheet.contains(sent.target)) sheet.close();
});

for (const region of ["waiting", "agents", "line"]) arrange(region);
listen((region) => { if (region === "queues") mark(); }, { rows: patch });
