import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { FileSources } from '../../../../src/media/isobmff/byte-source.ts';
import { readMovie } from '../../../../src/media/isobmff/movie.ts';
import { ScenelineError } from '../../../../src/model/errors.ts';
import { fileInput } from '../../../../src/model/media-input.ts';
import type { AudioPlan } from '../../../../src/model/plan.ts';
import type { MediaCommand, MediaTools } from '../../../../src/ports/media-tools.ts';
import { encodeAudio } from '../../../../src/stages/encode/audio/encode-audio.ts';
import { validateAudio } from '../../../../src/stages/encode/audio/validate-audio.ts';
import { inspectAudio } from '../../../../src/stages/inspect/inspect-audio.ts';
import { scanSource } from '../../../../src/stages/inspect/scan-source.ts';
import { fileSource } from '../../../support/file-source.ts';
import { loudness } from '../../../support/loudness.ts';
import { mediaPath } from '../../../support/media.ts';
import { ffmpeg, mediaTools, stageContext } from '../../../support/stage-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'sceneline-audio-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const RATE = 48_000;
/** Beeps of 50 ms at odd places, so that no displacement looks like another. */
const BEEP_SECONDS = [0.4, 1.13, 2.71, 3.3, 4.92];
const SECONDS = 6;
const BEEPS = `aevalsrc=sin(2*PI*997*t)*0.7*(${BEEP_SECONDS.map((at) => `between(t\\,${at}\\,${at + 0.05})`).join('+')}):s=${RATE}:d=${SECONDS}`;

const plan = (changes: Partial<AudioPlan> = {}): AudioPlan => ({
  ...{ streamIndex: 0, name: 'audio-eng', language: 'en', title: '', isDefault: true, channels: 2, sampleRate: RATE, bitrateKbps: 160 },
  ...{ leadSamples: 0, sampleCount: SECONDS * RATE, followTimes: false },
  ...changes,
});

async function source(name: string, filters: string, ...more: string[]): Promise<string> {
  const path = join(folder, name);
  await ffmpeg(['-f', 'lavfi', '-i', BEEPS, '-af', filters, ...more, path]);
  return path;
}

