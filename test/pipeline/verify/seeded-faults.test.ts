import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FfmpegMediaTools } from '../../../src/adapters/ffmpeg/media-tools.ts';
import type { Report } from '../../../src/model/report.ts';
import { type Verdict, verifyTitle } from '../../../src/pipeline/verify-title.ts';
import { synthesiseMaster } from '../../../src/roles/demo/synthesise-master.ts';
import { withScratch } from '../../../src/roles/scratch.ts';
import { runSceneline } from '../../e2e/check-film.ts';
import { TitleCopy } from './title-copy.ts';

const SECONDS = 8;
const FPS = 24;
const FRAMES = SECONDS * FPS;
/** In the middle of a moving scene, so that it can be told from its neighbours. */
const FRAME = 40;
/** In a scene that looks quite different. */
const OTHER_SHOT_FRAME = 150;
const LADDER = {
  rungs: [
    { name: '180p', boxPx: 180, crf: 22, maxrateKbps: 1500, bufsizeKbit: 3000, preset: 'veryfast' },
    { name: '120p', boxPx: 120, crf: 22, maxrateKbps: 1000, bufsizeKbit: 2000, preset: 'veryfast' },
    { name: 'apple', container: 'm4v', boxPx: 180, crf: 22, maxrateKbps: 1500, bufsizeKbit: 3000, preset: 'veryfast' },
  ],
};

let folder = '';
let master = '';
let title = '';
let tools: FfmpegMediaTools;

function verify(dir: string, source = master): Promise<Verdict> {
  return withScratch((scratch) => verifyTitle({ dir, sourcePath: source, say: () => {} }, { ...scratch, tools, signal: new AbortController().signal }));
}

/** Plants a fault in a copy of the title, puts the report right unless told not to, and gives back what the proof says. */
async function seeded(plant: (copy: TitleCopy) => Promise<void>, { mend = true } = {}): Promise<Verdict> {
  const copy = await TitleCopy.of(title);
  try {
    await plant(copy);
    if (mend) await copy.mendReport();
    return await verify(copy.dir);
  } finally {
    await copy.remove();
  }
}

function assertFault(verdict: Verdict, file: string, words: RegExp): void {
  const found = verdict.faults.some((fault) => fault.file === file && words.test(fault.message));
  assert.ok(found, `no fault of ${file} like ${words}: ${JSON.stringify(verdict.faults, null, 1)}`);
}

/** A filter that shows frame `of` at the place `at`, for each pair. */
function shuffled(pairs: readonly (readonly [at: number, of: number])[]): string {
  const order = Array.from({ length: FRAMES }, (_, i) => i);
  for (const [at, of] of pairs) order[at] = of;
  return `shuffleframes=${order.join(' ')}`;
}

async function editReport(copy: TitleCopy, edit: (report: Report) => Report): Promise<void> {
  await copy.writeReport(edit(await copy.report()));
}

