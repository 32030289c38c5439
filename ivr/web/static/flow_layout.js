// Where everything stands: asked of the worker once for each structure, and kept. A change of words or settings asks for nothing.
import { keyOf } from "./flow_model.js";

const MOST_KEPT = 20;
const kept = new Map();
const waiting = new Map();
const base = import.meta.url;
let worker = null;
let asked = 0;

function theWorker() {
  if (worker) return worker;
  worker = new Worker(new URL("flow_layout_worker.js", base), { type: "module" });
  worker.onmessage = ({ data }) => {
    const { key, tell, milliseconds } = waiting.get(data.ask);
    waiting.delete(data.ask);
    const laid = {
      places: new Map(data.places.map(([name, x, y]) => [name, { x, y }])),
      points: new Map(data.points.map(([from, to, points]) => [`${from} ${to}`, points])),
      width: data.width,
      height: data.height,
      milliseconds: performance.now() - milliseconds,
    };
    keep(key, laid);
    tell(laid);
  };
  worker.onerror = (event) => {
    for (const { fail } of waiting.values()) fail(new Error(event.message));
    waiting.clear();
    worker = null;
  };
  return worker;
}

function keep(key, laid) {
  kept.set(key, laid);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
}

export function laidOut(drawing) {
  const key = keyOf(drawing);
  if (kept.has(key)) return Promise.resolve(kept.get(key));
  const ask = (asked += 1);
  return new Promise((tell, fail) => {
    waiting.set(ask, { key, tell, fail, milliseconds: performance.now() });
    theWorker().postMessage({
      ask,
      boxes: [...drawing.boxes.values()].map((box) => [box.name, box.width, box.height]),
      lines: drawing.lines.map((line) => [line.from, line.to]),
    });
  });
}

// Until the worker has answered: what stood before stays, and what is new stands beside whatever leads to it.
export function meanwhile(drawing, before) {
  if (!before) return null;
  const places = new Map();
  for (const name of drawing.boxes.keys()) {
    const lead = drawing.lines.find((line) => line.to === name && before.places.has(line.from));
    const beside = lead && before.places.get(lead.from);
    places.set(name, before.places.get(name) ?? (beside ? { x: beside.x + 40, y: beside.y + 90 } : { x: 120, y: 40 }));
  }
  return { ...before, places, points: before.points };
}
