// Hearing and recording a prompt: the line's own voice as a WAV file, the browser's voice, the microphone into a WAV file.

const LONGEST_SECONDS = 60;
let context = null;
let playing = null;

function audio() {
  context ??= new AudioContext();
  return context;
}

export function stop() {
  playing?.stop();
  playing = null;
  speechSynthesis?.cancel();
}

// Play a WAV file; gives its length and its loudest sample, and tells `over` when it has ended.
export async function play(bytes, over) {
  stop();
  const sound = await audio().decodeAudioData(bytes);
  await audio().resume();
  const source = audio().createBufferSource();
  source.buffer = sound;
  source.connect(audio().destination);
  source.addEventListener("ended", () => over?.());
  source.start();
  playing = source;
  let peak = 0;
  for (const sample of sound.getChannelData(0)) peak = Math.max(peak, Math.abs(sample));
  return { seconds: sound.duration, peak };
}

export function browserSpeaks() { return "speechSynthesis" in window; }

export function speakInBrowser(text, language, over) {
  stop();
  const said = new SpeechSynthesisUtterance(text);
  said.lang = { it: "it-IT", en: "en-GB" }[language] || language;
  said.voice = speechSynthesis.getVoices().find((voice) => voice.lang.startsWith(language)) || null;
  for (const kind of ["end", "error"]) said.addEventListener(kind, () => over?.());
  speechSynthesis.speak(said);
}

export class Recording {
  constructor({ onLevel, onFull }) {
    this.onLevel = onLevel;
    this.onFull = onFull;
    this.blocks = [];
    this.samples = 0;
  }

  async start() {
    stop();
    // As it is: what is made quieter, louder or cleaner by the browser cannot be judged afterwards.
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    await audio().resume();
    await audio().audioWorklet.addModule(new URL("./recorder_worklet.js", import.meta.url));
    this.source = audio().createMediaStreamSource(this.stream);
    this.node = new AudioWorkletNode(audio(), "recorder", { numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => this.take(data);
    this.source.connect(this.node);
  }

  take(block) {
    this.blocks.push(block);
    this.samples += block.length;
    let peak = 0;
    for (const sample of block) peak = Math.max(peak, Math.abs(sample));
    this.onLevel(20 * Math.log10(Math.max(peak, 1e-4)), this.seconds);
    if (this.seconds >= LONGEST_SECONDS) this.onFull();
  }

  get seconds() { return this.samples / audio().sampleRate; }

  // The recording as a WAV file.
  end() {
    this.source?.disconnect();
    if (this.node) this.node.port.onmessage = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    return wavOf(this.blocks, this.samples, audio().sampleRate);
  }
}

// 16 bit, one channel (RIFF, the format of WAVE files, 1991).
function wavOf(blocks, count, rate) {
  const bytes = new ArrayBuffer(44 + 2 * count);
  const view = new DataView(bytes);
  const write = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * count, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, 2 * count, true);
  let at = 44;
  for (const block of blocks) for (const sample of block) {
    view.setInt16(at, Math.max(-1, Math.min(1, sample)) * 32767, true);
    at += 2;
  }
  return bytes;
}

export function base64Of(bytes) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result.split(",", 2)[1] || ""));
    reader.addEventListener("error", () => failed(reader.error));
    reader.readAsDataURL(new Blob([bytes]));
  });
}
