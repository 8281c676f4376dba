import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScenelineError } from '../../../src/model/errors.ts';
import { inspectionKeys } from '../../../src/model/inspection.ts';
import { fileInput } from '../../../src/model/media-input.ts';
import type { MediaTools } from '../../../src/ports/media-tools.ts';
import { inspectAudio, readAudioFindings } from '../../../src/stages/inspect/inspect-audio.ts';
import { scanSource } from '../../../src/stages/inspect/scan-source.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { fileSource } from '../../support/file-source.ts';
import { ffmpeg, mediaTools, stageContext } from '../../support/stage-context.ts';

async function filmWithSound(folder: string): Promise<string> {
  const film = join(folder, 'film.mkv');
  await ffmpeg([
    '-f',
    'lavfi',
    '-t',
    '1',
    '-i',
    'testsrc2=size=64x36:rate=24',
    '-f',
    'lavfi',
    '-t',
    '1',
    '-i',
    'sine=sample_rate=48000',
    '-c:v',
    'ffv1',
    '-c:a',
    'pcm_s16le',
    film,
  ]);
  return film;
}

/** Tools that refuse commands by themselves, with an error status. */
async function refusing(isRefused: (args: readonly string[]) => boolean): Promise<MediaTools> {
  const real = await mediaTools();
  const evidence = { exitStatus: 'exit 1', stderrTail: '[AVFilterGraph @ 0x1] [error] no such thing' };
  const run: MediaTools['run'] = async (command) => {
    if (isRefused(command.args)) throw new ScenelineError('SL-301', 'ffmpeg failed.', { evidence });
    return real.run(command);
  };
  return { abilities: real.abilities, run };
}

test('sound whose loudness cannot be measured is still counted', async (t) => {
  const folder = testFolder(t);
  const film = await filmWithSound(folder);
  const ctx = await stageContext(folder, { tools: await refusing((args) => args.some((arg) => arg.includes('ebur128'))) });
  const scan = await scanSource({ inspectionId: 'film', ...fileSource(film) }, ctx);
  const heard = await inspectAudio({ source: fileInput(film), scan, streamIndex: 1 }, ctx);
  assert.deepEqual(heard, {
    streamIndex: 1,
    sampleRate: 48_000,
    sampleCount: 48_000,
    startSeconds: 0,
    hasGaps: false,
    loudnessLufs: null,
    loudnessRangeLu: null,
  });
});

test('sound that cannot be decoded is stored as such, with the reason', async (t) => {
  const folder = testFolder(t);
  const film = await filmWithSound(folder);
  const ctx = await stageContext(folder, { tools: await refusing((args) => args.includes('adler32')) });
  const scan = await scanSource({ inspectionId: 'film', ...fileSource(film) }, ctx);
  const heard = await inspectAudio({ source: fileInput(film), scan, streamIndex: 1 }, ctx);
  assert.equal(heard.sampleCount, 0);
  const stored = readAudioFindings(await ctx.blobs.read(inspectionKeys.audio('film', 1)));
  assert.equal(stored.failure, 'no such thing');
  assert.deepEqual(await inspectAudio({ source: fileInput(film), scan, streamIndex: 1 }, ctx), heard, 'what is stored is given back');
  await assert.rejects(
    inspectAudio({ source: fileInput(film), scan, streamIndex: 7 }, ctx),
    (error) => error instanceof ScenelineError && error.code === 'SL-901',
  );
});

test('a tool that was killed is no verdict on the sound', async (t) => {
  const folder = testFolder(t);
  const film = await filmWithSound(folder);
  const scan = await scanSource({ inspectionId: 'film', ...fileSource(film) }, await stageContext(folder));
  const real = await mediaTools();
  const killed: MediaTools = {
    abilities: real.abilities,
    run: () => Promise.reject(new ScenelineError('SL-301', 'killed', { evidence: { exitStatus: 'signal SIGKILL (stall limit)', stderrTail: '' } })),
  };
  const ctx = await stageContext(folder, { tools: killed });
  await assert.rejects(
    inspectAudio({ source: fileInput(film), scan, streamIndex: 1 }, ctx),
    (error) => error instanceof ScenelineError && error.code === 'SL-301',
  );
  assert.equal(await ctx.blobs.stat(inspectionKeys.audio('film', 1)), null);
});
