// The recording of a prompt in one language: spoken into the browser or uploaded, judged by the service, heard.
import { base64Of, play, Recording } from "./prompt_sound.js";
import { ask, fill, number, words } from "./prompt_words.js";

const LOUD_ENOUGH_DB = -60;

export class RecordingPart {
  constructor(column) {
    this.column = column;
    const { show, do: acts } = column.parts;
    Object.assign(this, { show, acts });
    acts.record.addEventListener("click", () => (this.recorder ? this.end() : this.begin()));
    acts.upload.addEventListener("change", () => this.upload());
    acts["play-recording"].addEventListener("click", () => this.hear());
    acts["drop-recording"].addEventListener("click", () => this.set("", ""));
  }

  draw() {
    const has = Boolean(this.column.wording?.recording);
    this.acts["play-recording"].hidden = !has || !this.address.startsWith("sha256:");
    this.acts["drop-recording"].hidden = !has;
    if (has && !this.address.startsWith("sha256:")) this.show["recording-state"].textContent = this.address;
  }

  get address() { return this.column.wording?.recording || ""; }

  set(address, told) {
    this.column.wording.recording = address;
    this.show["recording-state"].textContent = told;
    this.column.editor.changed();
    this.draw();
  }

  async begin() {
    this.recorder = new Recording({ onLevel: (db, seconds) => this.level(db, seconds), onFull: () => this.end() });
    const word = this.show["record-word"];
    try {
      await this.recorder.start();
    } catch {
      this.recorder = null;
      this.show["recording-state"].textContent = words.no_microphone;
      return;
    }
    word.dataset.record = word.textContent;
    word.textContent = word.dataset.stop;
    this.show.level.hidden = false;
    this.show["recording-state"].textContent = words.recording;
  }

  level(db, seconds) {
    this.show.meter.value = Math.max(LOUD_ENOUGH_DB, db);
    this.show["level-words"].textContent = `${number(db, 0)} dB · ${fill(words.seconds, { seconds: number(seconds) })}`;
  }

  async end() {
    const { recorder } = this;
    if (!recorder) return;
    this.recorder = null;
    const word = this.show["record-word"];
    word.textContent = word.dataset.record;
    this.show.level.hidden = true;
    await this.send(recorder.end(), `${this.column.editor.prompt.key} ${this.column.language}`);
  }

  async upload() {
    const [file] = this.acts.upload.files;
    if (!file) return;
    await this.send(await file.arrayBuffer(), file.name);
    this.acts.upload.value = "";
  }

  async send(bytes, name) {
    this.show["recording-state"].textContent = "…";
    try {
      const told = await ask("POST", "/recordings", { name: name.slice(0, 200), sound: await base64Of(bytes) });
      const remarks = told.remarks.map((one) => words.remarks[one]);
      const added = fill(words.added, { seconds: number(told.seconds), gain: number(told.gain_db) });
      this.set(told.address, [added, ...remarks].join(" "));
    } catch (error) {
      this.show["recording-state"].textContent = error.message;
    }
  }

  async hear() {
    try {
      const sound = await ask("GET", `/recordings/${this.address.slice("sha256:".length)}/sound`, undefined, { bytes: true });
      const { seconds, peak } = await play(sound);
      this.column.element.dataset.heard = `${seconds.toFixed(2)} ${peak.toFixed(3)}`;
    } catch (error) {
      this.show["recording-state"].textContent = error.message;
    }
  }

  leave() {
    this.recorder?.end();
    this.recorder = null;
  }
}
