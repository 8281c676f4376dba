import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileInput } from '../../../../src/model/media-input.ts';
import type { MediaCommand, MediaRun } from '../../../../src/ports/media-tools.ts';
import type { StageContext } from '../../../../src/ports/stage-context.ts';
import { type EncodeInput, encodeChunk } from '../../../../src/stages/encode/video/encode-chunk.ts';
import { videoTrack } from '../../../support/video-track.ts';

const hash = (fill: number) => new Uint8Array(16).fill(fill);
const frames = [0, 10, 20].map((ptsTicks, i) => ({ ptsTicks, hash: hash(i), isDamaged: false }));
const lines = (first: number) =>
  frames.map(({ ptsTicks }, i) => `0, ${ptsTicks}, ${ptsTicks}, 10, 99, ${Buffer.from(hash(first + i)).toString('hex')}\n`).join('');

const input: EncodeInput = {
  source: fileInput('/film.mp4'),
  video: videoTrack({ widthPx: 64, heightPx: 36, timeBase: { num: 1, den: 240 } }),
  firstFrame: 100,
  stretch: { timeBase: { num: 1, den: 240 }, ptsTicks: [0, 10, 20], endPtsTicks: null, idrPositions: [0], surroundings: null },
  frames,
  entries: [{ keyPtsTicks: 500 }, { keyPtsTicks: 100 }, null],
  fps: 24,
  rungs: [],
  keptPositions: [],
  measuredSecondsPerMegapixel: null,
};

/** A decoder that delivers what `deliver` says for each entry into the source. */
function contextWith(deliver: (seekArgument: string | null) => string): { ctx: StageContext; entered: (string | null)[] } {
  const entered: (string | null)[] = [];
  const run = async (command: MediaCommand): Promise<MediaRun> => {
    const at = command.args.indexOf('-ss');
    const entry = at < 0 ? null : command.args[at + 1];
    entered.push(entry);
    await command.outputs?.[1]?.(Buffer.from(deliver(entry)));
    if (command.signal?.aborted) throw new Error('aborted');
    return { command: [], cpuSeconds: 1, wallSeconds: 1, peakMemoryBytes: 0, errorLines: [], log: '' };
  };
  const ctx = { tools: { abilities: { major: 5 }, run }, scratchDir: '/nowhere', signal: new AbortController().signal, onFrames: () => {}, spend: () => {} };
  return { ctx: ctx as unknown as StageContext, entered };
}

test('a decoder that lands wrong is entered further ahead, at worst at the beginning', async () => {
  const { ctx, entered } = contextWith((entry) => lines(entry === null ? 0 : 7));
  const { chunks } = await encodeChunk(input, ctx);
  assert.deepEqual(chunks, []);
  assert.deepEqual(entered, ['2.085417', '0.418750', null]);
});

test('a source that never decodes to its index is SL-303 with the first bad frame', async () => {
  const { ctx } = contextWith(() => lines(0).replace(Buffer.from(hash(1)).toString('hex'), 'ff'));
  await assert.rejects(
    encodeChunk(input, ctx),
    (error: { code: string; evidence: { firstBadFrame: number; command: string[] } }) =>
      error.code === 'SL-303' && error.evidence.firstBadFrame === 101 && error.evidence.command.includes('file:/film.mp4'),
  );
});
