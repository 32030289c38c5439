// Two texts word by word: what was taken out and what was put in, as elements to show. Longest common subsequence; texts are short.
const pieces = (text) => text.match(/\{[^{}]*\}|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];

export function differing(before, after) {
  const one = pieces(before);
  const other = pieces(after);
  const common = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      common[i][j] = one[i] === other[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const shown = [];
  let i = 0;
  let j = 0;
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      put(shown, "", one[i]);
      i += 1;
      j += 1;
    } else if (j >= other.length || (i < one.length && common[i + 1][j] >= common[i][j + 1])) {
      put(shown, "del", one[i]);
      i += 1;
    } else {
      put(shown, "ins", other[j]);
      j += 1;
    }
  }
  return shown.map(({ kind, text }) => {
    if (!kind) return document.createTextNode(text);
    const marked = document.createElement(kind);
    marked.className = "word";
    marked.textContent = text;
    return marked;
  });
}

function put(shown, kind, text) {
  const last = shown.at(-1);
  if (last?.kind === kind) last.text += text;
  else shown.push({ kind, text });
}
