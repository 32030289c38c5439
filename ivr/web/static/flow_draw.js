// The drawing: an SVG of boxes and lines that can be moved, zoomed and walked by keys. What a box means is for whoever listens.

const SVG = "http://www.w3.org/2000/svg";
const NEAREST = 2.2, FARTHEST = 0.06;
const LEGIBLE = 0.75; // at less, what a node says is too small to be read

function element(name, attributes = {}, ...inner) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...inner);
  return made;
}

const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

export class Drawing {
  // `on` is told of `choose(name)`, `open(name)`, `connect(from, outcome, to)`, `moved()`.
  constructor(svg, on, words) {
    Object.assign(this, { svg, on, words, boxes: new Map(), lines: new Map(), view: { x: 0, y: 0, scale: 1 }, laid: null, chosen: "" });
    this.root = element("g");
    this.edges = element("g", { class: "flow-lines", "aria-hidden": "true" });
    this.nodes = element("g");
    const arrow = element("path", { d: "M0 0L8 4L0 8z" });
    const marker = element("marker", { id: "flow-arrow", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, arrow);
    this.root.append(this.edges, this.nodes);
    svg.append(element("defs", {}, marker), this.root);
    this.#movable();
  }

  // Draw anew what has changed, and leave the rest.
  draw(drawing, laid, about) {
    this.laid = laid;
    this.drawing = drawing;
    this.about = about;
    for (const [name, drawn] of this.boxes) {
      if (drawing.boxes.has(name)) continue;
      drawn.group.remove();
      this.boxes.delete(name);
    }
    for (const box of drawing.boxes.values()) this.#box(box, laid.places.get(box.name), about(box.name));
    const ways = new Map(drawing.lines.map((line) => [`${line.from} ${line.to}`, line]));
    for (const [key, line] of this.lines) {
      if (ways.has(key)) continue;
      line.group.remove();
      this.lines.delete(key);
    }
    for (const [key, way] of ways) this.#line(key, way);
    this.#apply();
  }

  #box(box, place, about) {
    const key = JSON.stringify([box, about]);
    let drawn = this.boxes.get(box.name);
    if (!drawn || drawn.key !== key) {
      const group = this.#boxGroup(box, about);
      if (drawn) {
        const hasFocus = drawn.group === document.activeElement;
        drawn.group.replaceWith(group);
        if (hasFocus) group.focus({ preventScroll: true });
      } else {
        this.nodes.append(group);
      }
      drawn = { group, key };
      this.boxes.set(box.name, drawn);
    }
    drawn.box = box;
    drawn.place = place;
    drawn.group.setAttribute("transform", `translate(${place.x - box.width / 2} ${place.y - box.height / 2})`);
    drawn.group.classList.toggle("is-chosen", box.name === this.chosen);
    drawn.group.setAttribute("tabindex", box.name === this.focusable ? 0 : -1);
  }

