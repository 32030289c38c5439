// A version's page: while its checks go on it looks again and again, and puts in place what has changed; what is typed stays.
const parts = ["checks", "publish-form"];

async function look(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) return true;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (fresh.getElementById("checks")?.dataset.checking) return false;
  for (const id of parts) {
    const [old, made] = [document.getElementById(id), fresh.getElementById(id)];
    if (!old || !made) continue;
    const typed = new Map([...old.querySelectorAll("input[type=radio]:checked, input[type=datetime-local], textarea")].map((one) => [one.id, one.value]));
    old.replaceWith(document.importNode(made, true));
    for (const [field, value] of typed) {
      const one = document.getElementById(field);
      if (one?.type === "radio") one.checked = true;
      else if (one) one.value = value;
    }
  }
  return true;
}

const address = document.getElementById("checks")?.dataset.checking;
if (address) {
  const timer = setInterval(async () => { if (await look(address)) clearInterval(timer); }, 1000);
}
// A time that is chosen is meant.
document.addEventListener("input", (typed) => {
  if (typed.target.id === "when-at") document.getElementById("when-later").checked = true;
});
