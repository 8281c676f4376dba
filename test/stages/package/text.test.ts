import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseWebVtt } from '../../../src/media/webvtt/cues.ts';
import { fileInput } from '../../../src/model/media-input.ts';
import type { TextPlan } from '../../../src/model/plan.ts';
import type { MediaCommand, MediaTools } from '../../../src/ports/media-tools.ts';
import { extractText, picturesArguments, textArguments } from '../../../src/stages/package/text.ts';
import { captionedFilm, filmWithTriplets } from '../../support/captioned-film.ts';
import { bytesOf, defineWindow, display, packet } from '../../support/cea708.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { mediaPath } from '../../support/media.ts';
import { ffmpeg, mediaTools, stageContext } from '../../support/stage-context.ts';

const SRT = `1
00:00:01,001 --> 00:00:03,999
<i>Hello</i> <font color="red">red</font> & 5 < 6

2
00:00:02,500 --> 00:00:04,000
{\\an8}Top a --> b

3
00:00:05,000 --> 00:00:05,000
no length
`;
const ASS = `[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, Bold, Italic, Alignment
Style: Default,Arial,16,0,0,2
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\pos(10,20)\\i1}It{\\i0} {\\b1}bold{\\b0}\\N\\Nnext\\hline
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}
`;
const PLAN: TextPlan = { streamIndex: 0, name: 'sub-eng', language: 'eng', title: 'English', isDefault: true, isForced: false };

async function cuesOf(t: TestContext, sourcePath: string, streamIndex = 0, shiftMs = 0, form?: TextPlan['form']) {
  const ctx = await stageContext(testFolder(t));
  const extracted = await extractText({ source: fileInput(sourcePath), text: { ...PLAN, streamIndex, form }, shiftMs, outKey: 'text/sub-eng.vtt' }, ctx);
  assert.ok('text' in extracted, JSON.stringify(extracted));
  const made = extracted.text;
  const bytes = await ctx.blobs.read(made.objectKey);
  assert.equal(made.sizeBytes, bytes.byteLength);
  const cues = parseWebVtt(Buffer.from(bytes).toString('utf8'));
  assert.equal(made.cueCount, cues.length);
  return { made, cues };
}

function sourceFile(t: TestContext, name: string, text: string): string {
  const path = join(testFolder(t), name);
  writeFileSync(path, text);
  return path;
}

test('SubRip keeps its times to the millisecond and its italics, and loses what WebVTT has no place for', async (t) => {
  const { made, cues } = await cuesOf(t, sourceFile(t, 'a.srt', SRT));
  assert.deepEqual(cues, [
    { startMs: 1001, endMs: 3999, payload: '<i>Hello</i> red &amp; 5 &lt; 6' },
    { startMs: 2500, endMs: 4000, payload: 'Top a --&gt; b', settings: 'line:0' },
  ]);
  assert.deepEqual(made.rendition, { name: 'sub-eng', file: 'sub-eng.vtt', language: 'eng', title: 'English', isDefault: true, isForced: false });
});

test('ASS becomes plain lines, and its drawings go', async (t) => {
  const { cues } = await cuesOf(t, sourceFile(t, 'a.ass', ASS), 0, 0, 'ass');
  assert.deepEqual(cues, [{ startMs: 1000, endMs: 2000, payload: '<i>It</i> <b>bold</b>\nnext\u00a0line', settings: 'line:0% position:2.6%' }]);
});

test('mov_text in a file beside pictures, and a file whose clock does not start at zero', async (t) => {
  const folder = testFolder(t);
  const [srt, mp4, mkv] = ['a.srt', 'a.mp4', 'late.mkv'].map((name) => join(folder, name));
  writeFileSync(srt, SRT);
  const picture = ['-f', 'lavfi', '-i', 'color=size=64x64:rate=10:duration=6'];
  await ffmpeg([...picture, '-i', srt, '-map', '0', '-map', '1', '-c:v', 'libx264', '-c:s', 'mov_text', mp4]);
  const expected = ['<i>Hello</i> red &amp; 5 &lt; 6', 'Top a --&gt; b'];
  assert.deepEqual(
    (await cuesOf(t, mp4, 1)).cues.map(({ startMs, payload }) => [startMs, payload]),
    [
      [1001, expected[0]],
      [2500, expected[1]],
    ],
  );
  await ffmpeg([...picture, '-i', srt, '-map', '0', '-map', '1', '-c:v', 'libx264', '-c:s', 'srt', '-output_ts_offset', '5', mkv]);
  const late = await cuesOf(t, mkv, 1, -5000);
  assert.deepEqual(
    late.cues.map(({ startMs, endMs }) => [startMs, endMs]),
    [
      [1001, 3999],
      [2500, 4000],
    ],
  );
  assert.deepEqual((await cuesOf(t, mkv, 1, -7600)).cues[0], { startMs: 0, endMs: 1399, payload: expected[0] });
});

