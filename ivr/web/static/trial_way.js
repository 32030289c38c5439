// The way of a trial call through the flow: nodes in the order in which they were entered, the last one lit.

let drawn = "";

export function drawWay(path, { way, empty, words }) {
  const key = path.join(" ");
  if (key === drawn) return;
  drawn = key;
  empty.hidden = path.length > 0;
  way.replaceChildren(
    ...path.map((node, index) => {
      const item = document.createElement("li");
      item.textContent = node;
      item.dataset.node = node;
      if (index === path.length - 1) {
        item.setAttribute("aria-current", "step");
        const kind = document.createElement("span");
        kind.className = "kind";
        kind.textContent = ` (${words.stands})`;
        item.append(kind);
      }
      return item;
    }),
  );
  way.lastElementChild?.scrollIntoView?.({ block: "nearest" });
}
