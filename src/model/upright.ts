import type { VideoTrack } from './source.ts';

const TURNED = { 0: [], 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] } as const;

/** Filters of ffmpeg that show a stored picture as a player does: mirrored back first, then turned clockwise. */
export function uprightFilters(video: Pick<VideoTrack, 'rotationDegrees' | 'isMirrored'>): string[] {
  return [...(video.isMirrored ? ['vflip'] : []), ...TURNED[video.rotationDegrees]];
}
