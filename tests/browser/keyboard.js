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

  const look = (element) => {
    const style = getComputedStyle(element);
    return Object.fromEntries(SHOWN_BY.map((name) => [name, style[name]]));
  };
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
        const outlined = now.outlineStyle !== "none" && parseFloat(now.outlineWidth) > 0;
        // A new element of a live page has no look of before: its outline alone counts.
        const differs = was !== undefined && SHOWN_BY.some((one) => was[one] !== now[one]);
        if (!outlined && !differs) {
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
