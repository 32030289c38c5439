// Calling the draft: what is tried goes into a ticket, the ticket opens a telephone, and what becomes of the call is shown as it goes.
// The socket's messages are those of ivr/line/phone_protocol.py, and `story` (ivr/trials/phones.py).

const settings = document.getElementById("trial-settings").dataset;
const words = JSON.parse(settings.words);
const { Sound } = await import(settings.sound);
const { Way } = await import("./trial_way.js");
const element = (id) => document.getElementById(id);
const token = document.querySelector('meta[name="csrf-token"]').content;
const KEYS = /^[0-9*#]$/;

let socket = null;
let state = "idle";
let connectedAt = 0;
let scenario = null;
let lastHeard = null;
let heardUntil = 0;
let turnsShown = new Map(); // number of a turn -> how many of its reasons stand on the page
let answersShown = new Set(); // turns whose answer stands on the page
let given = 0; // what was typed, pressed or recognised here, and no turn has answered to yet
let endRinging = () => {};

const sound = new Sound(settings.worklet, (frame) => {
  if (socket?.readyState === WebSocket.OPEN && state === "connected") socket.send(frame);
});

const way = new Way({ list: element("way"), empty: element("way-empty"), svg: element("way-drawing"), card: element("way-card") }, words);

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

// --- What is tried

function fields() {
  const caller = element("caller").value;
  element("other-fields").hidden = caller !== "other";
  element("made-up-fields").hidden = caller !== "made_up";
  const faults = element("faults").querySelectorAll("input:checked").length;
  element("fault-count").hidden = faults === 0;
  element("fault-count").textContent = faults;
  const language = element("language").value, about = element("hearing").dataset;
  element("hearing").textContent = element("microphone").checked ? about[language] ?? "" : "";
}

function callerWanted() {
  const chosen = element("caller").value;
  if (chosen.startsWith("known:")) return { kind: "known", customer_id: chosen.slice("known:".length) };
  if (chosen === "other") return { kind: "known", customer_id: element("other").value.trim() };
  if (chosen !== "made_up") return { kind: chosen };
  const number = element("made-up-order").value.trim(), late = Number(element("made-up-late").value) || 0;
  const order = { number, status: element("made-up-status").value, items: "-", promised_in_days: late ? -late : 2, due_in_days: 2 };
  if (order.status === "delivered") Object.assign(order, { promised_in_days: -3, due_in_days: -3 });
  const language = element("language").value;
  return { kind: "made_up", name: element("made-up-name").value.trim(), language, orders: number ? [order] : [] };
}

function wanted() {
  const faults = [...element("faults").querySelectorAll("input:checked")].map((one) => one.value);
  return {
    version: element("version").value,
    setting: { caller: callerWanted(), at: element("at").value || null, agents: element("agents").value, faults, language: element("language").value },
  };
}

async function ask(address, content) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token, "X-Centralino-Script": "1" };
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(content), headers, credentials: "same-origin" });
  return { ok: answer.ok, given: await answer.json().catch(() => ({})) };
}

// --- What is read

function notice(text, kind = "danger") {
  const box = document.createElement("div");
  box.className = `alert alert-${kind} py-2 mb-2`;
  box.textContent = text;
  element("notices").append(box);
}

// The last words are seen, unless somebody reads further above.
function add(item) {
  element("heard-empty")?.remove();
  const box = element("heard");
  const follows = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  box.append(item);
  if (follows) box.scrollTop = box.scrollHeight;
}

function write(kind, who, text) {
  const item = document.createElement("p");
  item.className = kind;
  if (who) {
    const name = document.createElement("span");
    name.className = "who";
    name.textContent = who;
    item.append(name);
  }
  item.append(text);
  add(item);
  return item;
}

