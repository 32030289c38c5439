// What every live page does: parts that arrive are put in place, clocks go on, forms are sent without leaving the page,
// and the service is told that the page is open. What an arriving part means to a page is that page's own module's.

const body = document.body.dataset;
const lost = document.getElementById("lost");
const token = document.querySelector('meta[name="csrf-token"]').content;
const HERE_MILLISECONDS = 10000; // well within the lease that routing gives a desk
let touched = true;
let left = false;

function goToSignIn() {
  if (!left) {
    left = true;
    window.location.assign(body.signIn);
  }
}

const FIELDS = "input[id], textarea[id], select[id]";
const isTicked = (field) => field.type === "checkbox" || field.type === "radio";

function isChanged(field) {
  if (field.tagName === "SELECT") return [...field.options].some((one) => one.selected !== one.defaultSelected);
  return isTicked(field) ? field.checked !== field.defaultChecked : field.type !== "hidden" && field.value !== field.defaultValue;
}

// What somebody has typed or chosen in a part and not sent yet; another call's form, which sends elsewhere, gets none of it.
function typedIn(part) {
  return [...part.querySelectorAll(FIELDS)].filter(isChanged).map((field) => ({
    id: field.id,
    action: field.form?.getAttribute("action"),
    value: isTicked(field) ? field.checked : field.value,
    caret: field === document.activeElement && /^(text|search|tel|textarea)$/.test(field.type) ? [field.selectionStart, field.selectionEnd] : null,
  }));
}

function typeAgain(typed) {
  for (const { id, action, value, caret } of typed) {
    const field = document.getElementById(id);
    if (!field || field.form?.getAttribute("action") !== action) continue;
    if (isTicked(field)) field.checked = value;
    else field.value = value;
    if (caret) {
      field.focus({ preventScroll: true });
      field.setSelectionRange(...caret);
    }
  }
}

export function isWrittenIn(form) {
  return [...form.querySelectorAll(FIELDS)].some(isChanged);
}

// A part whose form has the same `data-keep` as the one on the page is left alone: somebody is writing in it.
function place(region, html) {
  const part = document.getElementById(region);
  if (!part) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const kept = part.querySelector("[data-keep]");
  const offered = fresh.content.querySelector("[data-keep]");
  if (kept && offered && kept.dataset.keep === offered.dataset.keep) return;
  // A page may have a place for what was written and not sent when its call is gone (`data-rescue`).
  if (kept?.dataset.rescue !== undefined && isWrittenIn(kept)) document.dispatchEvent(new CustomEvent("unsaved", { detail: kept }));
  const open = [...part.querySelectorAll("details[id]")].filter((one) => one.open).map((one) => one.id);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const mark = focused && (focused.id ? `#${focused.id}` : focused.dataset.key ? `[data-key="${focused.dataset.key}"]` : "");
  const playing = [...part.querySelectorAll("audio[id]")].filter((one) => !one.paused);
  const typed = typedIn(part);
  const scrolled = [...part.querySelectorAll("[data-scrolls][id]")].map((one) => [one.id, one.scrollTop]);
  part.replaceChildren(fresh.content);
  // A player that is back in the page before this turn of the script ends plays on (HTML, media elements, removal).
  for (const one of playing) document.getElementById(one.id)?.replaceWith(one);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const [id, top] of scrolled) document.getElementById(id)?.scrollTo({ top });
  if (mark) part.querySelector(mark)?.focus({ preventScroll: true });
  typeAgain(typed);
  tick();
}

let stream = null;
// `others` are a page's own kinds of events, by name: each is given what came.
export function listen(onPart, others = {}) {
  if (!body.events) return;
  const source = new EventSource(body.events);
  stream = source;
  let wait = 0;
  source.addEventListener("open", () => {
    clearTimeout(wait);
    lost.hidden = true;
  });
  source.addEventListener("part", (message) => {
    const { region, html } = JSON.parse(message.data);
    place(region, html);
    onPart(region);
  });
  for (const [name, take] of Object.entries(others)) source.addEventListener(name, (message) => take(JSON.parse(message.data)));
  source.addEventListener("gone", () => {
    source.close();
    sayHere();
    if (document.body.dataset.desk) goToSignIn();
    else window.location.reload();
  });
  source.addEventListener("error", () => {
    // A stream that ended in time opens again at once: only a longer silence is worth a word.
    clearTimeout(wait);
    wait = setTimeout(() => { lost.hidden = false; }, 2500);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(onPart, others), 3000);
  });
  window.addEventListener("pagehide", () => { source.close(); sayGone(); }, { once: true });
}

