// Copies a field to the clipboard, where the browser lets us; without it the field can still be selected.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      await navigator.clipboard.writeText(field.value);
      const told = document.getElementById("copied");
      told.textContent = told.dataset.said;
    });
  }
}
