// The form of one node: every field with its legal choices alone, the outcomes with where they lead, and the acts on the node itself.
import { nodesOf, outcomesOf } from "./flow_model.js";

export function el(name, attributes = {}, ...inner) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== "list" && key !== "form") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inner.filter((one) => one !== null && one !== undefined));
  return made;
}

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
let fresh = 0;

export class Panel {
  // `house` gives flow(), says(key), offers(), prompts(kind), words, mayEdit, findings(name); `act` does field(), connect(), add(), remove(), rename(), go().
  constructor(place, house, act) {
    Object.assign(this, { place, house, act, shown: "" });
  }

  show(name) {
    const node = nodesOf(this.house.flow())[name];
    const isSame = this.shown === name;
    this.shown = node ? name : "";
    if (!node) {
      this.place.replaceChildren(el("p", { className: "text-body-secondary mb-0" }, this.house.words.choose_node));
      return;
    }
    const focused = this.place.contains(document.activeElement) ? document.activeElement.dataset.field : "";
    const open = isSame ? [...this.place.querySelectorAll("details[open]")].map((one) => one.dataset.part) : [];
    const { words } = this.house;
    const offer = this.house.offers()[node.kind];
    const parts = [
      el("h2", { className: "h5 mb-1", id: "flow-panel-name", tabIndex: -1 }, el("code", {}, name)),
      el("p", { className: "small text-body-secondary mb-2" }, el("strong", {}, words.kinds[node.kind] ?? String(node.kind)), ...[words.abouts[node.kind] ?? (offer?.about ?? "")].filter(Boolean).map((about) => ` – ${about}`)),
      this.#findings(name),
      ...(offer ? this.#fields(name, node, offer) : []),
      this.#outcomes(name, node, offer),
      this.#comings(name),
      ...(this.house.mayEdit ? this.#acts(name, node) : []),
    ];
    this.place.replaceChildren(...parts.filter((part) => part !== null));
    if (!isSame) this.place.scrollTop = 0;
    for (const one of this.place.querySelectorAll("details")) if (open.includes(one.dataset.part)) one.open = true;
    if (focused) this.place.querySelector(`[data-field="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  focus() {
    this.place.querySelector("#flow-panel-name")?.focus();
  }

  #findings(name) {
    const found = this.house.findings(name);
    if (!found.length) return null;
    return el("ul", { className: "list-unstyled flow-findings" }, ...found.map((one) =>
      el("li", { className: `alert py-1 px-2 mb-1 ${one.severity === "error" ? "alert-danger" : "alert-warning"}` },
        el("strong", {}, one.severity === "error" ? this.house.words.error : this.house.words.advice), `: ${one.message}. ${one.remedy}.`)));
  }

  // --- Fields

  #fields(name, node, offer) {
    const required = new Set(offer.fields.filter((field) => field.is_required).map((field) => field.name));
    for (const rule of offer.rules) if (rule.values.includes(String(node[rule.field]))) rule.requires.forEach((one) => required.add(one));
    const isUsed = (field) => required.has(field.name) || node[field.name] !== undefined;
    const more = offer.fields.filter((field) => !isUsed(field));
    const used = offer.fields.filter(isUsed).map((field) => this.#field(name, node, field, required.has(field.name)));
    if (!more.length || !this.house.mayEdit) return used;
    return [...used, el("details", { "data-part": "more", className: "mb-3" }, el("summary", {}, fill(this.house.words.more_fields, { count: more.length })),
      ...more.map((field) => this.#field(name, node, field, false)))];
  }

  #field(name, node, field, isRequired) {
    const id = `flow-field-${(fresh += 1)}`;
    const label = this.house.words.fields[field.name] ?? field.name;
    const control = this.#control(id, name, node, field, isRequired);
    control.disabled = !this.house.mayEdit;
    control.dataset.field = field.name;
    const about = field.about ? el("div", { className: "form-text", id: `${id}-about` }, field.about) : null;
    if (about) control.setAttribute("aria-describedby", about.id);
    const also = field.sort === "prompt" ? this.#said(node[field.name]) : null;
    return el("div", { className: field.sort === "flag" ? "form-check mb-2" : "mb-2" },
      ...(field.sort === "flag" ? [control, el("label", { htmlFor: id, className: "form-check-label" }, label)] : [el("label", { htmlFor: id, className: "form-label mb-0" }, label, isRequired ? " *" : ""), control]), also, about);
  }

  #control(id, name, node, field, isRequired) {
    const value = node[field.name];
    const tell = (next) => this.act.field(name, field.name, next);
    if (field.sort === "flag") {
      return el("input", { id, type: "checkbox", className: "form-check-input", checked: value ?? field.name === "barge_in", onchange: (event) => tell(event.target.checked) });
    }
    if (field.sort === "choice" || field.sort === "prompt") {
      const values = field.sort === "prompt" ? this.house.prompts(node.kind) : field.choices;
      const words = this.house.words.choices;
      return this.#select(id, values, value, { label: (one) => words[one] ?? one, isRequired, tell });
    }
    if (field.sort === "number") {
      return el("input", { id, type: "number", className: "form-control form-control-sm", value: value ?? "", min: field.least, max: field.most, step: field.is_whole ? 1 : 0.1, required: isRequired,
        onchange: (event) => event.target.reportValidity() && tell(event.target.value === "" ? null : Number(event.target.value)) });
    }
    if (field.sort === "names" || field.sort === "keys" || field.sort === "words") return this.#lines(id, field, value, tell);
    return el("input", { id, type: "text", className: "form-control form-control-sm", value: value ?? "", required: isRequired, pattern: field.pattern.replace(/^\^|\$$/g, "") || null,
      onchange: (event) => event.target.reportValidity() && tell(event.target.value === "" ? null : event.target.value) });
  }

  #select(id, values, value, { label = (one) => one, isRequired, tell }) {
    const known = values.includes(value) || value === undefined ? values : [value, ...values];
    return el("select", { id, className: "form-select form-select-sm", onchange: (event) => tell(event.target.value || null) },
      ...(isRequired && value !== undefined ? [] : [el("option", { value: "" }, "–")]),
      ...known.map((one) => el("option", { value: one, selected: one === value }, label(one))));
  }

  // What is a list or pairs is written a line each: `1: order_status`.
  #lines(id, field, value, tell) {
    const isList = field.sort === "names";
    const written = isList ? (value ?? []) : Object.entries(value ?? {}).map(([key, one]) => `${key}: ${Array.isArray(one) ? one.join(", ") : one}`);
    const read = (text) => {
      const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
      if (!lines.length) return null;
      if (isList) return lines;
      const pairs = lines.map((line) => line.split(/:(.*)/s).map((one) => one?.trim() ?? ""));
      return Object.fromEntries(pairs.map(([key, one]) => [key, field.sort === "words" ? one.split(",").map((word) => word.trim()).filter(Boolean) : one]));
    };
    return el("textarea", { id, className: "form-control form-control-sm", rows: Math.min(6, written.length + 1), value: written.join("\n"), spellcheck: false, onchange: (event) => tell(read(event.target.value)) });
  }

  #said(key) {
    if (!key) return null;
    const texts = this.house.says(key);
    return el("div", { className: "flow-said small" },
      ...Object.entries(texts).map(([language, text]) => el("p", { className: "mb-0", lang: language }, el("span", { className: "badge text-bg-light me-1" }, language), `«${text}»`)),
      el("a", { href: this.house.promptAddress(key) }, this.house.words.edit_prompt));
  }

  // --- Where it leads

  #outcomes(name, node, offer) {
    const { words, mayEdit } = this.house;
    const leads = Object.fromEntries(outcomesOf(node));
    const must = new Set(this.#must(node, offer));
    const every = [...new Set([...Object.keys(leads), ...must])];
    const rows = every.map((outcome) => {
      const id = `flow-field-${(fresh += 1)}`;
      const select = this.#nodeSelect(id, leads[outcome], (to) => this.act.connect(name, outcome, to ?? ""), must.has(outcome) && outcome in leads);
      select.disabled = !mayEdit;
      select.dataset.field = `outcome ${outcome}`;
      return el("div", { className: "flow-outcome" }, el("label", { htmlFor: id }, el("code", {}, outcome)), select,
        el("button", { type: "button", className: "btn btn-sm btn-link p-0", disabled: !(leads[outcome] in nodesOf(this.house.flow())), "aria-label": fill(words.go_to, { node: leads[outcome] ?? "" }), onclick: () => this.act.go(leads[outcome]) }, "→"));
    });
    const may = offer ? [...offer.may, ...(offer.kind === "ask" ? this.house.intents() : [])].filter((one) => !every.includes(one)) : [];
    const another = mayEdit && offer && (may.length || offer.is_open) ? this.#another(name, may, offer) : null;
    if (!rows.length && !another) return el("p", { className: "small text-body-secondary" }, words.no_outcomes);
    return el("fieldset", { className: "mb-3" }, el("legend", { className: "h6" }, words.leads_to), ...rows, another);
  }

  #must(node, offer) {
    if (!offer) return [];
    const chosen = offer.chosen_by ? String(node[offer.chosen_by] ?? "") : "";
    const must = offer.outcomes[chosen] ?? [];
    if (offer.kind === "branch") {
      const named = Object.keys(node.outcomes ?? {});
      return ["true", "false", "absent"].every((one) => named.includes(one)) ? [] : must;
    }
    return node.tries ? [...must, "exhausted"] : must;
  }

  #another(name, may, offer) {
    const { words } = this.house;
    const id = `flow-field-${(fresh += 1)}`, which = `${id}-list`;
    const input = offer.kind === "branch"
      ? el("input", { id, type: "text", className: "form-control form-control-sm", pattern: "[a-z0-9_]+" })
      : el("select", { id, className: "form-select form-select-sm" }, el("option", { value: "" }, "–"), ...may.map((one) => el("option", { value: one }, one)));
    input.dataset.field = "another";
    const add = el("button", { type: "button", className: "btn btn-sm btn-outline-secondary", id: which, onclick: () => input.value && input.reportValidity() && this.act.connect(name, input.value, this.house.flow().person) }, words.add_outcome);
    return el("div", { className: "flow-outcome mt-1" }, el("label", { htmlFor: id }, words.another_outcome), input, add);
  }

  #nodeSelect(id, value, tell, isRequired) {
    return this.#select(id, Object.keys(nodesOf(this.house.flow())), value, { isRequired, tell });
  }

  #comings(name) {
    const { words } = this.house;
    const from = Object.entries(nodesOf(this.house.flow())).filter(([, node]) => outcomesOf(node).some(([, to]) => to === name)).map(([one]) => one);
    if (!from.length) return null;
    return el("p", { className: "small" }, `${words.comes_from} `, ...from.flatMap((one, index) => [index ? ", " : "", el("button", { type: "button", className: "btn btn-link btn-sm p-0 align-baseline", onclick: () => this.act.go(one) }, one)]));
  }

  // --- Acts on the node

  #acts(name, node) {
    const { words } = this.house;
    const ids = [1, 2, 3, 4, 5].map(() => `flow-field-${(fresh += 1)}`);
    const to = el("input", { id: ids[0], type: "text", className: "form-control form-control-sm", value: name, pattern: "[a-z][a-z0-9_]*", required: true });
    const rename = el("form", { className: "flow-act", onsubmit: (event) => { event.preventDefault(); if (to.value !== name) this.act.rename(name, to.value); } },
      el("label", { htmlFor: ids[0] }, words.new_name), to, el("button", { className: "btn btn-sm btn-outline-primary" }, words.rename));
    const leads = outcomesOf(node).map(([, target]) => target).filter((target) => target !== name);
    const instead = this.#nodeSelect(ids[1], leads[0], () => {}, false);
    const remove = el("form", { className: "flow-act", onsubmit: (event) => { event.preventDefault(); this.act.remove(name, instead.value); } },
      el("label", { htmlFor: ids[1] }, words.instead), instead, el("button", { className: "btn btn-sm btn-outline-danger" }, words.remove));
    const outcome = el("select", { id: ids[2], className: "form-select form-select-sm" }, ...outcomesOf(node).map(([one]) => el("option", { value: one }, one)), el("option", { value: "" }, words.nowhere_yet));
    const kind = el("select", { id: ids[3], className: "form-select form-select-sm" }, ...Object.keys(this.house.offers()).map((one) => el("option", { value: one }, words.kinds[one] ?? one)));
    const called = el("input", { id: ids[4], type: "text", className: "form-control form-control-sm", pattern: "[a-z][a-z0-9_]*", required: true });
    const add = el("form", { className: "flow-act", onsubmit: (event) => { event.preventDefault(); this.act.add(kind.value, called.value, name, outcome.value); } },
      el("label", { htmlFor: ids[2] }, words.after), outcome, el("label", { htmlFor: ids[3] }, words.kind), kind, el("label", { htmlFor: ids[4] }, words.name), called,
      el("button", { className: "btn btn-sm btn-outline-primary" }, words.add));
    const part = (key, title, form) => el("details", { "data-part": key }, el("summary", {}, title), form);
    return [part("add", words.add_node, add), part("rename", words.rename_node, rename), part("remove", words.remove_node, remove)];
  }
}