// What was said by microphone and heard by the service itself is told by the story alone.
function tellAnswer(turn) {
  if (answersShown.has(turn.turn) || !(turn.answered || turn.keys)) return;
  answersShown.add(turn.turn);
  if (given > 0) given -= 1;
  else if (turn.answered) write("you", `${words.you} · ${words.recognised}`, turn.answered);
}

// Why the line said what it said: under the last words of that turn.
function explain(turn) {
  const shown = turnsShown.get(turn.turn) ?? 0;
  const fresh = turn.why.slice(shown);
  turnsShown.set(turn.turn, turn.why.length);
  if (!fresh.length) return;
  const list = document.createElement("ul");
  list.className = "why";
  for (const sentence of fresh) {
    const item = document.createElement("li");
    item.textContent = sentence;
    list.append(item);
  }
  add(list);
}

function listItem(text, kind = "") {
  const item = document.createElement("li");
  item.className = "list-group-item";
  if (kind) {
    const badge = document.createElement("span");
    badge.className = "badge text-bg-secondary me-2";
    badge.textContent = kind;
    item.append(badge);
  }
  item.append(text);
  return item;
}

function showLeft(story) {
  const items = [
    ...story.routed.map((one) => listItem(`${one.queue}, ${words.skill} ${one.skill} ${one.level}: ${words[`outcome_${one.outcome}`] ?? one.outcome}${one.agent ? `, ${words.taken_by} ${one.agent}` : ""}`, words.queue)),
    ...story.messages.map((one) => listItem(`${one.to_number} (${words[`status_${one.status}`] ?? one.status}): ${one.text}`, words.message)),
    ...story.cases.map((one) => listItem(`${one.kind} ${one.number}${one.summary ? `: ${one.summary}` : ""}`, words.case)),
    ...(story.effort === null ? [] : [listItem(`${story.effort}/7`, words.effort)]),
  ];
  element("left").replaceChildren(...(items.length ? items : [listItem(words.nothing_left)]));
}

function show(next, why = "") {
  state = next;
  const up = next === "connected", busy = up || next === "dialling" || next === "opening";
  const label = element("state");
  label.textContent = why || words[next];
  label.className = `badge ${{ connected: "text-bg-success", dialling: "text-bg-warning", opening: "text-bg-warning", offline: "text-bg-danger" }[next] ?? "text-bg-secondary"}`;
  document.body.classList.toggle("on-the-line", busy);
  element("call").disabled = busy;
  element("hang-up").disabled = !busy;
  for (const id of ["say-text", "say-button"]) element(id).disabled = !up;
  for (const key of element("keys").children) key.disabled = !up;
  element("mute").hidden = !up || sound.stream === null;
}

// --- What the service tells

const told = {
  ready() {},
  state(message) {
    endRinging();
    endRinging = () => {};
    if (message.state === "idle") return;
    if (message.state === "dialling") endRinging = sound.ring(1, 4);
    if (message.state === "connected") connectedAt = Date.now();
    show(message.state);
    if (message.state === "connected") {
      send({ type: "microphone", on: sound.stream !== null, language: element("language").value === "en" ? "en-GB" : "it-IT" });
      element("say-text").focus({ preventScroll: true });
    }
    if (message.state === "ended") ended();
  },
  heard(message) {
    const known = message.text !== "";
    heardUntil = Date.now() + message.seconds * 1000;
    const isAgent = message.source === "party";
    if (!known) {
      lastHeard = message.source === "stream" ? lastHeard : write("note", "", `♪ ${words[message.source] ?? words.sound}`);
      return;
    }
    lastHeard = write(isAgent ? "agent" : "line", isAgent ? words.agent : words.line, message.text);
  },
  cut() {
    // What has sounded to its end is cut off by what follows it too.
    if (lastHeard !== null && Date.now() < heardUntil - 400) lastHeard.append(` … (${words.cut})`);
    lastHeard = null;
  },
  said(message) {
    if (message.text) given += 1;
    write("you", `${words.you} · ${words[message.how]}`, message.text || words.unheard);
  },
  refused(message) {
    notice(words[`refused_${message.reason}`] ?? message.detail ?? message.reason);
  },
  story({ story, scenario: made }) {
    scenario = made;
    for (const turn of story.turns) {
      tellAnswer(turn);
      explain(turn);
    }
    way.show(story.path);
    showLeft(story);
    element("save").hidden = !(story.status === "ended" && made.steps.length);
  },
};