/** Mono samples at `RATE` that a file's sound decodes to from time zero on. */
async function decode(path: string): Promise<Float32Array> {
  const parts: Uint8Array[] = [];
  const args = ['-copyts', '-i', path, '-map', '0:a:0', '-af', `atrim=start_pts=0,aformat=channel_layouts=mono:sample_rates=${RATE}`, '-f', 'f32le', 'pipe:1'];
  const tools = await mediaTools();
  await tools.run({ tool: 'ffmpeg', args, outputs: { 1: (bytes) => void parts.push(bytes.slice()) }, limits: { stallMs: 60_000, wallMs: 60_000 } });
  const bytes = Buffer.concat(parts);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Seconds at which it becomes loud after 100 ms of quiet. */
function onsets(samples: Float32Array, rate: number): number[] {
  const found: number[] = [];
  let loudUntil = -rate;
  for (const [i, value] of samples.entries()) {
    if (Math.abs(value) < 0.2) continue;
    if (i - loudUntil > rate / 10) found.push(i / rate);
    loudUntil = i;
  }
  return found;
}

async function made(sourcePath: string, audio: AudioPlan, originSeconds: number) {
  const ctx = await stageContext(folder);
  const outKey = `test/${ctx.attemptId}.m4a`;
  const proof = await encodeAudio({ source: fileInput(sourcePath), audio, originSeconds, outKey }, ctx);
  const { path } = await ctx.blobs.openLocal(outKey);
  return { proof, path };
}

function assertBeeps(found: readonly number[], wanted: readonly number[], toleranceSeconds = 0.001): void {
  assert.equal(found.length, wanted.length, found.join());
  for (const [i, at] of wanted.entries()) assert.ok(Math.abs(found[i] - at) < toleranceSeconds, `beep at ${found[i]} s instead of ${at} s`);
}

test('beeps stay within a millisecond, after the lead, and the samples are as many as planned', async () => {
  const path = await source('beeps.wav', 'anull');
  const { proof, path: out } = await made(path, plan({ leadSamples: 12_345 }), -12_345 / RATE);
  assert.equal(proof.offsetMs, 0);
  assert.ok(proof.comparedSeconds > SECONDS - 1 && proof.lowestCorrelation > 0.95, JSON.stringify(proof));
  const samples = await decode(out);
  const planned = 12_345 + SECONDS * RATE;
  assert.ok(samples.length >= planned && samples.length < planned + 1024, `${samples.length} samples`);
  const wanted = BEEP_SECONDS.map((at) => at + 12_345 / RATE);
  assertBeeps(onsets(samples, RATE), wanted);
});

test('the file is AAC-LC whose edit list says priming and length to the sample', async () => {
  const path = await source('short.wav', 'atrim=end=2');
  const { path: out } = await made(path, plan({ sampleCount: 2 * RATE - 7 }), 0);
  const files = new FileSources();
  const movie = await readMovie(await files.source(out)).finally(() => files.close());
  assert.equal(movie.tracks.length, 1);
  const [track] = movie.tracks;
  assert.equal(track.timescale, RATE);
  assert.deepEqual(track.edits, [{ durationTicks: 2 * RATE - 7, mediaTimeTicks: 1024 }]);
  assert.equal(movie.timescale, RATE);
});

test('another rate and more channels are resampled and mixed without moving', async () => {
  const path = await source('surround.wav', 'pan=5.1|FC=c0|FL=0*c0|FR=0*c0|LFE=0*c0|BL=0*c0|BR=0*c0,aresample=96000');
  for (const channels of [2, 6] as const) {
    const { path: out } = await made(path, plan({ channels, bitrateKbps: 80 * channels }), 0);
    assertBeeps(onsets(await decode(out), RATE), BEEP_SECONDS);
  }
});

test('a source that starts late on its own clock keeps its place', async () => {
  const path = await source('late.mka', 'asetpts=PTS+1.5/TB', '-c:a', 'pcm_s16le');
  const { path: out } = await made(path, plan({ leadSamples: RATE / 2 }), 1);
  const wanted = BEEP_SECONDS.map((at) => at + 0.5);
  assertBeeps(onsets(await decode(out), RATE), wanted);
});

test('gaps in the source are filled with silence', async () => {
  const path = await source('gaps.mka', "asetnsamples=480,aselect='not(between(t,1.5,2.5))'", '-c:a', 'pcm_s16le');
  const audio = plan({ followTimes: true });
  const { path: out } = await made(path, audio, 0);
  const samples = await decode(out);
  assertBeeps(onsets(samples, RATE), BEEP_SECONDS);
  assert.ok(samples.length >= audio.sampleCount && samples.length < audio.sampleCount + 1024);
});

test('recordings joined end to end keep the time between them', async () => {
  const parts = await Promise.all([1, 21].map((at) => source(`part-${at}.ts`, 'anull', '-c:a', 'mp2', '-output_ts_offset', String(at))));
  const path = join(folder, 'joined.ts');
  writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part))));
  const ctx = await stageContext(folder);
  const scan = await scanSource({ inspectionId: 'joined', ...fileSource(path), rangeSeconds: 120 }, ctx);
  const heard = await inspectAudio({ source: fileInput(path), scan, streamIndex: 0 }, ctx);
  const audio = plan({ followTimes: heard.hasGaps, sampleCount: 26 * RATE });
  const { path: out } = await made(path, audio, heard.startSeconds);
  // What ffmpeg's MP2 encoder puts in front; a transport stream cannot say so.
  const delaySeconds = 481 / RATE;
  const wanted = [0, 20].flatMap((start) => BEEP_SECONDS.map((at) => start + at + delaySeconds));
  assertBeeps(onsets(await decode(out), RATE), wanted);
});

/** Two recordings joined end to end, six seconds apart, each with codec options of its own; and where its beeps are after its first sample. */
async function joined(name: string, first: readonly string[], second: readonly string[]): Promise<{ path: string; wanted: number[] }> {
  const parts = await Promise.all(
    [first, second].map((more, i) => source(`${name}-${i}.ts`, more[0], ...more.slice(1), '-output_ts_offset', String(1 + 6 * i))),
  );
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part))));
  const starts = await Promise.all(parts.map(async (part) => (await heardOf(part)).startSeconds));
  const beeps = await Promise.all(parts.map(async (part) => onsets(await decode(part), RATE)));
  return { path, wanted: beeps.flatMap((found, i) => found.map((at) => starts[i] - starts[0] + at)) };
}

async function heardOf(path: string) {
  const ctx = await stageContext(folder);
  const scan = await scanSource({ inspectionId: basename(path, '.ts'), ...fileSource(path), rangeSeconds: 120 }, ctx);
  return inspectAudio({ source: fileInput(path), scan, streamIndex: 0 }, ctx);
}

const FRONT_LEFT = 'pan=5.1|FL=c0|FR=0*c0|FC=0*c0|LFE=0*c0|BL=0*c0|BR=0*c0';
const CHANGES = [
  ['2-to-6', ['pan=stereo|FL=c0|FR=0*c0', '-c:a', 'ac3'], [FRONT_LEFT, '-c:a', 'ac3']],
  ['6-to-2', [FRONT_LEFT, '-c:a', 'ac3'], ['pan=stereo|FL=c0|FR=0*c0', '-c:a', 'ac3']],
  ['slower', ['aformat=channel_layouts=stereo', '-c:a', 'aac'], ['aresample=44100,aformat=channel_layouts=stereo', '-c:a', 'aac']],
  ['faster', ['aresample=44100,aformat=channel_layouts=stereo', '-c:a', 'aac'], ['aformat=channel_layouts=stereo', '-c:a', 'aac']],
] as const;

