import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseXml } from '../../src/media/dash/xml.ts';
import { parseMultivariant } from '../../src/media/hls/parse.ts';
import type { Title } from '../../src/model/title.ts';
import { TINY_LADDER } from '../crash/crash-run.ts';
import type { CliEnd } from '../support/cli.ts';
import { type CliPlace, cliPlace } from '../support/cli-place.ts';
import { ffmpeg } from '../support/stage-context.ts';

const ESCAPE = '\u001b]0;owned\u0007\u001b[31m\u009b2J';
const WORDS = `\u202e${ESCAPE}<script>alert(1)</script>"'&]]>#EXT-X-ENDLIST,DEFAULT=YES ../../etc/passwd $(reboot) %s {{x}} \u2066a\u2028b`;
/** A name that a file system takes: no slash. */
const FILE_NAME = `${WORDS.replaceAll('/', '\u2215').slice(0, 90)}\n.mkv`;

/** What a terminal acts on or a reader is misled by; lines and tabs are all that may stand. */
const STEERING = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function says(end: CliEnd): string {
  return end.stdout + end.stderr;
}

describe('a film whose every name is an attack', { timeout: 300_000 }, () => {
  let place: CliPlace;
  let source: string;
  const texts: { [what: string]: string } = {};
  before(async () => {
    place = await cliPlace(TINY_LADDER);
    source = join(place.root, FILE_NAME);
    const captions = join(place.root, 'captions.srt');
    const chapters = join(place.root, 'chapters.txt');
    const escaped = WORDS.replace(/[=;#\\\n]/g, '\\$&');
    writeFileSync(captions, `1\n00:00:00,100 --> 00:00:01,000\n${WORDS}\n`);
    writeFileSync(chapters, `;FFMETADATA1\ntitle=${escaped}\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=${escaped}\n`);
    await ffmpeg([
      ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=1', '-f', 'lavfi', '-i', 'sine=sample_rate=48000:duration=1'],
      ...['-i', captions, '-f', 'ffmetadata', '-i', chapters, '-map', '0', '-map', '1', '-map', '2', '-map_metadata', '3', '-map_chapters', '3'],
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-c:a',
        'aac',
        '-c:s',
        'srt',
        '-attach',
        captions,
        '-metadata:s:t',
        `filename=../../${WORDS}`,
        '-metadata:s:t',
        'mimetype=text/html',
      ],
      ...['a:0', 's:0'].flatMap((track) => [`-metadata:s:${track}`, `title=${WORDS}`, `-metadata:s:${track}`, 'language=../']),
      `file:${source}`,
    ]);
    const end = await place.run(['encode', source, '--out', place.outDir, '--ladder', join(place.root, 'ladder.json')]);
    assert.equal(end.code, 0, says(end));
    texts.encode = says(end);
    for (const command of ['inspect', 'titles']) texts[command] = says(await place.run(command === 'inspect' ? [command, source] : [command]));
    texts.verify = says(await place.run(['verify', place.outDir, '--against', source]));
    const broken = join(place.root, FILE_NAME.replace('.mkv', '.mp4'));
    writeFileSync(broken, WORDS);
    texts.refused = says(await place.run(['encode', broken, '--out', join(place.root, 'none'), '--ladder', join(place.root, 'ladder.json')]));
    texts.missing = says(await place.run(['encode', join(place.root, `${ESCAPE}x`), '--out', place.outDir]));
  });
  after(() => place.remove());

  test('nothing that a terminal acts on is printed', () => {
    for (const [command, text] of Object.entries(texts)) {
      assert.ok(text.length > 20, command);
      assert.doesNotMatch(text, STEERING, `${command}: ${JSON.stringify(text)}`);
    }
    assert.match(texts.verify, /proven|prove/i);
    assert.match(texts.refused, /SL-202/);
  });

  test('what the command line does not understand is quoted in one line in which nothing acts', async () => {
    const name = `-${ESCAPE}\u202e\nx.mkv`;
    for (const args of [[name], ['encode', `-${name}`, '--out', 'x'], [ESCAPE], ['titles', name.slice(1), ESCAPE], ['encod', '--jsom']]) {
      const end = await place.run(args);
      assert.equal(end.code, 2);
      assert.doesNotMatch(end.stderr, STEERING, JSON.stringify(end.stderr));
      assert.match(end.stderr, /^error: [^\n]+\n(\(Did you mean [a-z]+\?\)\n)?\(sceneline --help lists the commands\)\n$/);
    }
  });

  test('JSON on standard output says the same with escapes', async () => {
    const workers = `${ESCAPE}\u202e\u{e0041}\u007f`;
    const wrong = await place.run(['encode', source, '--json', '--out', place.outDir, '--workers', workers]);
    const inspected = await place.run(['inspect', source, '--json']);
    const listed = await place.run(['titles', '--json']);
    for (const { stdout } of [wrong, inspected, listed]) assert.doesNotMatch(stdout, STEERING, JSON.stringify(stdout));
    assert.ok(JSON.parse(wrong.stdout).error.message.includes(workers));
    assert.equal(JSON.parse(inspected.stdout).source.path, source);
    assert.ok(JSON.parse(listed.stdout).titles.some(({ order }: Title) => order.seal.path === source));
  });

  test('files have names of ours', () => {
    const files = readdirSync(place.outDir, { recursive: true, encoding: 'utf8' });
    assert.ok(files.length > 8);
    for (const file of files) assert.match(file, /^[a-z0-9][a-z0-9./-]*$/);
    assert.deepEqual(
      readdirSync(place.root).filter((name) => /passwd|etc/.test(name) && name !== FILE_NAME && !name.endsWith('\n.mp4')),
      [],
    );
  });

  test('manifests are what they would be with plain names, and text is text', () => {
    const files = readdirSync(place.outDir, { recursive: true, encoding: 'utf8' });
    const read = (ending: string) => files.filter((name) => name.endsWith(ending)).map((name) => readFileSync(join(place.outDir, name), 'utf8'));
    const [mpd] = read('.mpd');
    assert.equal(parseXml(mpd).name, 'MPD');
    const lists = read('.m3u8');
    assert.ok(lists.length > 2);
    for (const text of [mpd, ...lists, ...read('.vtt')]) assert.doesNotMatch(text, /(?![\n\t])\p{Cc}/u);
    // In a playlist, markup between quotes is what it looks like.
    for (const text of [mpd, ...read('.vtt')]) assert.doesNotMatch(text, /<script/);
    const multivariant = lists.find((list) => list.includes('#EXT-X-STREAM-INF'))!;
    const { media } = parseMultivariant(multivariant);
    assert.deepEqual(
      media.map((attributes) => [attributes.get('TYPE'), attributes.get('DEFAULT'), attributes.get('URI')]),
      [
        ['AUDIO', 'YES', 'audio-und.m3u8'],
        ['SUBTITLES', 'NO', 'text-und.m3u8'],
      ],
    );
    for (const list of lists) {
      assert.ok((list.match(/^#EXT-X-ENDLIST$/gm) ?? []).length <= 1);
      for (const line of list.split('\n')) assert.match(line, /^(#EXT[A-Z0-9:-]|[a-z0-9./-]+$|$)/);
    }
  });
});
