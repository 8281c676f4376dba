import type { VideoTrack } from '../../src/model/source.ts';

/** An ordinary 1080p track. */
export function videoTrack(changes: Partial<VideoTrack> = {}): VideoTrack {
  return {
    streamIndex: 0,
    codec: 'h264',
    profile: 'High',
    widthPx: 1920,
    heightPx: 1080,
    pixelFormat: 'yuv420p',
    bitDepth: 8,
    timeBase: { num: 1, den: 24_000 },
    changesSize: false,
    sampleAspect: { num: 1, den: 1 },
    rotationDegrees: 0,
    isMirrored: false,
    color: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', range: 'tv' },
    light: null,
    fieldOrder: 'progressive',
    nominalFps: 24,
    ...changes,
  };
}