for (const [name, first, second] of CHANGES) {
  test(`sound that changes its form on the way keeps its place: ${name}`, async () => {
    const { path, wanted } = await joined(name, first, second);
    const heard = await heardOf(path);
    assert.equal(heard.changesForm, true);
    for (const channels of [2, 6] as const) {
      const audio = plan({ channels, bitrateKbps: 80 * channels, followTimes: true, changesForm: true, sampleCount: 12 * RATE });
      const { path: out, proof } = await made(path, audio, heard.startSeconds);
      assert.ok(proof.lowestCorrelation > 0.9, JSON.stringify(proof));
      const samples = await decode(out);
      assertBeeps(onsets(samples, RATE), wanted, 0.0015);
      assert.ok(samples.length >= 12 * RATE && samples.length < 12 * RATE + 1024, `${samples.length} samples`);
    }
  });
}

test('channels stay where they are when their number changes', async () => {
  const { path } = await joined('sides', CHANGES[0][1], CHANGES[0][2]);
  const audio = plan({ channels: 6, bitrateKbps: 480, followTimes: true, changesForm: true, sampleCount: 12 * RATE });
  const { path: out } = await made(path, audio, (await heardOf(path)).startSeconds);
  const right = join(folder, 'right.wav');
  await ffmpeg(['-i', out, '-af', 'pan=mono|c0=FR+FC+LFE+BL+BR', right]);
  assert.equal(onsets(await decode(right), RATE).length, 0);
});

test('the proof does not lean on the copy that was encoded', async () => {
  const { path } = await joined('copied', CHANGES[0][1], CHANGES[0][2]);
  const tools = await mediaTools();
  const spoilt: MediaTools = {
    abilities: tools.abilities,
    run: (command) => {
      const isCopy = command.args.some((arg) => arg.endsWith('-encode.nut')) && command.args.includes('nut');
      return tools.run(
        isCopy ? { ...command, args: command.args.map((arg) => arg.replace(/^aresample=/, "volume=volume=0:enable='gt(t,8)',aresample=")) } : command,
      );
    },
  };
  const audio = plan({ followTimes: true, changesForm: true, sampleCount: 12 * RATE });
  const { startSeconds: originSeconds } = await heardOf(path);
  const ctx = await stageContext(folder, { tools: spoilt });
  await assert.rejects(encodeAudio({ source: fileInput(path), audio, originSeconds, outKey: 'test/spoilt.m4a' }, ctx), isUnproven);
});

test('an encode by count of a source with gaps is refused when held to the times', async () => {
  const path = await source('holes.mka', "asetnsamples=480,aselect='not(between(t,1.5,2.5))'", '-c:a', 'pcm_s16le');
  const byCount = plan({ sampleCount: 5 * RATE });
  const { path: renditionPath } = await made(path, byCount, 0);
  const ctx = await stageContext(folder);
  const byTimes = { ...byCount, followTimes: true };
  await assert.rejects(validateAudio({ source: fileInput(path), renditionPath, streamIndex: 0, audio: byTimes, originSeconds: 0 }, ctx), isUnproven);
});

function isUnproven(error: unknown): boolean {
  return error instanceof ScenelineError && error.code === 'SL-304' && error.evidence !== null;
}

test('a gain makes the track as loud as planned, nothing goes above the ceiling, and the proof holds it to that', async () => {
  const path = await source('loud.wav', 'volume=0.9');
  const own = await loudness(path);
  for (const gainDb of [-9, 6]) {
    const { path: out, proof } = await made(path, plan({ gainDb }), 0);
    assert.ok(proof.lowestCorrelation > 0.95);
    const samples = await decode(out);
    // Mixed to mono, two equal channels are 3 dB louder.
    const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / Math.SQRT2;
    assert.ok(peak < 0.95, `peak ${peak}`);
    if (gainDb < 0) assert.ok(Math.abs((await loudness(out)) - (own + gainDb)) < 0.5, `${await loudness(out)} of ${own}`);
  }
  const { path: renditionPath } = await made(path, plan({ gainDb: -9 }), 0);
  const held = async (gainDb: number) =>
    validateAudio({ source: fileInput(path), renditionPath, streamIndex: 0, audio: plan({ gainDb }), originSeconds: 0 }, await stageContext(folder));
  assert.equal((await held(-9)).fault, null);
  await assert.rejects(held(-6), /has not the planned loudness: it is -3\.\d dB off/);
});

