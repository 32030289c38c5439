// Draft and live on held-back examples: the verdict, each intent's change, and the matrix of what was answered for what was meant.
import { at, made, row, share, table, words } from "./intents_shared.js";

const ASKED_BACK = "?";

export function drawComparison(found) {
  const progress = at("comparison-progress");
  progress.hidden = found.state !== "underway";
  at("comparison-begin").disabled = found.state === "underway";
  if (found.state === "underway") {
    progress.querySelector("p").textContent = words("underway", found);
    Object.assign(progress.querySelector("progress"), { max: found.steps, value: found.done });
    return;
  }
  if (found.state !== "ready") {
    at("comparison-shown").replaceChildren(...(found.state === "failed" ? [made("p", { className: "alert alert-warning", textContent: words("compareFailed") })] : []));
    return;
  }
  const language = at("comparison-language").value;
  const of = at("comparison-of").value;
  const [draft, live] = [found.draft, found.live].map((those) => those.find((one) => one.language === language));
  const parts = [verdict(found)];
  if (draft && live) parts.push(accuracy(live, draft), intents(live, draft, language ? [] : found.changes));
  const chosen = of === "draft" ? draft : live;
  if (chosen) parts.push(made("h3", { className: "h6", textContent: `${words("truth")} → ${words("answered")} (${words(of)})` }), matrix(chosen));
  at("comparison-shown").replaceChildren(...parts);
}

function verdict(found) {
  const isDoubted = found.changes.some((one) => one.verdict === "doubted");
  const box = made("div", { className: `alert ${found.is_refused ? "alert-danger" : isDoubted ? "alert-warning" : "alert-success"}`, role: "status" });
  const whole = found.changes.find((one) => one.intent === "");
  const signed = (value) => `${value > 0 ? "−" : value < 0 ? "+" : ""}${(Math.abs(value) * 100).toFixed(1)}%`;
  box.append(made("strong", { textContent: found.is_same ? words("same") : found.is_refused ? words("refusedVerdict") : isDoubted ? words("doubtedVerdict") : words("okay") }));
  if (whole && !found.is_same) {
    box.append(made("br"), words("change", { ...whole, change: signed(whole.worse_by), low: signed(whole.high), high: signed(whole.low), allowed: `${(found.allowed * 100).toFixed(1)}%` }));
  }
  return box;
}

function accuracy(live, draft) {
  const told = (one) => `${share(one.accuracy.value)} (${share(one.accuracy.low)}–${share(one.accuracy.high)})`;
  return made("p", { textContent: `${words("accuracy")}: ${words("live")} ${told(live)}, ${words("draft")} ${told(draft)} · ${words("phrasesOf", { count: draft.accuracy.whole })}` });
}

function intents(live, draft, changes) {
  const rows = draft.intents.map((now) => {
    const before = live.intents.find((one) => one.intent === now.intent);
    const changed = changes.find((one) => one.intent === now.intent);
    const cells = [now.intent, both(before?.recall, now.recall), both(before?.precision, now.precision), String(now.asked_back)];
    if (changes.length) cells.push(changed ? `${changed.lost} / ${changed.won}` : "–", said(changed));
    return row(cells);
  });
  const head = [words("intent"), words("recall"), words("precision"), words("askback")];
  return table("matrix", words("recall"), changes.length ? [...head, words("lostwon"), words("verdict")] : head, rows);
}

function both(before, now) {
  const cell = made("td");
  const change = before?.value === null || before === undefined || now.value === null ? 0 : now.value - before.value;
  cell.append(`${share(before?.value)} → `, made("span", { className: change < -0.005 ? "worse" : change > 0.005 ? "better" : "", textContent: share(now.value) }));
  cell.append(made("br"), made("small", { textContent: `${share(now.low)}–${share(now.high)} · ${now.part}/${now.whole}` }));
  return cell;
}

function said(changed) {
  const kind = changed?.verdict ?? "fine";
  return made("span", { className: kind === "worse" ? "worse" : "", textContent: words(kind === "doubted" ? "doubtedWord" : kind) });
}

function matrix(figures) {
  const counts = new Map(figures.matrix.map((cell) => [`${cell.truth}\n${cell.answered}`, cell.phrases]));
  const columns = [...figures.labels, ...(figures.matrix.some((cell) => cell.answered === ASKED_BACK) ? [ASKED_BACK] : [])];
  const rows = figures.labels.map((truth) => {
    const whole = columns.reduce((sum, answered) => sum + (counts.get(`${truth}\n${answered}`) ?? 0), 0);
    return row([truth, ...columns.map((answered) => cell(counts.get(`${truth}\n${answered}`) ?? 0, whole, truth === answered))]);
  });
  return table("matrix", `${words("truth")} / ${words("answered")}`, [`${words("truth")} \\ ${words("answered")}`, ...columns.map((one) => (one === ASKED_BACK ? words("askback") : one))], rows);
}

// The colour says again what the number says: how much of what was meant so was answered so.
function cell(count, whole, isOwn) {
  const part = whole ? count / whole : 0;
  const step = isOwn ? (part > 0.8 ? "right-2" : "right-1") : count ? `heat-${Math.min(5, Math.ceil(part * 12.5))}` : "";
  const drawn = made("td", { className: `${step} ${isOwn ? "own" : ""}`.trim() });
  drawn.append(count ? String(count) : "·");
  if (count) drawn.append(made("br"), made("small", { textContent: share(part) }));
  return drawn;
}