test('what begins before zero is cut at zero, and nothing else moves', async (t) => {
  const folder = testFolder(t);
  const [srt, whole, cut] = ['a.srt', 'a.mp4', 'cut.mp4'].map((name) => join(folder, name));
  writeFileSync(srt, '1\n00:00:00,500 --> 00:00:02,500\nbefore\n\n2\n00:00:03,000 --> 00:00:04,000\nbehind\n');
  const picture = ['-f', 'lavfi', '-i', 'color=size=64x64:rate=10:duration=6'];
  await ffmpeg([...picture, '-i', srt, '-map', '0', '-map', '1', '-c:v', 'libx264', '-g', '10', '-c:s', 'mov_text', whole]);
  await ffmpeg(['-ss', '2', '-i', whole, '-map', '0', '-c', 'copy', cut]);
  // Where exactly ffmpeg lets the cut file begin is its own affair.
  const { abilities } = await mediaTools();
  const entries = ['-select_streams', 's', '-show_entries', 'packet=pts_time,duration_time,size', '-of', 'csv=p=0'];
  const packets = execFileSync(abilities.ffprobePath, ['-v', 'error', ...entries, cut], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const texts = packets.map((line) => line.split(',').map(Number)).filter(([, , sizeBytes]) => sizeBytes > 2);
  const times = texts.map(([start, duration]) => [Math.round(1000 * start), Math.round(1000 * (start + duration))]);
  assert.ok(times[0][0] < 0, packets.join(' '));
  const wanted = times.filter(([, endMs]) => endMs > 0).map(([startMs, endMs]) => [Math.max(0, startMs), endMs]);
  for (const form of [undefined, 'ass'] as const) {
    const { cues } = await cuesOf(t, cut, 1, 0, form);
    assert.deepEqual(
      cues.map(({ startMs, endMs }) => [startMs, endMs]),
      wanted,
      form,
    );
  }
});

test('real films: three SubRip tracks, two mov_text tracks', async (t) => {
  for (const [name, streams] of [
    ['real/tears-of-steel-0s-to-42s-500x208.mkv', [1, 2, 3]],
    ['real/nasa-13013-multitrack.mp4', [2]],
  ] as const) {
    const path = mediaPath(name);
    if (path === null) return t.skip(`${name} is not here`);
    for (const stream of streams) {
      const { cues } = await cuesOf(t, path, stream);
      assert.ok(cues.length > 0 && cues.every(({ startMs, endMs }) => startMs >= 0 && endMs > startMs), `${name} ${stream}`);
    }
  }
});

/** Tools whose ffmpeg writes these bytes instead. */
function toolsThatWrite(tools: MediaTools, parts: Iterable<Uint8Array>): MediaTools {
  const run = async (command: MediaCommand) => {
    for (const part of parts) {
      if (command.signal?.aborted) throw new Error('aborted');
      await command.outputs?.[1](part);
    }
    return { command: [], cpuSeconds: 0, wallSeconds: 0, peakMemoryBytes: 0, errorLines: [], log: '' };
  };
  return { abilities: tools.abilities, run };
}

test('a track that is something else or has no end is left out, with words', async (t) => {
  const input = { source: fileInput('/films/a.mkv'), text: { ...PLAN, form: 'webvtt' } as const, shiftMs: 0, outKey: 'text/x.vtt' };
  const tools = await mediaTools();
  const garbage = await stageContext(testFolder(t), { tools: toolsThatWrite(tools, [Buffer.from('not a text')]) });
  const leftOut = (message: string) => ({ leftOut: { code: 'SL-232', severity: 'warn', place: { streamIndex: 0 }, message } });
  const isUnread = leftOut('These subtitles cannot be read (WebVTT: no WEBVTT at the start) and are left out.');
  assert.deepEqual(await extractText(input, garbage), isUnread);
  const mebibyte = Buffer.alloc(1024 * 1024, 'a');
  const endless = (function* () {
    for (;;) yield mebibyte;
  })();
  const flooded = await stageContext(testFolder(t), { tools: toolsThatWrite(tools, endless) });
  assert.deepEqual(await extractText(input, flooded), leftOut('These subtitles are more than 67108864 bytes and are left out.'));
});

test('captions of CEA-608, from beside the pictures and from a track of their own, keep times and places', async (t) => {
  const folder = testFolder(t);
  const captions = [
    { text: 'Good <evening>', atTop: false, shownFrame: 40, clearedFrame: 80 },
    { text: 'Top', atTop: true, shownFrame: 110, clearedFrame: 140 },
  ];
  const expected = [
    { startMs: 1330, endMs: 2660, payload: 'Good &lt;evening&gt;', settings: 'line:84.4% position:9.9% align:left' },
    { startMs: 3670, endMs: 4670, payload: 'Top', settings: 'line:9.7% position:9.9% align:left' },
  ];
  assert.deepEqual((await cuesOf(t, await captionedFilm(folder, captions, 160), 0, 0, 'captions')).cues, expected);
  const cut = join(folder, 'cut.mp4');
  await ffmpeg(['-ss', '2', '-i', join(folder, 'captioned.mp4'), '-c', 'copy', cut]);
  assert.deepEqual((await cuesOf(t, cut, 0, 0, 'captions')).cues, [
    { ...expected[0], startMs: 0, endMs: 660 },
    { ...expected[1], startMs: 1670, endMs: 2670 },
  ]);
  const [scc, mov] = ['a.scc', 'a.mov'].map((name) => join(folder, name));
  writeFileSync(scc, 'Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420 94ae 94ae 9470 9470 c8e5 ecec ef80 942f 942f\n\n00:00:03:00\t942c 942c\n');
  await ffmpeg(['-f', 'lavfi', '-i', 'color=size=64x64:rate=30:duration=4', '-i', scc, '-map', '0', '-map', '1', '-c:v', 'libx264', '-c:s', 'copy', mov]);
  const { cues } = await cuesOf(t, mov, 1, 0, 'ass');
  assert.deepEqual(
    cues.map(({ payload, settings }) => [payload, settings]),
    [['Hello', 'line:84.4% position:9.9% align:left']],
  );
});

test('captions of CEA-708 alone become the text track, those of a film with both are those of CEA-608', async (t) => {
  const written = new Map([
    [10, packet({ bytes: [...defineWindow(0), ...bytesOf('Seven-oh-eight')] })],
    [30, packet({ bytes: display(0) })],
    [60, packet({ bytes: [0x8f] })],
  ]);
  const nothing = [0xfc, 0x80, 0x80];
  const triplets = Array.from({ length: 90 }, (_, frame) => [...nothing, ...(written.get(frame) ?? [])]);
  const { cues } = await cuesOf(t, await filmWithTriplets(testFolder(t), triplets), 0, -500, 'captions');
  assert.deepEqual(cues, [{ startMs: 500, endMs: 1500, payload: 'Seven-oh-eight', settings: 'line:84% position:50%' }]);
  const both = await captionedFilm(testFolder(t), [{ text: 'Six', atTop: false, shownFrame: 40, clearedFrame: 80 }], 90, written);
  assert.deepEqual(
    (await cuesOf(t, both, 0, 0, 'captions')).cues.map(({ payload }) => payload),
    ['Six'],
  );
});

test('WebVTT inside a file keeps its settings', async (t) => {
  const folder = testFolder(t);
  const [vtt, mkv] = ['a.vtt', 'a.mkv'].map((name) => join(folder, name));
  writeFileSync(vtt, 'WEBVTT\n\n00:01.001 --> 00:02.000 line:10% align:start\n<i>a</i> &amp; b\n');
  await ffmpeg(['-i', vtt, '-c:s', 'copy', mkv]);
  assert.deepEqual((await cuesOf(t, mkv, 0, 0, 'webvtt')).cues, [
    { startMs: 1001, endMs: 2000, payload: '<i>a</i> &amp; b', settings: 'line:10% align:start' },
  ]);
});

test('the tool may open nothing but files', () => {
  const args = textArguments(fileInput('/films/a.mkv'), { streamIndex: 3 });
  assert.equal(args[args.indexOf('-protocol_whitelist') + 1], 'file');
  assert.ok(args.indexOf('-protocol_whitelist') < args.indexOf('-i'));
  assert.equal(args[args.indexOf('-map') + 1], '0:3');
  const pictures = picturesArguments(fileInput('/films/a.mkv'), 0);
  assert.ok(pictures.indexOf('-protocol_whitelist') < pictures.indexOf('-i') && pictures.indexOf('-format_whitelist') < pictures.indexOf('-i'));
});
