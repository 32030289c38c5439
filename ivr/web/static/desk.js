// The agent's desk: rings aloud and in the tab's title while an offer stands, and answers to single keys.
import { listen } from "./live.js";

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

let before = document.querySelector("#work [data-phase]")?.dataset.phase;
function show(region) {
  const save = document.getElementById("notes-save");
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
