// The words of the page on prompts in the reader's language, and how the API is asked.

export const words = JSON.parse(document.getElementById("words").textContent);
const token = document.querySelector('meta[name="csrf-token"]').content;

export function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
}

export function number(value, digits = 1) {
  return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits });
}

// Ask the API: gives what it answers, as JSON or as bytes; throws an error whose message is a sentence for people.
export async function ask(method, address, content, { bytes = false } = {}) {
  let answer;
  try {
    answer = await fetch(`/api/v1${address}`, {
      method,
      headers: { "X-CSRFToken": token, ...(content ? { "Content-Type": "application/json" } : {}) },
      body: content ? JSON.stringify(content) : undefined,
    });
  } catch {
    throw new Error(words.offline);
  }
  if (answer.ok) return bytes ? answer.arrayBuffer() : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Error([problem.detail, ...(problem.errors || []).flatMap((one) => one.messages)].filter(Boolean).join(" ") || words.offline);
}
