// The versions page: after the draft was brought up to date, what it changes is drawn anew; a note that was typed stays.
document.addEventListener("draft:changed", async ({ detail }) => {
  const old = document.getElementById("draft-changes");
  if (!detail?.updated || !old) return;
  const answer = await fetch(window.location.pathname, { credentials: "same-origin" });
  if (!answer.ok) return;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("draft-changes");
  if (!made) return;
  const typed = document.getElementById("note")?.value ?? "";
  old.replaceWith(document.importNode(made, true));
  const note = document.getElementById("note");
  if (note) note.value = typed;
});
