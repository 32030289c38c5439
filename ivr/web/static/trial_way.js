// The way of a trial call through the flow: nodes in the order in which they were entered, the last one lit; in words, and on the
// drawing of the flow (here, and on the page on the flow where it is open in another tab).
import { Drawing } from "./flow_draw.js";
import { laidOut } from "./flow_layout.js";
import { drawingOf, nodesOf } from "./flow_model.js";
import { read } from "./flow_saving.js";

const elsewhere = new BroadcastChannel("centralino-path");
const NEAR = 0.75; // as large as names and kinds can be read

export class Way {
  // `parts`: the list, what stands in its place while it is empty, the svg and its card.
  constructor({ list, empty, svg, card }, words) {
    Object.assign(this, { list, empty, svg, card, words, drawn: "", path: [], drawing: null, flow: null });
    addEventListener("resize", () => this.light());
  }

  // Read and lay out the flow of a version ("draft" or a number) before its call says where it stands.
  async of(version) {
    this.path = [];
    this.drawn = "";
    this.show([]);
    try {
      const shown = await read(version === "draft" ? "" : version);
      this.card.hidden = false;
      const language = document.documentElement.lang.slice(0, 2);
      const said = (node) => shown.says[node?.prompt]?.[language] ?? "";
      const drawing = drawingOf(shown.flow, said);
      const laid = await laidOut(drawing);
      this.drawing ??= new Drawing(this.svg, { choose: () => {} }, this.words);
      this.flow = shown.flow;
      const about = (name) => ({ kind: String(nodesOf(shown.flow)[name]?.kind ?? ""), classes: "", start: "", badge: null, label: `${name}. ${said(nodesOf(shown.flow)[name])}`, figure: "" });
      this.drawing.draw(drawing, laid, about);
      this.drawing.reveal(shown.flow.first, { scale: NEAR, at: 0.3 });
      this.light();
    } catch {
      // The words tell the way without the drawing.
      this.card.hidden = true;
      this.flow = null;
    }
  }

  show(path) {
    const key = path.join(" ");
    if (key === this.drawn && path.length) return;
    this.drawn = key;
    this.path = path;
    this.empty.hidden = path.length > 0;
    this.list.replaceChildren(...path.map((node, index) => this.#item(node, index === path.length - 1)));
    this.list.scrollTop = this.list.scrollHeight;
    elsewhere.postMessage(path);
    this.light();
  }

  #item(node, isLast) {
    const item = document.createElement("li");
    item.textContent = node;
    item.dataset.node = node;
    if (isLast) {
      item.setAttribute("aria-current", "step");
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = ` (${this.words.stands})`;
      item.append(kind);
    }
    return item;
  }

  light() {
    if (!this.flow || !this.drawing) return;
    const marks = new Map(this.path.map((name) => [name, "path"]));
    const ways = new Map(this.path.slice(1).map((name, index) => [`${this.path[index]} ${name}`, "path"]));
    const last = this.path.at(-1);
    if (last) marks.set(last, "path-end");
    this.drawing.mark(marks, ways);
    if (last) this.drawing.choose(last, { centre: true });
  }
}