  #boxGroup(box, about) {
    const group = element("g", {
      class: `flow-node kind-${box.kind} ${about.classes}`, role: "button", "data-node": box.name, "aria-label": about.label, tabindex: -1,
    });
    group.append(
      element("rect", { class: "body", width: box.width, height: box.height, rx: 7 }),
      element("rect", { class: "stripe", width: 5, height: box.height, rx: 2 }),
      element("text", { class: "name", x: 12, y: 17 }, cut(box.name, 25)),
      element("text", { class: "kind", x: 12, y: 32 }, about.kind),
    );
    if (box.said) group.append(element("text", { class: "said", x: 12, y: 48 }, `«${cut(box.said, 30)}»`));
    box.rows.forEach((way, row) => {
      const text = `${cut(way.outcomes.join(", "), 15)} → ${cut(way.to, 17)}`;
      group.append(element("text", { class: "far", x: 12, y: box.height - 6 - 15 * (box.rows.length - 1 - row), "data-to": way.to }, text));
    });
    if (about.start) group.append(element("text", { class: "start", x: box.width / 2, y: -6 }, cut(about.start, 34)));
    if (about.badge) {
      const badge = element("g", { class: `badge-${about.badge.severity}`, transform: `translate(${box.width - 8} 4)` });
      badge.append(element("circle", { r: 10 }), element("text", { y: 4 }, about.badge.text));
      group.append(badge);
    }
    if (about.figure) group.append(element("text", { class: "figure", x: box.width - 8, y: 32 }, about.figure));
    return group;
  }

  #line(key, way) {
    const from = this.boxes.get(way.from), to = this.boxes.get(way.to);
    const start = [from.place.x + from.box.width / 2, from.place.y], end = [to.place.x - to.box.width / 2, to.place.y];
    const given = this.laid.points.get(key) ?? [];
    const points = end[0] > start[0] ? [start, ...given.slice(1, -1).filter(([x]) => x > start[0] && x < end[0]), end] : given.length ? given : [start, end];
    let drawn = this.lines.get(key);
    if (!drawn) {
      const label = element("text", {}), path = element("path", { "marker-end": "url(#flow-arrow)" });
      drawn = { group: element("g", { class: "flow-line", "data-way": key }, path, label), path, label };
      this.lines.set(key, drawn);
      this.edges.append(drawn.group);
    }
    drawn.path.setAttribute("d", curve(points));
    const [x, y] = points.length > 3 ? points[1] : points.at(-1);
    drawn.label.setAttribute("x", (x + points[0][0]) / 2);
    drawn.label.setAttribute("y", (y + points[0][1]) / 2 + 3);
    const text = cut(way.outcomes.join(", "), 18);
    if (drawn.label.textContent !== text) drawn.label.textContent = text === "next" ? "" : text;
  }

  // Colours a layer gives: node -> class; ways -> class.
  mark(nodes, ways = new Map()) {
    for (const [name, { group }] of this.boxes) group.dataset.mark = nodes.get(name) ?? "";
    for (const [key, { group }] of this.lines) group.dataset.mark = ways.get(key) ?? "";
  }

  choose(name, { focus = false, centre = false } = {}) {
    this.boxes.get(this.chosen)?.group.classList.remove("is-chosen");
    this.chosen = name;
    this.boxes.get(name)?.group.classList.add("is-chosen");
    this.#makeFocusable(name);
    for (const [key, { group }] of this.lines) {
      const [from, to] = key.split(" ");
      group.classList.toggle("is-near", Boolean(name) && (from === name || to === name));
    }
    if (centre) this.reveal(name);
    if (focus) this.boxes.get(name)?.group.focus({ preventScroll: true });
  }

  #makeFocusable(name) {
    this.boxes.get(this.focusable)?.group.setAttribute("tabindex", -1);
    if (this.boxes.has(name)) this.focusable = name;
    this.boxes.get(this.focusable)?.group.setAttribute("tabindex", 0);
  }

  // --- The view

  fit() {
    if (!this.laid) return;
    const { clientWidth: width, clientHeight: height } = this.svg;
    const scale = Math.max(FARTHEST, Math.min(1.1, width / this.laid.width, height / this.laid.height));
    this.view = { scale, x: (width - this.laid.width * scale) / 2, y: Math.max(0, (height - this.laid.height * scale) / 2) };
    this.#apply();
  }

  reveal(name, { scale = null, at = 0.5 } = {}) {
    const drawn = this.boxes.get(name);
    if (!drawn) return;
    if (scale) this.view.scale = scale;
    const { clientWidth: width, clientHeight: height } = this.svg;
    const x = drawn.place.x * this.view.scale + this.view.x, y = drawn.place.y * this.view.scale + this.view.y;
    const isSeen = x > 110 && x < width - 110 && y > 60 && y < height - 60;
    if (isSeen && !scale) return;
    this.view.x = width * at - drawn.place.x * this.view.scale;
    this.view.y = height / 2.2 - drawn.place.y * this.view.scale;
    this.#apply();
  }

  // Keep a node where it is on the screen while its place in the drawing changes.
  hold(name, change) {
    const before = this.boxes.get(name)?.place;
    change();
    const after = this.boxes.get(name)?.place;
    if (!before || !after) return;
    this.view.x += (before.x - after.x) * this.view.scale;
    this.view.y += (before.y - after.y) * this.view.scale;
    this.#apply();
  }

  zoom(factor, at = [this.svg.clientWidth / 2, this.svg.clientHeight / 2]) {
    const scale = Math.max(FARTHEST, Math.min(NEAREST, this.view.scale * factor));
    const [x, y] = at, by = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * by, y: y - (y - this.view.y) * by };
    this.#apply();
  }

  moveTo(x, y) {
    this.view.x = this.svg.clientWidth / 2 - x * this.view.scale;
    this.view.y = this.svg.clientHeight / 2 - y * this.view.scale;
    this.#apply();
  }

  #apply() {
    const { x, y, scale } = this.view;
    this.root.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.svg.classList.toggle("is-far", scale < LEGIBLE);
    this.svg.classList.toggle("is-farther", scale < 0.4);
    this.on.moved?.();
  }

  #movable() {
    let held = null;
    this.svg.addEventListener("pointerdown", (event) => {
      const port = event.target.closest("[data-port]");
      const node = event.target.closest("[data-node]");
      held = { x: event.clientX, y: event.clientY, view: { ...this.view }, port: port?.dataset.port, from: node?.dataset.node, isMoved: false };
      if (!node) this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (!held || !event.buttons) return;
      const dx = event.clientX - held.x, dy = event.clientY - held.y;
      if (Math.hypot(dx, dy) > 4) held.isMoved = true;
      if (held.port) {
        this.#thread(held.from, event);
      } else if (held.isMoved) {
        this.view = { ...held.view, x: held.view.x + dx, y: held.view.y + dy };
        this.#apply();
      }
    });
    this.svg.addEventListener("pointerup", (event) => {
      const was = held;
      held = null;
      this.thread?.remove();
      this.thread = null;
      if (!was) return;
      const over = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-node]")?.dataset.node;
      if (was.port) {
        if (over && was.isMoved) this.on.connect?.(was.from, was.port, over);
        return;
      }
      if (was.isMoved || !over) return;
      const far = event.target.closest("[data-to]")?.dataset.to;
      this.on.choose(far && this.boxes.has(far) ? far : over, { isFar: Boolean(far) });
    });
    this.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { left, top } = this.svg.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) {
        this.zoom(Math.exp(-event.deltaY / 300), [event.clientX - left, event.clientY - top]);
        return;
      }
      const [dx, dy] = event.shiftKey ? [event.deltaY, event.deltaX] : [event.deltaX, event.deltaY];
      this.view = { ...this.view, x: this.view.x - dx, y: this.view.y - dy };
      this.#apply();
    }, { passive: false });
    this.svg.addEventListener("focusin", (event) => {
      const name = event.target.closest("[data-node]")?.dataset.node;
      if (name) this.reveal(name);
    });
  }

  #thread(from, event) {
    const { left, top } = this.svg.getBoundingClientRect();
    const place = this.boxes.get(from).place, { x, y, scale } = this.view;
    this.thread ??= this.root.appendChild(element("path", { class: "flow-thread" }));
    this.thread.setAttribute("d", `M${place.x} ${place.y}L${(event.clientX - left - x) / scale} ${(event.clientY - top - y) / scale}`);
  }

  // A dot for each outcome beside the chosen node: dragged onto another node, it leads there.
  ports(name, outcomes) {
    this.svg.querySelectorAll("[data-port]").forEach((port) => port.remove());
    const drawn = this.boxes.get(name);
    if (!drawn) return;
    outcomes.forEach((outcome, index) => {
      const y = ((index + 1) * drawn.box.height) / (outcomes.length + 1);
      const port = element("circle", { class: "port", cx: drawn.box.width, cy: y, r: Math.min(7, drawn.box.height / (outcomes.length + 1) / 2), "data-port": outcome });
      port.append(element("title", {}, `${outcome}: ${this.words.drag}`));
      drawn.group.append(port);
    });
    drawn.key = "";
  }
}

// From box to box in an S, level at both ends.
function curve(points) {
  let path = `M${points[0].join(" ")}`;
  for (let index = 1; index < points.length; index += 1) {
    const [x, y] = points[index - 1], [nextX, nextY] = points[index];
    const middle = (x + nextX) / 2;
    path += `C${middle} ${y} ${middle} ${nextY} ${nextX} ${nextY}`;
  }
  return path;
}
