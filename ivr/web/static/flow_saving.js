// What the page on the flow asks of the service and tells it. Changes go through the draft, as from every page that edits.
async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(content.detail ?? answer.statusText);
  return content;
}

// The draft's flow (""), a version's (its number), or what forms may offer ("kinds").
export function read(what) {
  if (what === "kinds") return ask("/api/v1/flow/kinds");
  return ask(what ? `/api/v1/flow?version=${encodeURIComponent(what)}` : "/api/v1/flow");
}

// What an act would change.
export function planned(asked) {
  return ask(`/api/v1/flow/plan?${new URLSearchParams(asked)}`);
}

// Keep changes in the draft; null where they were not kept.
export async function save(changes, label) {
  const { edit } = await import("./draft.js");
  return edit(changes, label);
}

// Be told when somebody, or undo and redo in the bar, has changed the draft otherwise.
export function onDraft(changed) {
  document.addEventListener("draft:changed", changed);
}
