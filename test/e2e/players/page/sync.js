const WHITE = 225;
const DARK = 215;
const LOUD = 0.1;
const QUIET_SECONDS = 0.3;

/** Runs in the audio thread: says at which sample sound begins after a silence, and how often it swings in the first 50 ms. */
const DETECTOR = `
registerProcessor('onsets', class extends AudioWorkletProcessor {
  quietSamples = 0;
  beep = null;
  process([[channel]]) {
    if (!channel) return true;
    for (let i = 0; i < channel.length; i++) {
      const loud = Math.abs(channel[i]) > ${LOUD};
      if (loud && this.quietSamples > ${QUIET_SECONDS} * sampleRate && !this.beep) {
        this.beep = { seconds: (currentFrame + i) / sampleRate, swings: 0, samples: 0, sign: 1 };
      }
      this.quietSamples = loud ? 0 : this.quietSamples + 1;
      if (this.beep) this.follow(channel[i]);
    }
    return true;
  }
  follow(sample) {
    const sign = sample >= 0 ? 1 : -1;
    if (sign !== this.beep.sign) this.beep.swings++;
    this.beep.sign = sign;
    if (++this.beep.samples < 0.05 * sampleRate) return;
    this.port.postMessage({ seconds: this.beep.seconds, hertz: this.beep.swings / 0.1 });
    this.beep = null;
  }
});`;

/** Notes the media times at which the picture turns white and a beep begins. */
export class SyncMeter {
  /**
   * `{ mediaSeconds, isSure }`: sure when no frame was missed before the white one, and the picture is the one the callback was for (one that
   * comes late finds the next).
   */
  flashes = [];
  /** `{ mediaSeconds, hertz }` */
  beeps = [];
  #video;
  #canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  #last = { presentedFrames: 0, mediaSeconds: 0, isWhite: true };
  /** Shortest time between two pictures so far. */
  #frameSeconds = Number.POSITIVE_INFINITY;
  #audio = null;
  /** Pairs of audio and media time, taken often; their difference is one number while the film plays. */
  #clocks = [];

  constructor(video) {
    this.#video = video;
    Object.assign(this.#canvas.canvas, { width: 16, height: 9 });
  }

  /** Must run before the film plays: from then on its sound goes through the detector. */
  async listen() {
    this.#audio = new AudioContext({ latencyHint: 'interactive' });
    await this.#audio.audioWorklet.addModule(URL.createObjectURL(new Blob([DETECTOR], { type: 'text/javascript' })));
    const source = this.#audio.createMediaElementSource(this.#video);
    const detector = new AudioWorkletNode(this.#audio, 'onsets');
    source.connect(detector).connect(this.#audio.destination);
    source.connect(this.#audio.destination);
    detector.port.onmessage = ({ data }) => this.#onBeep(data);
    setInterval(() => {
      if (this.#video.paused || this.#video.seeking) return;
      this.#clocks.push([this.#audio.currentTime, this.#video.currentTime]);
      if (this.#clocks.length > 200) this.#clocks.shift();
    }, 10);
  }

  onFrame(presentedFrames, mediaSeconds) {
    const picture = new VideoFrame(this.#video);
    this.#canvas.drawImage(picture, 0, 0, 16, 9);
    const isOther = Math.abs(picture.timestamp / 1e6 - mediaSeconds) > 0.002;
    picture.close();
    const { data } = this.#canvas.getImageData(0, 0, 16, 9);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
    const luma = sum / (3 * 16 * 9);
    const isWhite = luma > (this.#last.isWhite ? DARK : WHITE);
    const stepSeconds = mediaSeconds - this.#last.mediaSeconds;
    if (stepSeconds > 0) this.#frameSeconds = Math.min(this.#frameSeconds, stepSeconds);
    const isNext = presentedFrames === this.#last.presentedFrames + 1 && stepSeconds < 1.2 * this.#frameSeconds;
    if (isWhite && !this.#last.isWhite) this.flashes.push({ mediaSeconds, isSure: isNext && !isOther });
    this.#last = { presentedFrames, mediaSeconds, isWhite };
  }

  #onBeep({ seconds, hertz }) {
    const near = this.#clocks.filter(([audio]) => Math.abs(audio - seconds) < 0.3).map(([audio, media]) => media - audio);
    if (near.length < 5) return;
    near.sort((a, b) => a - b);
    this.beeps.push({ mediaSeconds: seconds + near[near.length >> 1], hertz });
  }
}
