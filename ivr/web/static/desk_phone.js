// The carrier's telephone in the agent's browser, through the carrier's own script (Twilio Voice SDK 2). It only answers: who
// takes a call says so at the desk, and the ring that follows is taken at once.
const phone = document.getElementById("browser-phone");
const shown = phone.querySelector("[data-state]");
const token = document.querySelector('meta[name="csrf-token"]').content;
// The carrier tells that a ticket is about to end so long before.
const REFRESH_MILLISECONDS = 60000;

function say(state) {
  shown.textContent = phone.dataset[state];
  shown.dataset.state = state;
}

async function ticket() {
  const headers = { "X-CSRFToken": token, "X-Centralino-Script": "1" };
  const answer = await fetch(phone.dataset.ticket, { method: "POST", headers, credentials: "same-origin" });
  if (!answer.ok) throw new Error((await answer.json()).message);
  return (await answer.json()).ticket;
}

async function open() {
  if (!window.Twilio?.Device) {
    say("missing");
    return;
  }
  const device = new window.Twilio.Device(await ticket(), { tokenRefreshMs: REFRESH_MILLISECONDS, closeProtection: true });
  device.on("registered", () => say("ready"));
  device.on("unregistered", () => say("off"));
  device.on("error", () => say("broken"));
  device.on("tokenWillExpire", async () => {
    try {
      device.updateToken(await ticket());
    } catch {
      say("broken");
    }
  });
  device.on("incoming", (call) => {
    call.on("accept", () => say("talking"));
    call.on("disconnect", () => say("ready"));
    call.on("cancel", () => say("ready"));
    call.accept();
  });
  await device.register();
}

open().catch(() => say("broken"));
