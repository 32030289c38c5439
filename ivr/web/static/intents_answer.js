// A sentence's answer with its reasons, as a person reads it: what was decided, by what, and how near it was to another answer.
import { made, row, share, table, words } from "./intents_shared.js";

const MUCH = 0.2;
const LITTLE = 0.02;
const BY = { "person rule": "byPerson", rule: "byRule", phrase: "byPhrase", correction: "byCorrection", slot: "bySlot", "nothing said": "byNothing", classifier: "byClassifier" };

export function drawAnswer(place, answer, outside) {
  const title = made("h3", { className: "h5" });
  if (answer.outcome === "understood") title.textContent = `${words("understood")}: ${answer.intent} (${words("sure", { chance: share(answer.confidence) })})`;
  else if (answer.outcome === "asked_back") title.textContent = `${words("asked_back")} ${answer.intent} / ${answer.other}`;
  else title.textContent = words("not_understood_answer");
  const facts = made("dl");
  fact(facts, words("why"), reasons(answer, outside));
  fact(facts, words("heardWords"), [answer.words || "–"]);
  const slots = Object.entries(answer.slots);
  if (slots.length) fact(facts, words("slots"), slots.map(([name, value]) => `${name} = ${value}`));
  const parts = [title, facts];
  if (answer.weights.length) parts.push(made("h4", { className: "h6", textContent: words("effect") }), weighed(answer.weights));
  if (answer.chances.length) parts.push(made("h4", { className: "h6 mt-3", textContent: words("chances") }), chances(answer.chances));
  if (answer.examples.length) parts.push(made("h4", { className: "h6", textContent: words("nearest") }), examples(answer.examples));
  place.replaceChildren(...parts);
}

function fact(list, name, sentences) {
  const told = made("dd");
  sentences.forEach((sentence, place) => { if (place) told.append(made("br")); told.append(sentence); });
  list.append(made("dt", { textContent: name }), told);
}

function reasons(answer, outside) {
  const said = [words(BY[answer.decided_by] ?? answer.decided_by, { phrase: answer.whole_phrase })];
  if (answer.boosted.length && answer.decided_by === "classifier") said.push(words("boost", { intents: answer.boosted.join(", ") }));
  const refused = answer.chances.find((one) => one.intent === outside);
  if (answer.outcome === "not_understood" && refused && answer.decided_by === "classifier") said.push(words("refused", { chance: share(refused.chance), bound: share(answer.refuse_above) }));
  const inside = answer.chances.filter((one) => one.intent !== outside);
  if (answer.outcome === "asked_back" && inside.length > 1) said.push(words("close", { gap: share(inside[0].chance - inside[1].chance), bound: share(answer.ask_below) }));
  return said;
}

function weighed(weights) {
  const line = made("p", { className: "words-weighed" });
  for (const { word, effect } of weights) {
    const kind = effect > MUCH ? "much" : effect > LITTLE ? "for" : effect < -LITTLE ? "against" : "";
    const points = `${effect > 0 ? "+" : ""}${(effect * 100).toFixed(0)}`;
    line.append(made("span", { className: kind, textContent: kind ? `${word} ${points}` : word }), " ");
  }
  return line;
}

function chances(found) {
  const rows = found.map(({ intent, chance }) => {
    const bar = made("meter", { min: 0, max: 1, value: chance, ariaLabel: `${intent} ${share(chance)}` });
    return row([intent, share(chance), bar]);
  });
  return table("matrix", words("chances"), [words("intent"), words("chances"), ""], rows);
}

function examples(found) {
  const rows = found.map((one) => row([one.text, `${one.intent} (${one.language})`, one.likeness.toFixed(2), one.pull === null ? "–" : `${one.pull > 0 ? "+" : ""}${one.pull.toFixed(2)}`]));
  return table("matrix", words("nearest"), [words("text"), words("intent"), words("likeness"), words("pull")], rows);
}
