import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseMultivariant } from '../../../src/media/hls/parse.ts';
import { parseWebVtt } from '../../../src/media/webvtt/cues.ts';
import { TINY_LADDER } from '../../crash/crash-run.ts';
import { type CliPlace, cliPlace, finishedReport } from '../../support/cli-place.ts';
import { loudness } from '../../support/loudness.ts';
import { ffmpeg } from '../../support/stage-context.ts';

const SRT = '1\n00:00:01,000 --> 00:00:02,000\n{\\an8}Größe\n';
const ASS = `[Script Info]
PlayResX: 640
PlayResY: 360
[Events]
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\an7\\pos(64,90)}Sign
`;
/** Loud and quiet by turns, so that its place is seen. */
const voice = (hz: number) => `sine=frequency=${hz}:sample_rate=48000:duration=5,volume='0.2+0.8*between(mod(t*1.7,1),0.2,0.5)':eval=frame`;

describe('sound and text from the command line', { timeout: 300_000 }, () => {
  let place: CliPlace;
  let film: string;
  const beside = (name: string) => join(place.root, name);

  before(async () => {
    place = await cliPlace(TINY_LADDER);
    film = beside('film.mkv');
    const inputs = ['testsrc2=size=320x180:rate=24:duration=5', voice(300), voice(500), voice(700)].flatMap((input) => ['-f', 'lavfi', '-i', input]);
    const maps = [0, 1, 2, 3].flatMap((input) => ['-map', String(input)]);
    await ffmpeg([
      ...[...inputs, ...maps, '-c:v', 'libx264', '-preset', 'ultrafast', '-ac:a:0', '6', '-c:a:0', 'ac3', '-c:a:1', 'libopus', '-c:a:2', 'aac'],
      ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=eng', '-disposition:a:1', 'comment', '-metadata:s:a:2', 'language=deu'],
      film,
    ]);
    await writeFile(beside('film.de.srt'), Buffer.from(SRT, 'latin1'));
    await writeFile(beside('film.en.ass'), ASS);
  });
  after(() => place.remove());

  const encode = (source: string, out: string, more: readonly string[] = []) =>
    place.run(['encode', source, '--out', beside(out), '--ladder', beside('ladder.json'), '--workers', '2', '--json', ...more]);
  const cuesOf = async (out: string, name: string) => parseWebVtt(await readFile(join(beside(out), 'package', name), 'utf8'));

  test('sidecars, roles and loudness go into the package and are proven; changed subtitles cost no picture', async () => {
    const texts = ['--subtitles', `de=${beside('film.de.srt')}`, '--subtitles', `en=${beside('film.en.ass')}`];
    const more = [...texts, '--normalise', '-20'];
    const report = finishedReport(await encode(film, 'title', more));
    assert.ok(report.findings.some(({ code, message }) => code === 'SL-251' && /film\.de\.srt \(de\).*windows-1252/.test(message)));
    assert.deepEqual(
      report.plan.audio.map(({ name }) => name),
      ['audio-eng', 'audio-eng-51', 'audio-eng-comm', 'audio-deu'],
    );
    assert.deepEqual(await cuesOf('title', 'text-de.vtt'), [{ startMs: 1000, endMs: 2000, payload: 'Größe', settings: 'line:0' }]);
    assert.deepEqual(await cuesOf('title', 'text-en.vtt'), [{ startMs: 1000, endMs: 2000, payload: 'Sign', settings: 'line:25% position:10% align:left' }]);
    const { media } = parseMultivariant(await readFile(join(beside('title'), report.package.hls), 'utf8'));
    const commentary = media.find((tag) => tag.get('URI') === 'audio-eng-comm.m3u8');
    assert.deepEqual([commentary?.get('CHARACTERISTICS'), commentary?.get('AUTOSELECT')], ['public.auxiliary-content', 'NO']);
    for (const name of ['audio-eng-51', 'audio-eng-comm', 'audio-deu']) {
      const measured = await loudness(join(beside('title'), 'package', `${name}.mp4`));
      assert.ok(Math.abs(measured + 20) < 1, `${name} has ${measured} LUFS`);
    }
    const verified = await place.run(['verify', beside('title'), '--against', film]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    await writeFile(beside('film.de.srt'), SRT.replace('Größe', 'Masse'));
    const again = await encode(film, 'title', more);
    assert.match(again.stderr, /The subtitles changed since the last run/i);
    assert.equal(finishedReport(again).cost.framesEncoded, 0);
    assert.equal((await cuesOf('title', 'text-de.vtt'))[0].payload, 'Masse');
    assert.match((await place.run(['encode', film, '--out', beside('title'), '--ladder', beside('ladder.json'), ...more])).stdout, /^Already finished/);
  });

  test('a source of sound only becomes a title of sound only, proven', async () => {
    const sound = beside('sound.m4a');
    const inputs = [voice(300), voice(500)].flatMap((input) => ['-f', 'lavfi', '-i', input]);
    await ffmpeg([...inputs, '-map', '0', '-map', '1', '-c:a', 'aac', '-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu', sound]);
    for (const [option, value] of [
      ['--sheet', beside('radio.png')],
      ['--explain', '3'],
    ]) {
      const asked = await place.run(['inspect', sound, option, value]);
      assert.equal(asked.code, 2, asked.stderr);
      assert.match(asked.stderr, new RegExp(`SL-101 wrong usage: ${option} is about pictures, and this source has none\\.`));
    }
    const report = finishedReport(await encode(sound, 'radio'));
    assert.deepEqual([report.renditions, report.chunks, report.source.frames], [[], [], 0]);
    assert.ok(report.findings.some(({ code }) => code === 'SL-250'));
    const { variants, media } = parseMultivariant(await readFile(join(beside('radio'), report.package.hls), 'utf8'));
    assert.deepEqual(
      variants.map(({ uri }) => uri),
      ['audio-eng.m3u8'],
    );
    assert.deepEqual(
      media.map((tag) => tag.get('LANGUAGE')),
      ['en', 'de'],
    );
    const verified = await place.run(['verify', beside('radio'), '--against', sound]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const other = beside('other.m4a');
    await ffmpeg([...inputs, '-map', '1', '-map', '0', '-c:a', 'aac', other]);
    const wrong = await place.run(['verify', beside('radio'), '--against', other]);
    assert.equal(wrong.code, 4);
    assert.match(wrong.stdout, /has other sound than the master|names another master/);
  });

  test('a title in folders that are still to be made, behind a link, is made once', async () => {
    const sound = beside('tone.m4a');
    await ffmpeg(['-f', 'lavfi', '-i', voice(300), '-c:a', 'aac', sound]);
    await mkdir(beside('shelf'));
    await symlink(beside('shelf'), beside('link'));
    const [first, second] = [await encode(sound, 'link/season/tone'), await encode(sound, 'link/season/tone')];
    assert.equal(finishedReport(second).title, finishedReport(first).title);
    assert.deepEqual(await readdir(beside('shelf/season')), ['tone']);
    assert.equal((await place.run(['titles'])).stdout.match(/tone-[0-9a-f]{8}/g)?.length, 1);
  });

  test('what cannot be used is said before anything is made', async () => {
    for (const [more, words] of [
      [['--subtitles', 'film.srt'], /SL-101.*LANG=FILE, as in de=film\.de\.srt, not "film\.srt"/],
      [['--subtitles', `x!=${film}`], /SL-101/],
      [['--subtitles', `de=${film}`], /SL-117.*(is no SubRip, WebVTT or ASS|are read)/],
      [['--subtitles', `de=${beside('none.srt')}`], /SL-117.*does not exist/],
      [['--normalise', '3'], /SL-101.*from -40 to -5 LUFS, not "3"/],
    ] as const) {
      const end = await encode(film, 'never', more);
      assert.equal(end.code, 2, end.stderr);
      assert.match(end.stderr, words);
    }
  });
});
