import { adapters } from './adapters.js';
import { SyncMeter } from './sync.js';

const video = document.getElementById('video');
const errors = [];
const kind = new URLSearchParams(location.search).get('player');
const adapter = adapters[kind](video, errors);
const frames = { presented: 0, mediaTime: null, firstAtMs: null, askedTime: null, landedTime: null };
const NEAR_SECONDS = 1;
const meter = new SyncMeter(video);

video.addEventListener('error', () => errors.push(`media ${video.error?.code} ${video.error?.message}`));
addEventListener('error', (event) => errors.push(`page ${event.message}`));
addEventListener('unhandledrejection', (event) => errors.push(`promise ${event.reason?.message ?? event.reason}`));

const onFrame = (_now, { presentedFrames, mediaTime }) => {
  frames.firstAtMs ??= performance.now();
  frames.presented = presentedFrames;
  frames.mediaTime = mediaTime;
  // One of the old place may still come after the seek began.
  if (frames.askedTime !== null && Math.abs(mediaTime - frames.askedTime) < NEAR_SECONDS) frames.landedTime ??= mediaTime;
  meter.onFrame(presentedFrames, mediaTime);
  video.requestVideoFrameCallback(onFrame);
};
video.requestVideoFrameCallback(onFrame);

/** What the tests call. Times are seconds of the player's timeline. */
globalThis.harness = {
  adapter,
  meter,
  startedMs: performance.now(),
  async play() {
    await Promise.race([video.play(), new Promise((_, reject) => setTimeout(() => reject(new Error('play() never resolved')), 20_000))]);
  },
  pause: () => video.pause(),
  seek(seconds) {
    Object.assign(frames, { askedTime: seconds, landedTime: null });
    video.currentTime = seconds;
  },
  /** Texts on the screen now, by the browser or by the player's own elements. */
  shownText() {
    const cues = [...video.textTracks].filter(({ mode }) => mode === 'showing').flatMap((track) => [...(track.activeCues ?? [])]);
    return cues.map((cue) => cue.text).join('\n');
  },
  /** Mean and standard deviation of the picture's brightness, 0 to 255. */
  look() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    const values = Array.from({ length: data.length / 4 }, (_, i) => (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 3);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
  },
  snapshot() {
    const quality = video.getVideoPlaybackQuality();
    return {
      currentTime: video.currentTime,
      duration: video.duration,
      presentedFrames: frames.presented,
      mediaTime: frames.mediaTime,
      landedTime: frames.landedTime,
      firstFrameMs: frames.firstAtMs === null ? null : frames.firstAtMs - this.startedMs,
      droppedFrames: quality.droppedVideoFrames,
      audioBytes: video.webkitAudioDecodedByteCount,
      height: video.videoHeight,
      width: video.videoWidth,
      seeking: video.seeking,
      readyState: video.readyState,
      buffered: Array.from({ length: video.buffered.length }, (_, i) => [video.buffered.start(i), video.buffered.end(i)]),
      heard: adapter.heard(),
      text: this.shownText(),
      errors: [...errors],
    };
  },
};
