// The two ends of the receiver, in the browser's audio thread: microphone to mu-law frames, and mu-law frames to loudspeaker.

import { FRAME_SAMPLES, LowCut, Resampler, TELEPHONE_HZ, decodeSample, encodeSample } from "./telephone.js";

class MicrophoneToLine extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, TELEPHONE_HZ);
    this.lowCut = new LowCut(TELEPHONE_HZ);
    this.frame = new Uint8Array(FRAME_SAMPLES);
    this.filled = 0;
  }

  process([input]) {
    if (input.length === 0) return true;
    for (const sample of this.lowCut.process(this.resampler.process(input[0]))) {
      this.frame[this.filled] = encodeSample(sample);
      this.filled += 1;
      if (this.filled === FRAME_SAMPLES) {
        this.port.postMessage(this.frame.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

// The network's unevenness is evened out by waiting for three frames; what waits longer than a fifth of a second is dropped,
// so that the voices never drift apart.
const FIRST_SAMPLES = (3 * FRAME_SAMPLES) / TELEPHONE_HZ;
const MOST_SECONDS = 0.2;

class LineToLoudspeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(TELEPHONE_HZ, sampleRate);
    this.waiting = [];
    this.count = 0;
    this.offset = 0;
    this.playing = false;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(frame) {
    const block = this.resampler.process(Float32Array.from(frame, decodeSample));
    this.waiting.push(block);
    this.count += block.length;
    while (this.count - this.offset > MOST_SECONDS * sampleRate) this.drop();
  }

  drop() {
    this.count -= this.waiting.shift().length;
    this.offset = 0;
  }

  process(_inputs, [output]) {
    const channel = output[0];
    if (!this.playing && this.count < FIRST_SAMPLES * sampleRate) return true;
    this.playing = true;
    for (let index = 0; index < channel.length; index += 1) {
      if (this.waiting.length === 0) {
        this.playing = false;
        break;
      }
      channel[index] = this.waiting[0][this.offset];
      this.offset += 1;
      if (this.offset >= this.waiting[0].length) this.drop();
    }
    return true;
  }
}

registerProcessor("microphone-to-line", MicrophoneToLine);
registerProcessor("line-to-loudspeaker", LineToLoudspeaker);