test('codecs of discs, broadcasts and the web, mono to 7.1, keep their place', async () => {
  const spread = (layout: string, channels: readonly string[]) => `pan=${layout}|${channels.map((name, i) => `${name}=${i === 0 ? 'c0' : '0*c0'}`).join('|')}`;
  for (const [name, filters, ...codec] of [
    ['mono.mka', 'anull', '-c:a', 'pcm_s24le'],
    ['ac3.mka', spread('5.1', ['FC', 'FL', 'FR', 'LFE', 'BL', 'BR']), '-c:a', 'ac3', '-b:a', '448k'],
    ['eac3.mka', spread('5.1', ['FC', 'FL', 'FR', 'LFE', 'BL', 'BR']), '-c:a', 'eac3', '-b:a', '448k'],
    ['dts.mka', spread('5.1(side)', ['FC', 'FL', 'FR', 'LFE', 'SL', 'SR']), '-c:a', 'dca', '-strict', '-2', '-b:a', '1509k'],
    ['opus.mka', spread('stereo', ['FL', 'FR']), '-c:a', 'libopus', '-b:a', '128k'],
    ['flac-71.mka', spread('7.1', ['FC', 'FL', 'FR', 'LFE', 'BL', 'BR', 'SL', 'SR']), '-c:a', 'flac'],
    ['pcm-quad.mov', spread('quad', ['FL', 'FR', 'BL', 'BR']), '-c:a', 'pcm_s16be'],
  ]) {
    const path = await source(name, filters, ...codec);
    // Encoders delay, and not every one of these containers can say so: the source itself is the truth.
    const truth = onsets(await decode(path), RATE);
    assertBeeps(truth, BEEP_SECONDS, 0.012);
    for (const channels of [2, 6] as const) {
      const { path: out, proof } = await made(path, plan({ channels, bitrateKbps: 80 * channels, sampleCount: 5 * RATE }), 0);
      assert.ok(proof.lowestCorrelation > 0.9, `${name} ${channels}: ${JSON.stringify(proof)}`);
      assertBeeps(onsets(await decode(out), RATE), truth);
    }
  }
});

test('a wrong lead is refused: the source is placed by its clock', async () => {
  const path = await source('lead.wav', 'anull');
  for (const ms of [40, -3]) await assert.rejects(made(path, plan(), ms / 1000), isUnproven);
});

test('a rendition that is shifted or short is refused', async () => {
  const path = await source('shift.wav', 'anull');
  const validate = async (name: string, filters: string) => {
    const renditionPath = await source(name, filters, '-c:a', 'aac', '-b:a', '160k');
    return validateAudio({ source: fileInput(path), renditionPath, streamIndex: 0, audio: plan(), originSeconds: 0 }, await stageContext(folder));
  };
  assert.equal((await validate('good.m4a', 'anull')).fault, null);
  await assert.rejects(validate('late.m4a', 'adelay=delays=1920S:all=1,atrim=end_sample=288000'), /40 ms too late/);
  await assert.rejects(validate('early.m4a', 'atrim=start_sample=1920,asetpts=N/SR/TB,apad=whole_len=288000'), /40 ms too early/);
  await assert.rejects(validate('short.m4a', 'atrim=end_sample=280000'), /fewer samples/);
  await assert.rejects(validate('long.m4a', 'apad=pad_len=5000'), /more samples/);
  await assert.rejects(validate('silent.m4a', 'volume=0'), /quieter/);
});

/** The machine's tools with other abilities of the processor. */
function withCpu(tools: MediaTools, flags: readonly string[]): MediaTools {
  return { abilities: tools.abilities, run: (command: MediaCommand) => tools.run({ ...command, args: [...flags, ...command.args] }) };
}

test('the bytes are the same from run to run and on a processor that can do less', async () => {
  const film = mediaPath('real/sintel-120s-to-150s-1080p24-sdr-hevc10-5.1.ts');
  const path = film ?? (await source('fallback.wav', 'pan=5.1|FC=c0|FL=c0|FR=0*c0|LFE=0*c0|BL=c0|BR=0*c0'));
  const audio = plan({ streamIndex: film ? 1 : 0, sampleCount: 5 * RATE });
  const hashes = new Set<string>();
  const tools = await mediaTools();
  for (const limited of [tools, withCpu(tools, ['-cpuflags', 'sse2'])]) {
    const ctx = await stageContext(folder, { tools: limited });
    const { sha256 } = await encodeAudio({ source: fileInput(path), audio, originSeconds: film ? 0.062 : 0, outKey: `test/${ctx.attemptId}.m4a` }, ctx);
    hashes.add(sha256);
  }
  assert.equal(hashes.size, 1);
});
