import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { FfmpegMediaTools } from '../../../src/adapters/ffmpeg/media-tools.ts';
import { TINY_LADDER } from '../../crash/crash-run.ts';
import { startCli } from '../../support/cli.ts';
import { type CliPlace, cliPlace, document } from '../../support/cli-place.ts';

type Refused = { state: string; findings: { code: string; severity: string; message: string }[] };

describe('what the command line does not do', { timeout: 240_000 }, () => {
  let place: CliPlace;
  let text: string;
  before(async () => {
    place = await cliPlace(TINY_LADDER);
    text = join(place.root, 'text.mp4');
    await writeFile(text, 'To be, or not to be.\n'.repeat(50));
  });
  after(() => place.remove());

  test('wrong usage is exit 2 with a hint; --help is exit 0', async () => {
    const wrong = [
      ['encode', text],
      ['encode'],
      ['dance'],
      ['verify', '.'],
      ['titles', '--speed', '9'],
      ['encode', text, '--out', place.outDir, '--workers', '0'],
      ['inspect', text, '--explain', '-1'],
      ['inspect', text, '--explain', '1e3'],
      ['inspect', text, '--sheet', join(place.root, 'sheet.jpg')],
      ['inspect', text, '--sheet', join(place.root, 'no/such/folder/sheet.png')],
    ];
    const ends = await Promise.all(wrong.map((args) => place.run([...args, '--json'])));
    for (const [i, end] of ends.entries()) {
      assert.equal(end.code, 2, `${wrong[i].join(' ')}: ${end.stderr}`);
      assert.notEqual(end.stderr, '');
      assert.equal(document<{ error: { code: string } }>(end).error.code, 'SL-101');
    }
    const help = await place.run(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /encode/);
  });

  test('a missing source is SL-105, an unknown title SL-108, a bad ladder SL-104: exit 2', async () => {
    const bad = join(place.root, 'bad.json');
    await writeFile(bad, '{"rungs": [{"name": "x", "boxPx": 7}]}');
    const cases = [
      { code: 'SL-105', args: ['encode', join(place.root, 'none.mp4'), '--out', place.outDir] },
      { code: 'SL-105', args: ['inspect', join(place.root, 'none.mp4')] },
      { code: 'SL-104', args: ['encode', text, '--out', place.outDir, '--ladder', bad] },
      { code: 'SL-104', args: ['encode', text, '--out', place.outDir, '--ladder', join(place.root, 'none.json')] },
      { code: 'SL-107', args: ['encode', text, '--out', join(text, 'no/such/folder')] },
      { code: 'SL-118', args: ['encode', text, '--out', join(place.root, 'n'.repeat(245))] },
      ...['jobs', 'cancel', 'retry'].map((command) => ({ code: 'SL-108', args: [command, 'nobody-12345678'] })),
    ];
    const ends = await Promise.all(cases.map(({ args }) => place.run([...args, '--json'])));
    for (const [i, end] of ends.entries()) {
      const { code, args } = cases[i];
      assert.equal(end.code, 2, `${args.join(' ')}: ${end.stderr}`);
      assert.match(end.stderr, new RegExp(`${code} `));
      assert.equal(document<{ error: { code: string } }>(end).error.code, code);
    }
  });

  test('each problem of a ladder has its line, and a name with a line break has none of its own', async () => {
    const bad = join(place.root, 'two\nlines.json');
    await writeFile(bad, JSON.stringify({ rungs: [{ name: 'x', boxPx: 7, 'a\nb': 1 }] }));
    const args = ['encode', text, '--out', place.outDir, '--ladder'];
    const [wrong, missing] = await Promise.all([place.run([...args, bad]), place.run([...args, `${bad}x`])]);
    assert.match(wrong.stderr, /^\nSL-104 ladder not valid: The ladder is not valid\.\n( {2}rungs[^\n]+\n){2,}Mend the places/);
    assert.match(wrong.stderr, /a\\u\{a\}b/);
    assert.match(missing.stderr, /^\nSL-104 [^\n]*two\\u\{a\}lines\.jsonx[^\n]*\nMend the places/);
  });

  test('a refused source leaves none of the folders that its title would have needed', async () => {
    const end = await place.encode(text, { out: join(place.root, 'season/first/title') }).end;
    assert.equal(end.code, 3, end.stderr);
    assert.equal(existsSync(join(place.root, 'season')), false);
  });

  test('a ladder or configuration without end is refused, not waited for', async () => {
    const pipe = join(place.root, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const ends = await Promise.all([
      place.run(['encode', text, '--out', place.outDir, '--ladder', pipe]),
      place.run(['encode', text, '--out', place.outDir, '--ladder', '/dev/zero']),
      place.run(['titles', '--config', pipe]),
    ]);
    for (const [i, end] of ends.entries()) {
      assert.equal(end.code, 2, end.stderr);
      assert.match(end.stderr, i === 2 ? /SL-112 [^\n]*it is not a file\./ : /SL-104 [^\n]*it is not a file\./);
    }
  });

  test('a state folder that cannot be one is SL-106 in words, also where the current folder is gone', async () => {
    const file = join(place.root, 'file');
    await Promise.all([writeFile(file, ''), symlink('nowhere', join(place.root, 'dangling')), symlink('circle', join(place.root, 'circle'))]);
    for (const part of ['objects', 'scratch', 'state.db']) {
      await mkdir(join(place.root, `odd-${part}`));
      if (part === 'state.db') await mkdir(join(place.root, 'odd-state.db', part));
      else await writeFile(join(place.root, `odd-${part}`, part), '');
    }
    const names = ['file', 'file/x', 'dangling', 'circle', 'a'.repeat(300), 'odd-objects', 'odd-scratch', 'odd-state.db'];
    const gone = join(place.root, 'gone');
    await mkdir(gone);
    const ends = [
      ...(await Promise.all(names.map((name) => place.run(['titles', '--state', join(place.root, name)])))),
      await startCli(['titles', '--state', 'state'], {}, ['/bin/sh', '-c', 'cd "$0" && rmdir "$0" && exec "$@"', gone]).end,
    ];
    for (const [i, end] of ends.entries()) {
      assert.equal(end.code, 2, `${names[i]}: ${end.stderr}`);
      assert.match(end.stderr, /\nSL-106 state folder not writable: The [^\n]+\.\nGive another folder/, names[i]);
    }
  });

  test('a folder with files of others is SL-107 and stays as it is', async () => {
    const out = join(place.root, 'others');
    await mkdir(out);
    await writeFile(join(out, 'diary.txt'), 'mine');
    const end = await place.encode(text, { out }).end;
    assert.equal(end.code, 2);
    assert.match(end.stderr, /SL-107/);
    assert.equal(await readFile(join(out, 'diary.txt'), 'utf8'), 'mine');
  });

  test('a source inside the output folder, and state and output one in the other, are SL-107 before anything is made', async () => {
    const out = join(place.root, 'both');
    const inside = join(out, 'master.mp4');
    await mkdir(out);
    await writeFile(inside, 'mine');
    const state = join(place.root, 'new-state');
    const ends = await Promise.all([
      place.encode(inside, { out }).end,
      place.encode(text, { out: join(state, 'title'), env: { SCENELINE_STATE: state } }).end,
      place.encode(text, { out: state, env: { SCENELINE_STATE: join(state, 'below') } }).end,
    ]);
    for (const end of ends) {
      assert.equal(end.code, 2, end.stderr);
      assert.match(end.stderr, /SL-107 .* is inside the (output|state) folder/);
    }
    assert.deepEqual([await readFile(inside, 'utf8'), existsSync(state)], ['mine', false]);
  });

  test('folders where no folder can be made, as in /proc, are refused at once', { skip: process.platform !== 'linux' && 'no /proc' }, async () => {
    const cases = [
      { code: 'SL-106', args: ['titles', '--state', '/proc/none/state'] },
      { code: 'SL-106', args: ['encode', text, '--out', place.outDir, '--state', '/proc/none'] },
      { code: 'SL-118', args: ['encode', text, '--out', '/proc/none'] },
      { code: 'SL-118', args: ['demo', '--out', '/proc/none/demo/deep'] },
    ];
    const ends = await Promise.all(cases.map(({ args }) => place.run(args)));
    for (const [i, { code }] of cases.entries()) {
      assert.equal(ends[i].code, 2, ends[i].stderr);
      assert.match(ends[i].stderr, new RegExp(`${code} `));
    }
    const doctor = await place.run(['doctor', '--state', '/proc/none']);
    assert.match(doctor.stdout, /state folder +\/proc\/none cannot be written/);
  });

  test('a source that is no film is exit 3 with the findings, by encode and by inspect', async () => {
    const words = join(place.root, 'words.mkv');
    const empty = join(place.root, 'empty.mp4');
    const tools = await FfmpegMediaTools.open(process.env);
    const captions = join(place.root, 'words.srt');
    await writeFile(captions, '1\n00:00:00,000 --> 00:00:01,000\na\n');
    const args = ['-i', captions, words];
    await tools.run({ tool: 'ffmpeg', args, limits: { stallMs: 60_000, wallMs: 60_000 } });
    await writeFile(empty, '');
    for (const [source, code] of [
      [text, 'SL-202'],
      [words, 'SL-203'],
      [empty, 'SL-201'],
    ]) {
      const ends = await Promise.all([place.encode(source, { out: join(place.root, code.toLowerCase()) }).end, place.run(['inspect', source, '--json'])]);
      for (const end of ends) {
        assert.equal(end.code, 3, `${code}: ${end.stderr}`);
        assert.match(end.stderr, new RegExp(`refused:\\n(.*\\n)*refuse +${code}  `));
        const { findings } = document<Refused>(end);
        assert.ok(findings.some((finding) => finding.code === code && finding.severity === 'refuse' && finding.message !== ''));
      }
    }
  });
});