// A desk that is closed says so: if its telephone goes with it, the caller is told and goes first. A reload is back at once.
function sayGone() {
  if (!body.here || !body.desk) return;
  navigator.sendBeacon(body.here, new URLSearchParams({ csrf_token: token, desk: "1", leaving: "1" }));
}

// The service's clock may differ from the browser's: the page's own answer says by how much.
let ahead = 0;
async function sayHere() {
  if (!body.here) return;
  const content = new URLSearchParams({ touched: touched ? "1" : "0", desk: body.desk ? "1" : "0" });
  touched = false;
  try {
    const answer = await post(body.here, content);
    const served = Date.parse(answer.headers.get("X-Now") || "");
    if (served) ahead = served - Date.now();
    if (answer.status === 401) goToSignIn();
    if (stream?.readyState === EventSource.OPEN) lost.hidden = true;
  } catch {
    touched = true; // told the next time
    lost.hidden = false; // a stream that has died in silence looks as if nothing happened
  }
}

export function post(address, content) {
  const headers = { "X-CSRFToken": token, "X-Centralino-Script": "1" };
  return fetch(address, { method: "POST", body: content, headers, credentials: "same-origin", redirect: "manual" });
}

export function tell(sentence) {
  const told = document.getElementById("told");
  told.textContent = sentence;
  told.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { told.hidden = true; }, 6000);
}

async function send(form, pressed) {
  const buttons = [...form.querySelectorAll("button"), ...document.querySelectorAll(`button[form="${form.id || "-"}"]`)];
  // Which button was pressed may be what is wanted; a disabled one would not say so.
  const given = new URLSearchParams(new FormData(form, pressed?.name ? pressed : null));
  buttons.forEach((one) => { one.disabled = true; });
  try {
    const address = pressed?.hasAttribute("formaction") ? pressed.formAction : form.action;
    const answer = await post(address, given);
    if (answer.status === 401) goToSignIn();
    else if (answer.status >= 400) tell((await answer.json()).message);
    else {
      sent(form);
      form.dispatchEvent(new CustomEvent("centralino:sent", { bubbles: true }));
    }
  } catch {
    tell(body.gone || "");
  } finally {
    buttons.forEach((one) => { one.disabled = false; });
  }
}

// What was sent is no longer typed: the form is as it was drawn, and its fold closes.
function sent(form) {
  if (form.dataset.done) tell(form.dataset.done);
  if (form.dataset.clears !== undefined) {
    form.reset();
    form.closest("details")?.removeAttribute("open");
  }
  form.dispatchEvent(new CustomEvent("sent", { bubbles: true }));
}

function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const middle = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${String(middle).padStart(2, "0")}:${rest}` : `${middle}:${rest}`;
}

// A board shows hundreds of clocks: one is written only when what it shows is another.
export function tick() {
  const now = Date.now() + ahead;
  for (const one of document.querySelectorAll("[data-since]")) {
    one.began ??= Date.parse(one.dataset.since);
    const shown = minutes((now - one.began) / 1000);
    if (one.textContent !== shown) one.textContent = shown;
  }
  for (const one of document.querySelectorAll("[data-until]")) {
    const rest = (Date.parse(one.dataset.until) - now) / 1000;
    if (one.dataset.from) one.value = rest / ((Date.parse(one.dataset.until) - Date.parse(one.dataset.from)) / 1000);
    else one.textContent = String(Math.max(0, Math.ceil(rest)));
  }
}

document.addEventListener("submit", (submitted) => {
  if (!submitted.target.matches("[data-send]")) return;
  submitted.preventDefault();
  send(submitted.target, submitted.submitter);
});
window.addEventListener("offline", () => { lost.hidden = false; });
window.addEventListener("online", sayHere);
for (const kind of ["keydown", "pointerdown", "input"]) document.addEventListener(kind, () => { touched = true; }, { passive: true });
setInterval(tick, 250);
setInterval(sayHere, HERE_MILLISECONDS);
sayHere();
tick();
