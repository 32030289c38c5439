// The agent's desk: rings aloud and in the tab's title while an offer stands, and answers to single keys.
import { listen, tell } from "./live.js";

const title = document.title;
const keysOn = document.getElementById("keys-on");
const soundOn = document.getElementById("sound-on");
const RING_MILLISECONDS = 2000;
let audio = null;
let ringing = 0;

for (const box of [keysOn, soundOn]) {
  const kept = localStorage.getItem(box.id);
  if (kept !== null) box.checked = kept === "1";
  box.addEventListener("change", () => localStorage.setItem(box.id, box.checked ? "1" : "0"));
}

// A browser lets a page sound only after somebody has touched it.
function wake() {
  audio ??= new AudioContext();
  audio.resume();
}
document.addEventListener("pointerdown", wake);
document.addEventListener("keydown", wake);

function ring() {
  if (!soundOn.checked || !audio || audio.state !== "running") return;
  for (const [delay, hertz] of [[0, 660], [0.18, 880]]) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0.0001, audio.currentTime + delay);
    loudness.gain.exponentialRampToValueAtTime(0.25, audio.currentTime + delay + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + delay + 0.4);
    tone.connect(loudness).connect(audio.destination);
    tone.start(audio.currentTime + delay);
    tone.stop(audio.currentTime + delay + 0.45);
  }
}

// A list is narrowed to the lines that have what is searched for.
function find(field) {
  const wanted = field.value.trim().toLowerCase();
  for (const line of document.querySelectorAll(field.dataset.finds)) {
    const isNumber = line.matches(".target-number");
    line.classList.toggle("is-out", Boolean(wanted) && !isNumber && !line.textContent.toLowerCase().includes(wanted));
    line.classList.toggle("is-found", Boolean(wanted));
  }
}

function showChannel(choice) {
  for (const line of document.querySelectorAll(choice.dataset.shows)) line.hidden = Boolean(choice.value) && line.dataset.channel !== choice.value;
}

function narrow() {
  for (const field of document.querySelectorAll("[data-finds]")) find(field);
  for (const choice of document.querySelectorAll("[data-shows]")) showChannel(choice);
}

// Whoever has unfolded a list by hand looks for something in it.
function seek(fold) {
  if (fold.open) fold.querySelector("input[type=search]")?.focus();
}

async function copy(button) {
  const text = document.querySelector(button.dataset.copies).textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure address there is no clipboard to ask: the text is selected, and the copy is made the old way.
    const range = document.createRange();
    range.selectNodeContents(document.querySelector(button.dataset.copies));
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
    document.execCommand("copy");
  }
  tell(button.dataset.copied);
}

document.addEventListener("input", (typed) => {
  if (typed.target.matches("[data-finds]")) find(typed.target);
  if (typed.target.matches("[data-shows]")) showChannel(typed.target);
  // Who types a number means it.
  if (typed.target.dataset.chooses) document.getElementById(typed.target.dataset.chooses).checked = true;
});
document.addEventListener("click", (clicked) => {
  const button = clicked.target.closest("button");
  if (button?.dataset.copies) copy(button);
  if (button?.dataset.unfolds) {
    document.getElementById(button.dataset.unfolds).toggleAttribute("open");
    seek(document.getElementById(button.dataset.unfolds));
  }
  // A summary unfolds what it heads only after its click.
  const tool = clicked.target.closest("summary")?.closest(".tool");
  if (tool && clicked.target.closest("details") === tool) setTimeout(() => seek(tool));
  if (button?.dataset.enlarges) document.querySelector(button.dataset.enlarges).classList.toggle("is-large");
});
// Notes that were not saved when their call was gone from the desk stand on top until they are.
const unsaved = document.getElementById("unsaved");
document.addEventListener("unsaved", (told) => {
  const form = told.detail;
  if (unsaved.querySelector(`[data-keep="${form.dataset.keep}"]`)) return;
  for (const one of form.querySelectorAll("[id]")) one.id = `kept-${form.dataset.keep}-${one.id}`;
  for (const one of form.querySelectorAll("label[for]")) one.htmlFor = `kept-${form.dataset.keep}-${one.htmlFor}`;
  for (const one of form.querySelectorAll("[data-focus]")) delete one.dataset.focus;
  form.removeAttribute("id");
  form.querySelector(".card-header").textContent = unsaved.dataset.words;
  const save = form.querySelector("button");
  save.hidden = save.disabled = false;
  unsaved.append(form);
});
document.addEventListener("sent", (told) => {
  if (unsaved.contains(told.target)) told.target.remove();
  // What was saved is not unsaved, even where its part is taken away only now.
  else if (told.target.matches("[data-rescue]")) delete told.target.dataset.rescue;
});

let leaving = false;
document.addEventListener("submit", (submitted) => {
  if (/\/(decline|hang-up)$/.test(submitted.target.action)) leaving = true;
});

function isAvailable() {
  return Boolean(document.querySelector("#presence .state-available"));
}

let before = document.querySelector("#work [data-phase]")?.dataset.phase;
function show(region) {
  const save = document.getElementById("notes-save");
  narrow();
  if (save) save.hidden = save.disabled = !document.querySelector('#work [data-phase="wrap_up"]');
  if (region && region !== "work") return;
  const phase = document.querySelector("#work [data-phase]")?.dataset.phase;
  const offered = phase === "offered";
  if (offered && !ringing) {
    ring();
    ringing = setInterval(ring, RING_MILLISECONDS);
  } else if (!offered && ringing) {
    clearInterval(ringing);
    ringing = 0;
  }
  const name = document.querySelector("#work .who")?.textContent.trim() || "";
  document.title = offered ? `☎ ${document.body.dataset.ringing} ${name}` : title;
  if (offered && before !== "offered") {
    window.scrollTo({ top: 0 });
    // Enter or space accepts at once; who is writing elsewhere is not torn away.
    if (!isWriting(document.activeElement)) document.querySelector('#work [data-key="a"]')?.focus({ preventScroll: true });
  }
  if (phase === "wrap_up" && before !== "wrap_up" && !isWriting(document.activeElement)) {
    document.getElementById("outcome-solved")?.focus({ preventScroll: true });
  }
  // A call that goes before it has begun says so; whoever declined it knows.
  if (phase === "idle" && (before === "offered" || before === "connecting") && !leaving && isAvailable()) tell(document.body.dataset.withdrawn);
  if (phase !== before) leaving = false;
  before = phase;
}

function isWriting(element) {
  return Boolean(element?.matches("input:not([type=radio]):not([type=checkbox]), textarea, select"));
}

document.addEventListener("keydown", (pressed) => {
  const notes = document.getElementById("notes-form");
  if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey) && notes?.contains(document.activeElement)) {
    pressed.preventDefault();
    document.querySelector('button[form="notes-form"]')?.click();
    return;
  }
  if (!keysOn.checked || pressed.ctrlKey || pressed.metaKey || pressed.altKey || pressed.repeat || isWriting(pressed.target)) return;
  const key = pressed.key.toLowerCase();
  if (key === "?") document.getElementById("shortcuts").toggleAttribute("open");
  if (!/^[a-z]$/.test(key)) return;
  const button = document.querySelector(`[data-key="${key}"]`);
  const field = document.querySelector(`[data-focus="${key}"]`);
  if (!button && !field) return;
  pressed.preventDefault();
  if (button) button.click();
  else field.focus();
});

show();
listen(show);