describe('verifyTitle with planted faults', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sceneline-seeded-'));
    [master, title] = [join(folder, 'master.mp4'), join(folder, 'title')];
    tools = await FfmpegMediaTools.open(process.env);
    await synthesiseMaster(master, tools, { widthPx: 320, heightPx: 180, durationSeconds: SECONDS });
    const ladder = join(folder, 'ladder.json');
    await writeFile(ladder, JSON.stringify(LADDER));
    const end = await runSceneline(['encode', master, '--out', title, '--state', join(folder, 'state'), '--ladder', ladder, '--json']);
    assert.equal(end.status, 0, end.stderr);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('finds nothing wrong with a clean title', async () => {
    const verdict = await verify(title);
    assert.deepEqual(verdict.faults, []);
    const names = ['180p.mp4', '120p.mp4', 'apple.m4v', 'package/180p.mp4', 'package/120p.mp4'];
    assert.deepEqual(verdict.files.map(({ file }) => file).sort(), names.sort());
    for (const file of verdict.files) assert.ok(file.frames === FRAMES && file.medianError < 2 && file.faults === 0, JSON.stringify(file));
  });

  it('finds nothing wrong with other encodes of the same pictures and sound', async () => {
    const { faults } = await seeded(async (copy) => {
      await copy.refilm('180p.mp4', 'null');
      await copy.resound('180p.mp4', 'anull');
    });
    assert.deepEqual(faults, []);
  });

  it('sees a dropped frame, one whose gap was closed, and a doubled one', async () => {
    const verdict = await seeded(async (copy) => {
      await copy.refilm('180p.mp4', `select='not(eq(n,${FRAME}))'`);
      await copy.refilm('120p.mp4', `select='not(eq(n,${FRAME}))',setpts=N/${FPS}/TB`);
      await copy.refilm('apple.m4v', `loop=loop=1:size=1:start=${FRAME},setpts=N/${FPS}/TB`);
    });
    assertFault(verdict, '180p.mp4', /has 191 frames and the master has 192/);
    assertFault(verdict, '120p.mp4', /has 191 frames and the master has 192/);
    assertFault(verdict, 'apple.m4v', /has 193 frames and the master has 192/);
  });

  it('sees a frame doubled over its neighbour, two swapped, one from another shot, the first and the last of all', async () => {
    const places: readonly (readonly [number, number])[] = [
      [0, OTHER_SHOT_FRAME],
      [FRAME, FRAME + 1],
      [FRAME + 1, FRAME],
      [60, 59],
      [OTHER_SHOT_FRAME, FRAME],
      [FRAMES - 1, FRAME],
    ];
    const { faults } = await seeded((copy) => copy.refilm('180p.mp4', shuffled(places)));
    assert.ok(faults.every(({ file, message }) => file === '180p.mp4' && /^frame \d+: picture /.test(message)));
    assert.deepEqual(
      faults.map(({ frame }) => frame),
      places.map(([at]) => at),
    );
  });

  it('sees a stretch that is brighter', async () => {
    const verdict = await seeded((copy) => copy.refilm('180p.mp4', "eq=brightness=0.05:enable='between(n,100,180)'"));
    assertFault(verdict, '180p.mp4', /frame 1\d\d: picture differs/);
  });

  it('sees a frame one tick off its time', async () => {
    const verdict = await seeded((copy) =>
      copy.rewrite('180p.mp4', (track) => {
        const offsets = Uint32Array.from(track.samples.compositionOffsetsTicks!);
        offsets[FRAME]++;
        return { ...track, samples: { ...track.samples, compositionOffsetsTicks: offsets } };
      }),
    );
    assertFault(verdict, '180p.mp4', /is shown .* in the master it is/);
  });

  it('sees all times moved by one frame, at the beginning of the file or by its edit list', async () => {
    const step = (track: { timescale: number }) => track.timescale / FPS;
    const later = await seeded((copy) => copy.rewrite('180p.mp4', (track) => ({ ...track, startTicks: track.startTicks + step(track) })));
    assertFault(later, '180p.mp4', /the first frame is shown at/);
    const sooner = await seeded((copy) => copy.rewrite('180p.mp4', (track) => ({ ...track, mediaTimeTicks: track.mediaTimeTicks + step(track) })));
    assertFault(sooner, '180p.mp4', /cuts the first frame off/);
  });

  it('sees a sample marked as IDR that is none', async () => {
    const verdict = await seeded((copy) =>
      copy.rewrite('180p.mp4', (track) => ({
        ...track,
        samples: { ...track.samples, syncSamples: Uint32Array.from([...track.samples.syncSamples!, FRAME].sort((a, b) => a - b)) },
      })),
    );
    assertFault(verdict, '180p.mp4', new RegExp(`sample ${FRAME} is marked as an IDR and is none`));
  });

  it('sees sound that is 40 ms late, early, or another', async () => {
    const late = await seeded((copy) => copy.resound('180p.mp4', 'adelay=40:all=1'));
    assertFault(late, '180p.mp4', /is 40\.\d ms late/);
    const early = await seeded((copy) => copy.resound('180p.mp4', 'atrim=start=0.04,asetpts=PTS-STARTPTS,apad=pad_dur=1'));
    assertFault(early, '180p.mp4', /is (39\.\d|40\.\d) ms early/);
    const other = await seeded((copy) => copy.resound('180p.mp4', 'asetrate=44100,aresample=48000,apad=pad_dur=3'));
    assertFault(other, '180p.mp4', /has other sound than the master|ms (late|early)/);
  });

  it('sees sound that is 40 ms late even if the report says so too', async () => {
    const verdict = await seeded(async (copy) => {
      await copy.resound('180p.mp4', 'adelay=40:all=1');
      const audio = (report: Report) =>
        report.plan.audio.map((track) => ({ ...track, leadSamples: Number(track.leadSamples) + 1920, sampleCount: Number(track.sampleCount) - 1920 }));
      await editReport(copy, (report) => ({ ...report, plan: { ...report.plan, audio: audio(report) } }));
    });
    assertFault(verdict, '180p.mp4', /is 40\.\d ms late/);
    assertFault(verdict, 'report.json', /is said to begin 0\.0400 s after the title/);
  });

  it('sees pictures and sound moved against each other even if the report says so too', async () => {
    const verdict = await seeded(async (copy) => {
      await copy.rewrite('180p.mp4', (track) => ({ ...track, startTicks: track.startTicks + track.timescale / 8 }));
      await editReport(copy, (report) => ({
        ...report,
        plan: { ...report.plan, videoStartTicks: report.source.timeBase.den / report.source.timeBase.num / 8 },
      }));
    });
    assertFault(verdict, 'report.json', /pictures begin 0\.1250 s after the title/);
  });

  it('sees a segment border off its IDR: in the playlist, in the index, and in both', async () => {
    const playlistOnly = await seeded(moveBorder({ playlist: true, index: false }));
    assertFault(playlistOnly, 'package/180p.m3u8', /segment 0 is not entry 0 of the index/);
    const indexOnly = await seeded(moveBorder({ playlist: false, index: true }));
    assertFault(indexOnly, 'package/180p.mp4', /where moof belongs/);
    const both = await seeded(moveBorder({ playlist: true, index: true }));
    assertFault(both, 'package/180p.mp4', /where moof belongs/);
  });

  it('sees truncated files, whatever they are, and never fails itself', async () => {
    for (const file of ['apple.m4v', 'package/120p.mp4', 'package/master.m3u8', 'package/manifest.mpd']) {
      for (const share of [0.02, 0.6]) {
        const { faults } = await seeded((copy) => copy.truncate(file, share));
        assert.ok(
          faults.some((fault) => fault.file.startsWith('package') || fault.file === file),
          `${file} cut to ${share}: ${JSON.stringify(faults)}`,
        );
      }
    }
  });

  it('sees a truncated report, or none', async () => {
    assertFault(await seeded((copy) => copy.truncate('report.json', 0.5), { mend: false }), 'report.json', /is not JSON/);
    assertFault(await seeded((copy) => rm(copy.path('report.json')), { mend: false }), 'report.json', /cannot be read \(ENOENT\)/);
  });

  it('sees damage in the middle of the media', async () => {
    const verdict = await seeded(async (copy) =>
      copy.patch('180p.mp4', Math.floor((await readFile(copy.path('180p.mp4'))).byteLength / 2), Buffer.alloc(4000, 0x55)),
    );
    assertFault(verdict, '180p.mp4', /./);
  });

  it('sees a wrong hash, a missing file and a file too many', async () => {
    const wrong = await seeded(
      (copy) =>
        editReport(copy, (report) => ({
          ...report,
          files: report.files.map((file) => (file.file === '120p.mp4' ? { ...file, sha256: 'ab'.repeat(32) } : file)),
        })),
      { mend: false },
    );
    assertFault(wrong, '120p.mp4', /has SHA-256 .* and the report says abab/);
    assertFault(await seeded((copy) => rm(copy.path('apple.m4v')), { mend: false }), 'apple.m4v', /is missing/);
    assertFault(await seeded((copy) => writeFile(copy.path('notes.txt'), 'hello'), { mend: false }), 'notes.txt', /is not in the report/);
    assertFault(await seeded((copy) => appendFile(copy.path('120p.mp4'), 'x'), { mend: false }), '120p.mp4', /bytes and the report says/);
  });

  it('sees claims that are not true', async () => {
    const claim = async (edit: (report: Report) => Report, words: RegExp) =>
      assertFault(await seeded((copy) => editReport(copy, edit), { mend: false }), 'report.json', words);
    await claim((report) => ({ ...report, source: { ...report.source, frames: FRAMES + 1 } }), /says that the master has 193 frames; it has 192/);
    await claim((report) => ({ ...report, chunks: report.chunks.map((chunk) => ({ ...chunk, startFrame: chunk.startFrame + 1 })) }), /chunk 0 does not begin/);
    await claim((report) => ({ ...report, shots: report.shots.slice(0, -1) }), /its shots end at frame/);
    const fewer = await seeded((copy) => editReport(copy, (report) => ({ ...report, renditions: report.renditions.filter(({ name }) => name !== '120p') })), {
      mend: false,
    });
    assertFault(fewer, 'package/120p.mp4', /is in the manifests and not planned/);
    await claim((report) => ({ ...report, plan: { ...report.plan, audio: report.plan.audio.slice(0, 1) } }), /leaves out the master's sound/);
    await claim((report) => ({ ...report, plan: { ...report.plan, audio: [{ streamIndex: 'x' }] } }), /its audio plan is none/);
  });

  it('sees that the title was made from another master', async () => {
    const other = join(folder, 'other.mp4');
    await cp(master, other);
    await appendFile(other, Buffer.from([0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65]));
    assertFault(await verify(title, other), 'report.json', /names another master/);
  });

  it('says that there is no such master', async () => {
    await assert.rejects(verify(title, join(folder, 'nothing.mp4')), { code: 'SL-105' });
  });
});

