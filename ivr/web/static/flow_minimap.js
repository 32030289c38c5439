// The whole flow in a corner, and where in it one is: a click goes there.

export class Minimap {
  constructor(canvas, drawing) {
    Object.assign(this, { canvas, drawing, isAsked: false });
    const go = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const { left, top } = canvas.getBoundingClientRect();
      const { scale } = this.#fitted();
      drawing.moveTo((event.clientX - left) / scale, (event.clientY - top) / scale);
    };
    canvas.addEventListener("pointerdown", go);
    canvas.addEventListener("pointermove", go);
  }

  // At most once a frame, however often the view moves.
  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.#draw();
    });
  }

  #fitted() {
    const { width, height } = this.drawing.laid ?? { width: 1, height: 1 };
    return { scale: Math.min(this.canvas.clientWidth / width, this.canvas.clientHeight / height) };
  }

  #draw() {
    const { canvas, drawing } = this;
    if (!drawing.laid || !canvas.clientWidth) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    const pen = canvas.getContext("2d");
    const { scale } = this.#fitted();
    const style = getComputedStyle(canvas);
    pen.scale(ratio * scale, ratio * scale);
    for (const { box, place, group } of drawing.boxes.values()) {
      const isBad = group.classList.contains("has-error");
      pen.fillStyle = isBad ? style.getPropertyValue("--flow-error") : style.getPropertyValue("--flow-box");
      pen.fillRect(place.x - box.width / 2, place.y - box.height / 2, box.width, box.height);
    }
    const { x, y, scale: zoom } = drawing.view;
    pen.strokeStyle = style.getPropertyValue("--flow-here");
    pen.lineWidth = 2 / scale;
    pen.strokeRect(-x / zoom, -y / zoom, drawing.svg.clientWidth / zoom, drawing.svg.clientHeight / zoom);
  }
}
