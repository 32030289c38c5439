// Walks the row of tabs: which controls there are, which of them were reached, whether one saw where one was.
globalThis.keyboard = (() => {
  const CONTROLS = "a[href], button, input, select, textarea, summary, audio[controls], [tabindex], [contenteditable=true]";
  const SHOWN_BY = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "backgroundColor", "borderColor", "textDecorationLine", "stroke", "strokeWidth"];
  let wanted = [];
  let before = new Map();
  const reached = new Set();
  const unseen = [];
  const unnamed = [];
  let first = null;
  let stuck = 0;
  let last = null;
  let doubtful = null;

  // A box of a drawing shows by its shapes where one is.
  const shown = (element) => [element, ...(element instanceof SVGElement ? [...element.children].slice(0, 4) : [])];
  const look = (element) => shown(element).map((one) => {
    const style = getComputedStyle(one);
    return SHOWN_BY.map((name) => style[name]).join(";");
  }).join("|");
  const isReachable = (element) =>
    !element.disabled && !element.closest("fieldset:disabled, [inert]") && element.tabIndex >= 0 && element.type !== "hidden" &&
    element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const told = (element) => element.outerHTML.slice(0, 140).replace(/\s+/g, " ");
  const name = (element) => {
    const by = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean).map((id) => document.getElementById(id)?.textContent || "").join(" ");
    const labels = [...(element.labels || [])].map((label) => label.textContent).join(" ");
    const images = [...element.querySelectorAll("img[alt], svg title")].map((one) => one.alt || one.textContent).join(" ");
    return (by || element.getAttribute("aria-label") || labels || element.textContent || images || element.title || element.placeholder || element.value || "").trim();
  };
  // Of buttons that exclude each other one is in the row of tabs; the arrows lead to the others.
  const group = (element) => (element.type === "radio" && element.name ? `${element.form?.id}|${element.name}` : null);

  return {
    begin() {
      document.activeElement?.blur();
      getSelection()?.removeAllRanges();
      window.scrollTo(0, 0);
      wanted = [...document.querySelectorAll(CONTROLS)].filter(isReachable);
      before = new Map(wanted.map((element) => [element, look(element)]));
    },
    // True when the walk has come round.
    step() {
      const here = document.activeElement;
      // What was drawn anew since the beginning: compared with itself once it is left.
      if (doubtful && doubtful.element !== here) {
        if (doubtful.element.isConnected && look(doubtful.element) === doubtful.look) {
          unseen.push(told(doubtful.element));
        }
        doubtful = null;
      }
      if (!here || here === document.body) {
        return reached.size > 0;
      }
      if (here === first && reached.size > 1) {
        return true;
      }
      first ??= here;
      stuck = here === last ? stuck + 1 : 0;
      last = here;
      if (stuck > 12) {  // a field of date and time has several stops of its own
        return true;
      }
      if (!reached.has(here)) {
        reached.add(here);
        const was = before.get(here);
        const now = look(here);
        const style = getComputedStyle(here);
        const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        if (!outlined && was === undefined) {
          doubtful = { element: here, look: now };
        } else if (!outlined && was === now) {
          unseen.push(told(here));
        }
        const box = here.getBoundingClientRect();
        if (box.bottom < 0 || box.top > innerHeight || box.width === 0) {
          unseen.push(`out of sight: ${told(here)}`);
        }
        if (!name(here)) {
          unnamed.push(told(here));
        }
      }
      return false;
    },
    problems() {
      const groups = new Set([...reached].map(group).filter(Boolean));
      // What has appeared or gone meanwhile (a live page) is not held against it.
      const missed = wanted.filter((element) => element.isConnected && isReachable(element) && !reached.has(element) && !groups.has(group(element)));
      return [
        ...(stuck > 12 ? [`a trap: ${told(last)}`] : []),
        ...(reached.size === 0 && wanted.length ? ["no control is reached"] : []),
        ...missed.map((element) => `not reached: ${told(element)}`),
        ...unseen.map((one) => `focus not seen: ${one}`),
        ...unnamed.map((one) => `no name: ${one}`),
      ];
    },
  };
})();