/** Moves the border between the first two segments of a rung by 16 bytes. */
function moveBorder(where: { readonly playlist: boolean; readonly index: boolean }): (copy: TitleCopy) => Promise<void> {
  return async (copy) => {
    const bytes = await readFile(copy.path('package/180p.mp4'));
    const entries = bytes.indexOf('sidx') + 4 + (bytes[bytes.indexOf('sidx') + 4] === 0 ? 24 : 32);
    const sizes = [bytes.readUInt32BE(entries), bytes.readUInt32BE(entries + 12)];
    const moved = [sizes[0] + 16, sizes[1] - 16];
    if (where.index) {
      for (const [i, size] of moved.entries()) {
        const field = Buffer.alloc(4);
        field.writeUInt32BE(size);
        await copy.patch('package/180p.mp4', entries + 12 * i, field);
      }
    }
    if (!where.playlist) return;
    const text = await readFile(copy.path('package/180p.m3u8'), 'utf8');
    const offset = Number(new RegExp(`^#EXT-X-BYTERANGE:${sizes[0]}@(\\d+)$`, 'm').exec(text)![1]);
    const moves = [
      [`${sizes[0]}@${offset}`, `${moved[0]}@${offset}`],
      [`${sizes[1]}@${offset + sizes[0]}`, `${moved[1]}@${offset + moved[0]}`],
    ];
    await writeFile(
      copy.path('package/180p.m3u8'),
      moves.reduce((playlist, [from, to]) => playlist.replace(from, to), text),
    );
  };
}
