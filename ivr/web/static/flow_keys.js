// The drawing by keys alone: right along the ways, left against them, up and down among neighbours; what each key does is told below it.
import { waysOf } from "./flow_model.js";

export function walkByKeys(svg, drawing, { flow, choose, open, search }) {
  let came = []; // the way back is the way one came

  const nearest = (name, others) => {
    const here = drawing.boxes.get(name).place;
    const known = others.filter((one) => drawing.boxes.has(one));
    return known.sort((one, other) => distance(here, drawing.boxes.get(one).place) - distance(here, drawing.boxes.get(other).place))[0];
  };
  const beside = (name, sign) => {
    const here = drawing.boxes.get(name).place;
    const row = [...drawing.boxes.values()].filter(({ box, place }) => box.name !== name && (place.y - here.y) * sign > 0 && Math.abs(place.x - here.x) < 150);
    return row.sort((one, other) => Math.abs(one.place.y - here.y) - Math.abs(other.place.y - here.y))[0]?.box.name;
  };
  const steps = {
    ArrowRight: (name) => {
      const next = nearest(name, waysOf(flow()).filter((way) => way.from === name && way.to !== name).map((way) => way.to));
      if (next) came.push(name);
      return next;
    },
    ArrowLeft: (name) => {
      const back = came.pop();
      if (back && drawing.boxes.has(back)) return back;
      return nearest(name, waysOf(flow()).filter((way) => way.to === name && way.from !== name).map((way) => way.from));
    },
    ArrowUp: (name) => beside(name, -1),
    ArrowDown: (name) => beside(name, 1),
    Home: () => flow().first,
  };

  svg.addEventListener("keydown", (event) => {
    const name = event.target.closest("[data-node]")?.dataset.node;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = name && steps[event.key];
    if (step) {
      event.preventDefault();
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") came = [];
      const to = step(name);
      if (to) choose(to);
    } else if (name && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      open(name);
    } else if (event.key === "+" || event.key === "-") {
      event.preventDefault();
      drawing.zoom(event.key === "+" ? 1.25 : 0.8);
      if (name) drawing.reveal(name);
    } else if (event.key === "f") {
      drawing.fit();
    } else if (event.key === "/") {
      event.preventDefault();
      search();
    }
  });
}

const distance = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
