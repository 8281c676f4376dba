import { encodeIndexHeader } from '../../model/frame-index.ts';
import type { Inspection } from '../../model/inspection.ts';
import { judgeSound } from './film-findings.ts';
import type { AudioFindings } from './inspect-audio.ts';
import { finding } from './probe-findings.ts';
import type { SourceScan } from './scan.ts';
import { THUMBNAIL_INTERVAL_SECONDS } from './thumbnail-picks.ts';

/** The clock of a title without pictures. */
const SOUND_CLOCK = { num: 1, den: 1_000_000 } as const;

/**
 * The inspection of a source without pictures, and its empty frame index. The title begins with the earliest sound and ends with the last.
 * Refused by a finding when none of its sound can be decoded. Pure.
 */
export function summariseSound(scan: SourceScan, sounds: readonly AudioFindings[]): { inspection: Inspection; index: Uint8Array } {
  const heard = sounds.map(({ inspection }) => inspection).filter(({ sampleCount }) => sampleCount > 0);
  const starts = heard.map(({ startSeconds }) => startSeconds);
  // Samples do not tell how long a track with gaps is.
  const ends = heard.map(({ startSeconds, sampleCount, sampleRate, hasGaps }) =>
    Math.max(startSeconds + sampleCount / sampleRate, hasGaps ? startSeconds + scan.facts.durationSeconds : 0),
  );
  const [startSeconds, endSeconds] = heard.length === 0 ? [0, 0] : [Math.min(...starts), Math.max(...ends)];
  const firstPtsTicks = Math.floor(startSeconds * SOUND_CLOCK.den);
  const endPtsTicks = Math.ceil(endSeconds * SOUND_CLOCK.den);
  const findings = [...scan.findings, ...sounds.flatMap((sound) => judgeSound(sound, startSeconds))];
  if (heard.length === 0) findings.push(finding('refuse', 'SL-203', 'The file has no picture track, and none of its sound can be decoded.'));
  const durationSeconds = scan.facts.durationSeconds || Number((endSeconds - startSeconds).toFixed(6));
  return {
    inspection: {
      version: 1,
      id: scan.id,
      facts: { ...scan.facts, durationSeconds },
      frameCount: 0,
      timeBase: SOUND_CLOCK,
      firstPtsTicks,
      endPtsTicks,
      keyFrames: [],
      shots: [],
      black: [],
      frozen: [],
      damaged: [],
      crop: null,
      audio: sounds.map(({ inspection }) => inspection),
      thumbnails: { intervalSeconds: THUMBNAIL_INTERVAL_SECONDS, widthPx: 0, heightPx: 0, frames: [] },
      findings,
    },
    index: encodeIndexHeader({ frameCount: 0, timeBase: SOUND_CLOCK, endPtsTicks }),
  };
}
