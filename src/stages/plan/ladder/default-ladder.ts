import type { Ladder, Rung } from '../../../model/ladder.ts';

const FULL_HD = { codec: 'h264', boxPx: 1080, crf: 22, maxrateKbps: 8000, bufsizeKbit: 16_000, preset: 'medium' } as const;

/** What is made when nobody asks for something else; the values are justified in docs/decisions/0003-ladder-values.md. */
export const DEFAULT_LADDER: Ladder = {
  rungs: [
    { name: '1080p', container: 'mp4', ...FULL_HD },
    { name: '720p', container: 'mp4', codec: 'h264', boxPx: 720, crf: 22, maxrateKbps: 4500, bufsizeKbit: 9000, preset: 'medium' },
    { name: '480p', container: 'mp4', codec: 'h264', boxPx: 480, crf: 22, maxrateKbps: 2200, bufsizeKbit: 4400, preset: 'medium' },
    { name: 'apple', container: 'm4v', ...FULL_HD },
  ] satisfies readonly Rung[],
  audioKbpsPerChannel: 80,
};
