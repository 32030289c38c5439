// The flow as a list: the same nodes, words, ways and findings, for those who read by ear and on a telephone.
import { nodesOf, outcomesOf } from "./flow_model.js";
import { el } from "./flow_panel.js";

export class List {
  constructor(place, house, act) {
    Object.assign(this, { place, house, act, drawn: "", rows: new Map() });
  }

  show() {
    if (this.place.hidden) return;
    const nodes = nodesOf(this.house.flow());
    const findings = Object.keys(nodes).map((name) => this.house.findings(name).length);
    const key = JSON.stringify([nodes, findings]);
    if (key === this.drawn) return;
    const hadFocus = this.place.contains(document.activeElement) ? document.activeElement.dataset.go ?? "" : null;
    this.drawn = key;
    const { words } = this.house;
    this.rows = new Map(Object.entries(nodes).map(([name, node]) => [name, this.#row(name, node)]));
    const head = el("tr", {}, ...[words.name, words.kind, words.fields.prompt, words.leads_to].map((one) => el("th", { scope: "col" }, one)));
    this.place.replaceChildren(el("table", { className: "table table-sm" }, el("thead", {}, head), el("tbody", {}, ...this.rows.values())));
    if (hadFocus) this.place.querySelector(`[data-go="${CSS.escape(hadFocus)}"]`)?.focus();
  }

  #row(name, node) {
    const { words } = this.house;
    const found = this.house.findings(name);
    const leads = outcomesOf(node).map(([outcome, to]) => el("span", { className: "me-2 text-nowrap" }, `${outcome} → `,
      to in nodesOf(this.house.flow()) ? el("button", { type: "button", className: "btn btn-link btn-sm p-0", onclick: () => this.#go(to) }, to) : el("strong", { className: "text-danger" }, to)));
    return el("tr", { "data-row": name },
      el("th", { scope: "row" }, el("button", { type: "button", className: "btn btn-link btn-sm p-0 fw-semibold text-start", "data-go": name, onclick: () => { this.act.choose(name); this.act.open(); } }, name),
        ...found.map((one) => el("div", { className: "small text-danger fw-normal" }, `${one.severity === "error" ? words.error : words.advice}: ${one.message}`))),
      el("td", {}, words.kinds[node.kind] ?? String(node.kind)), el("td", {}, this.act.said(node)), el("td", {}, ...leads));
  }

  #go(name) {
    this.act.choose(name);
    const button = this.rows.get(name)?.querySelector("[data-go]");
    button?.scrollIntoView({ block: "center" });
    button?.focus();
  }

  choose(name) {
    for (const [one, row] of this.rows) row.classList.toggle("table-active", one === name);
  }
}
