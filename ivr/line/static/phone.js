// The phone's page: buttons and words on one side, the line's socket on the other. The protocol is in ivr/line/phone_protocol.py.

import { QUIETEST_DB, Sound } from "./sound.js";

const settings = JSON.parse(document.getElementById("settings").textContent);
const words = settings.words;
const element = (id) => document.getElementById(id);
const isAgent = settings.agent !== "";

let socket = null;
let state = "offline";
let recognises = [];
let connectedAt = 0;
let endRinging = () => {};
let lastHeard = null;

const sound = new Sound(settings.worklet, (frame) => {
  if (socket?.readyState === WebSocket.OPEN && state === "connected") socket.send(frame);
});

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function speaks() {
  return element("language")?.value ?? (document.documentElement.lang === "en" ? "en-GB" : "it-IT");
}

// What the person reads.

function write(kind, who, text, detail = "") {
  element("transcript-empty").hidden = true;
  const item = document.createElement("li");
  item.className = kind;
  if (who) {
    const name = document.createElement("span");
    name.className = "who";
    name.textContent = detail ? `${who} · ${detail}` : who;
    item.append(name);
  }
  const said = document.createElement("span");
  said.className = "words";
  said.textContent = text;
  item.append(said);
  element("transcript").append(item);
  const scroll = element("transcript-scroll");
  scroll.scrollTop = scroll.scrollHeight;
  return item;
}

function notice(key, text = words[key], kind = "warning") {
  if (element(`notice-${key}`) !== null) return;
  const box = document.createElement("div");
  box.id = `notice-${key}`;
  box.className = `alert alert-${kind} py-2 mb-2`;
  box.textContent = text;
  element("notices").append(box);
}

function forgetNotices() {
  element("notices").replaceChildren();
}

function show(next, reason = "", from = "", to = "") {
  state = next;
  const label = element("state");
  label.dataset.state = next;
  const why = words[`reason_${reason}`] ?? reason;
  label.textContent = why ? `${words[`state_${next}`]}: ${why}` : words[`state_${next}`];
  const up = next === "connected";
  const busy = up || next === "dialling" || next === "ringing";
  element("other").textContent = busy ? (isAgent ? `${words.from} ${from}` : to) : "";
  if (element("dial")) {
    element("dial").hidden = busy;
    element("call").disabled = next === "offline";
  }
  element("hang-up").hidden = !(up || next === "dialling");
  if (isAgent) for (const id of ["answer", "decline"]) element(id).hidden = next !== "ringing";
  for (const id of ["say-text", "say-button"]) element(id).disabled = !up;
  for (const key of element("keypad").children) key.disabled = !up;
  element("mute").hidden = !up || sound.stream === null;
}

// The microphone.

async function openSound(withMicrophone) {
  const sounds = await sound.openLoudspeaker();
  element("sound-on").hidden = sounds;
  if (withMicrophone) {
    try {
      await sound.openMicrophone();
    } catch (error) {
      notice("no_microphone");
    }
  }
  const on = sound.stream !== null;
  send({ type: "microphone", on, language: speaks() });
  if (on && !isAgent && !recognises.includes(speaks().split("-")[0])) notice("not_recognised", words.not_recognised, "info");
  element("mute").hidden = state !== "connected" || !on;
}

function mute(on) {
  sound.muted = on;
  element("mute").setAttribute("aria-pressed", String(on));
  element("mute").classList.toggle("active", on);
  element("mute").textContent = on ? words.unmute : words.mute;
}

// A recording is told by its file's name: its address says nothing to who listens.
function sounding({ source, text }) {
  const what = `♪ ${words[`heard_${source}`] ?? source}`;
  return source === "play" ? `${what} (${text.split(/[?#]/)[0].split("/").pop()})` : what;
}

// What the line tells.

