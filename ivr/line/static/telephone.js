// The telephone's sound as numbers: G.711 mu-law, the telephone's band, and a resampler that keeps its state between blocks.
// Pure functions and classes: they run in the audio thread, in the page and in a test alike.

export const TELEPHONE_HZ = 8000;
export const FRAME_SAMPLES = 160; // 20 ms, as the carrier's media messages hold

const BIAS = 0x84; // G.711: makes the segments powers of two, on the 16-bit scale
const LOUDEST = 32635;
const PHASES = 1024; // positions between two samples that the resampler tells apart: its error lies under mu-law's

export function encodeSample(sample) {
  let value = Math.max(-1, Math.min(1, sample)) * 32767;
  const sign = value < 0 ? 0x80 : 0;
  value = Math.min(Math.abs(Math.round(value)), LOUDEST) + BIAS;
  let exponent = 7;
  for (let mask = 0x4000; (value & mask) === 0 && exponent > 0; mask >>= 1) exponent -= 1;
  const mantissa = (value >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

export function decodeSample(byte) {
  const code = ~byte & 0xff;
  const value = ((((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4)) - BIAS;
  return ((code & 0x80) ? -value : value) / 32768;
}

// Changes the rate with a windowed sinc whose cut-off lies below both rates' limits, so that nothing folds into the band:
// what is above 3400 Hz is gone before there are only 8000 samples a second to hold it.
export class Resampler {
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz; // input samples for each output sample
    this.cutoff = 3400 / fromHz; // in cycles of the input
    // 24 periods of the lower rate on each side: the transition is over before 4000 Hz.
    this.reach = Math.ceil(24 * Math.max(1, this.step));
    this.held = new Float32Array(2 * this.reach); // silence before the first sample
    this.position = this.reach;
    this.weights = new Map();
  }

  process(block) {
    const input = new Float32Array(this.held.length + block.length);
    input.set(this.held);
    input.set(block, this.held.length);
    const output = [];
    while (this.position + this.reach + 1 < input.length) {
      output.push(this.at(input, this.position));
      this.position += this.step;
    }
    const keepFrom = Math.max(0, Math.floor(this.position) - this.reach);
    this.held = input.slice(keepFrom);
    this.position -= keepFrom;
    return Float32Array.from(output);
  }

  at(input, position) {
    const phase = Math.round((position - Math.floor(position)) * PHASES);
    const weights = this.weights.get(phase) ?? this.weigh(phase);
    const first = Math.floor(position) - this.reach + 1;
    let sum = 0;
    for (let index = 0; index < weights.length; index += 1) sum += (input[first + index] ?? 0) * weights[index];
    return sum;
  }

  // The filter for a position between two samples; the few that a pair of rates needs are made once.
  weigh(phase) {
    const weights = new Float32Array(2 * this.reach);
    for (let index = 0; index < weights.length; index += 1) {
      const distance = index - this.reach + 1 - phase / PHASES;
      const angle = 2 * Math.PI * this.cutoff * distance;
      const window = 0.54 + 0.46 * Math.cos((Math.PI * distance) / (this.reach + 1)); // Hamming
      weights[index] = (distance === 0 ? 1 : Math.sin(angle) / angle) * window * 2 * this.cutoff;
    }
    this.weights.set(phase, weights);
    return weights;
  }
}

// A second-order Butterworth high-pass at 300 Hz: the lower edge of the telephone's band (ITU-T G.712).
export class LowCut {
  constructor(rateHz) {
    const omega = Math.tan((Math.PI * 300) / rateHz);
    const scale = 1 / (1 + Math.SQRT2 * omega + omega * omega);
    this.gain = scale;
    this.back1 = 2 * (omega * omega - 1) * scale;
    this.back2 = (1 - Math.SQRT2 * omega + omega * omega) * scale;
    this.in1 = 0;
    this.in2 = 0;
    this.out1 = 0;
    this.out2 = 0;
  }

  process(block) {
    return block.map((sample) => {
      const out = this.gain * (sample - 2 * this.in1 + this.in2) - this.back1 * this.out1 - this.back2 * this.out2;
      this.in2 = this.in1;
      this.in1 = sample;
      this.out2 = this.out1;
      this.out1 = out;
      return out;
    });
  }
}
