// The steps of a scenario's form: one more, one less. What they say is the service's to check.
const steps = document.getElementById("steps");
const template = document.getElementById("step-template");

document.getElementById("add-step").addEventListener("click", () => {
  steps.append(template.content.cloneNode(true));
  steps.lastElementChild.querySelector("[name=prompts]").focus();
});

steps.addEventListener("click", (pressed) => {
  const button = pressed.target.closest("[data-take-out]");
  if (!button) return;
  const step = button.closest("[data-step]");
  const next = step.nextElementSibling ?? step.previousElementSibling;
  step.remove();
  (next?.querySelector("[name=prompts]") ?? document.getElementById("add-step")).focus();
});

// Who leaves with something unsaved is asked by the browser.
let isWritten = false;
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("input", () => { isWritten = true; });
  form.addEventListener("submit", () => { isWritten = false; });
}
window.addEventListener("beforeunload", (leaving) => { if (isWritten) leaving.preventDefault(); });