const told = {
  ready(message) {
    recognises = message.recognises;
  },
  state(message) {
    endRinging();
    endRinging = () => {};
    if (message.state === "dialling") endRinging = sound.ring(1, 4);
    if (message.state === "connected") connectedAt = Date.now();
    if (message.state === "ended") {
      sound.closeMicrophone();
      mute(false);
    }
    const wasUp = state === "connected";
    show(message.state, message.reason, message.from, message.to);
    if (message.state === "ringing") void rung();
    if (message.state === "connected") {
      write("note", "", words.state_connected);
      if (!isAgent) element("say-text").focus();
    }
    if (message.state === "ended") {
      write("note", "", element("state").textContent);
      if (!isAgent && wasUp) element("call").focus();
    }
  },
  heard(message) {
    const fromPerson = message.source === "party";
    const spoken = fromPerson || message.source === "say";
    const text = spoken ? message.text : sounding(message);
    lastHeard = fromPerson
      ? write("party", words.who_party, text)
      : write(message.source === "say" ? "line" : "note", message.source === "say" ? words.who_line : "", text);
  },
  cut() {
    if (lastHeard !== null) {
      lastHeard.classList.add("cut");
      lastHeard.querySelector(".words").textContent += ` … (${words.cut})`;
    }
    lastHeard = null;
  },
  said(message) {
    write("you", words.who_you, message.text || words.how_unheard, message.how === "unheard" ? "" : words[`how_${message.how}`]);
  },
  refused(message) {
    notice(`refused_${message.reason}`, words[`refused_${message.reason}`] ?? message.reason, "danger");
    if (message.reason === "taken_over") socket.close();
  },
};

async function rung() {
  await openSound(settings.answers);
  if (state !== "ringing") return;
  if (settings.answers) send({ type: "answer" });
  else endRinging = sound.ring(0.4, 1.6);
}

function connect(wait = 500) {
  const address = new URL(settings.socket, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  let opened = false;
  let takenOver = false;
  socket.onopen = () => {
    opened = true;
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") {
      sound.hear(data);
      return;
    }
    const message = JSON.parse(data);
    takenOver ||= message.reason === "taken_over";
    told[message.type]?.(message);
  };
  socket.onclose = () => {
    endRinging();
    sound.closeMicrophone();
    show("offline");
    // A line that comes back is found again; every second try waits longer, up to five seconds.
    if (!takenOver) setTimeout(connect, wait, opened ? 500 : Math.min(5000, wait * 2));
  };
}

// What the person does.

element("dial")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const from = element("from").value === "other" ? element("from-typed").value : element("from").value;
  forgetNotices();
  element("transcript").replaceChildren();
  element("call").disabled = true;
  await openSound(element("microphone").checked);
  element("call").disabled = false;
  send({ type: "call", to: element("to").value, from, language: speaks(), quality: element("quality").value });
});

element("from")?.addEventListener("change", () => {
  const other = element("from").value === "other";
  element("typed-number").hidden = !other;
  if (other) element("from-typed").focus();
});

element("hang-up").addEventListener("click", () => send({ type: "hang_up" }));
element("decline")?.addEventListener("click", () => send({ type: "decline" }));
element("answer")?.addEventListener("click", async () => {
  await openSound(true);
  send({ type: "answer" });
});
element("mute").addEventListener("click", () => mute(!sound.muted));
element("sound-on").addEventListener("click", () => void openSound(false));

element("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = element("say-text").value.trim();
  if (text === "") return;
  send({ type: "say", text });
  element("say-text").value = "";
});

function press(key) {
  if (state === "connected") send({ type: "press", keys: key });
}

element("keypad").addEventListener("click", ({ target }) => {
  if (target.dataset.key) press(target.dataset.key);
});
document.addEventListener("keydown", (event) => {
  const writing = event.target.matches("input, select, textarea");
  if (writing || event.ctrlKey || event.altKey || event.metaKey || !/^[0-9*#]$/.test(event.key)) return;
  press(event.key);
  element("keypad").querySelector(`[data-key="${event.key}"]`)?.classList.add("active");
});
document.addEventListener("keyup", () => {
  for (const key of element("keypad").querySelectorAll(".active")) key.classList.remove("active");
});

setInterval(() => {
  const seconds = Math.floor((Date.now() - connectedAt) / 1000);
  element("duration").textContent =
    state === "connected" ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
}, 500);

// Whoever talks sees that the microphone works, and whoever hears nothing sees whether there is anything to hear.
setInterval(() => {
  const up = state === "connected";
  element("levels").hidden = !up;
  element("level-said").value = up ? sound.saidLevel : QUIETEST_DB;
  element("level-heard").value = up ? sound.heardLevel : QUIETEST_DB;
}, 100);

// A turned or folded screen still ends with the last words.
addEventListener("resize", () => {
  const scroll = element("transcript-scroll");
  scroll.scrollTop = scroll.scrollHeight;
});

// On a narrow screen the words come before the keys.
element("keypad-fold").open = !isAgent && matchMedia("(min-width: 992px)").matches;
show("offline");
connect();
