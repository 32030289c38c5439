const token = document.querySelector('meta[name="csrf-token"]').content;
export async function edit(changes, label) {
  const answer = await fetch("/stub/draft", { method: "PATCH", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify({ changes, label }) });
  return answer.ok ? answer.json() : null;
}