function ended() {
  sound.closeMicrophone();
  write("note", "", words.ended);
  element("call").disabled = false;
  element("call").focus({ preventScroll: true });
}

// --- What the person does

element("setting").addEventListener("input", fields);
element("setting").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("notices").replaceChildren();
  element("heard").replaceChildren();
  element("left").replaceChildren(listItem(words.nothing_left));
  element("save").hidden = true;
  element("saved").textContent = "";
  turnsShown = new Map();
  answersShown = new Set();
  given = 0;
  show("opening");
  void way.of(element("version").value);
  await openSound();
  const answer = await ask(settings.ticket, wanted()).catch(() => ({ ok: false, given: {} }));
  if (!answer.ok) {
    notice(answer.given.message ?? words.offline);
    show("idle");
    return;
  }
  connect(answer.given.ticket);
});

async function openSound() {
  const language = element("language").value;
  try {
    if (!(await sound.openLoudspeaker())) notice(words.no_sound, "info");
    if (element("microphone").checked && element("hearing").dataset[`hears${language[0].toUpperCase()}${language.slice(1)}`]) await sound.openMicrophone();
  } catch {
    notice(words.no_microphone, "warning");
  }
}

function connect(ticket) {
  const address = new URL(settings.socket, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(address);
  opened.binaryType = "arraybuffer";
  opened.onopen = () => opened.send(JSON.stringify({ ticket }));
  opened.onmessage = ({ data }) => {
    if (typeof data !== "string") sound.hear(data);
    else {
      const message = JSON.parse(data);
      told[message.type]?.(message);
    }
  };
  opened.onclose = () => {
    endRinging();
    sound.closeMicrophone();
    if (socket !== opened) return;
    socket = null;
    if (state === "connected" || state === "dialling" || state === "opening") show("idle", state === "opening" ? "" : words.offline);
  };
  socket = opened;
}

element("hang-up").addEventListener("click", () => (state === "opening" ? socket?.close() : send({ type: "hang_up" })));
element("mute").addEventListener("click", () => {
  sound.muted = !sound.muted;
  element("mute").setAttribute("aria-pressed", String(sound.muted));
  element("mute").textContent = sound.muted ? words.unmute : words.mute;
});
element("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = element("say-text").value.trim();
  if (text === "") return;
  send({ type: "say", text });
  element("say-text").value = "";
});
element("keys").addEventListener("click", ({ target }) => {
  if (target.dataset.key) send({ type: "press", keys: target.dataset.key });
});
document.addEventListener("keydown", (event) => {
  const writing = event.target.matches("input, select, textarea");
  if (writing || event.ctrlKey || event.altKey || event.metaKey || !KEYS.test(event.key) || state !== "connected") return;
  send({ type: "press", keys: event.key });
});
element("save").addEventListener("submit", async (event) => {
  event.preventDefault();
  const document_ = { name: element("scenario-name").value.trim(), about: element("scenario-about").value.trim(), ...scenario };
  if (!document_.about) delete document_.about;
  const answer = await ask(settings.scenarios, { document: document_, revision: 0 }).catch(() => ({ ok: false, given: {} }));
  const said = answer.given;
  element("saved").textContent = answer.ok ? words.saved : said.errors?.[0]?.message ?? said.detail ?? said.message ?? words.offline;
});

setInterval(() => {
  const seconds = Math.floor((Date.now() - connectedAt) / 1000);
  element("duration").textContent = state === "connected" ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
}, 500);
addEventListener("pagehide", () => socket?.close());
fields();
