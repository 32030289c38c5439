// The page's microphone and loudspeaker: opened by a person's click, closed with the call.

// A telephone hears a voice as it is: suppressed noise and levelled loudness would change what the service measures of it.
const MICROPHONE = { audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false } };
// ITU-T E.180, Italy: 425 Hz, one second of tone and four of silence.
const RINGING_HZ = 425;

export const QUIETEST_DB = -100;
// 2048 samples are 43 ms at 48 kHz: a syllable is longer.
const METER_SAMPLES = 2048;

// What passes through a point of the page's sound, as dB under full scale (root mean square of the last moment).
class Meter {
  constructor(context) {
    this.node = new AnalyserNode(context, { fftSize: METER_SAMPLES });
    this.samples = new Float32Array(METER_SAMPLES);
  }

  get level() {
    this.node.getFloatTimeDomainData(this.samples);
    const square = this.samples.reduce((sum, sample) => sum + sample * sample, 0) / METER_SAMPLES;
    return Math.max(QUIETEST_DB, 10 * Math.log10(square));
  }
}

export class Sound {
  constructor(workletAddress, giveFrame) {
    this.workletAddress = workletAddress;
    this.giveFrame = giveFrame;
    this.context = null;
    this.stream = null;
    this.source = null;
    this.speaker = null;
    this.heardMeter = null;
    this.saidMeter = null;
    this.muted = false;
  }

  // How loud the loudspeaker is now, and what the microphone gives to the line, in dB under full scale.
  get heardLevel() {
    return this.heardMeter?.level ?? QUIETEST_DB;
  }

  get saidLevel() {
    return this.muted || this.stream === null ? QUIETEST_DB : this.saidMeter.level;
  }

  // Open the loudspeaker; tells whether the browser lets it sound now.
  async openLoudspeaker() {
    if (this.context === null) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      await this.context.audioWorklet.addModule(this.workletAddress);
      this.speaker = new AudioWorkletNode(this.context, "line-to-loudspeaker", { numberOfInputs: 0, outputChannelCount: [1] });
      this.heardMeter = new Meter(this.context);
      this.speaker.connect(this.heardMeter.node).connect(this.context.destination);
    }
    await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, 300))]);
    return this.context.state === "running";
  }

  // Open the microphone; throws what getUserMedia throws.
  async openMicrophone() {
    if (this.stream !== null) return;
    if (!navigator.mediaDevices) throw new DOMException("no microphone on this page", "NotFoundError");
    this.stream = await navigator.mediaDevices.getUserMedia(MICROPHONE);
    this.source = this.context.createMediaStreamSource(this.stream);
    const microphone = new AudioWorkletNode(this.context, "microphone-to-line", { numberOfOutputs: 1, channelCount: 1, channelCountMode: "explicit" });
    microphone.port.onmessage = ({ data }) => {
      if (!this.muted) this.giveFrame(data);
    };
    // A node that leads nowhere is not asked for sound; its output is silence.
    this.saidMeter = new Meter(this.context);
    this.source.connect(this.saidMeter.node).connect(microphone).connect(this.context.destination);
  }

  closeMicrophone() {
    if (this.stream === null) return;
    this.source.disconnect();
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.source = null;
  }

  hear(frame) {
    if (this.speaker !== null) this.speaker.port.postMessage(new Uint8Array(frame));
  }

  // The tone while the other side rings (or is rung); answers with the function that ends it.
  ring(onSeconds, offSeconds) {
    if (this.context === null) return () => {};
    const tone = new OscillatorNode(this.context, { frequency: RINGING_HZ });
    const gain = new GainNode(this.context, { gain: 0 });
    tone.connect(gain).connect(this.context.destination);
    tone.start();
    const once = () => {
      const now = this.context.currentTime;
      gain.gain.setTargetAtTime(0.05, now, 0.01);
      gain.gain.setTargetAtTime(0, now + onSeconds, 0.01);
    };
    once();
    const again = setInterval(once, (onSeconds + offSeconds) * 1000);
    return () => {
      clearInterval(again);
      tone.stop();
      gain.disconnect();
    };
  }
}
