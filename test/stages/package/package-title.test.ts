import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { packageTitle } from '../../../src/stages/package/package-title.ts';
import { type PackageReader, provePackage } from '../../../src/stages/package/prove-package.ts';
import { FLASH_FILM } from '../../support/flash-film.ts';
import { stageContext } from '../../support/stage-context.ts';
import { type MadeTitle, makeTitleFolder } from '../../support/title-folder.ts';

const FILM = { ...FLASH_FILM, seconds: 8, idrFrames: [0, 72, 150, 186] };

type Files = Map<string, Buffer>;

function readerOf(files: Files): PackageReader {
  return {
    sizes: new Map([...files].map(([file, bytes]) => [file, bytes.byteLength])),
    read: async (file, range) => files.get(file)!.subarray(range?.start, range?.endExclusive),
  };
}

describe('a package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-package-'));
  let made: MadeTitle;
  let files: Files;
  before(async () => {
    made = await makeTitleFolder(folder, FILM);
    files = new Map(made.titlePackage.files.map(({ file }) => [file.replace('package/', ''), readFileSync(join(made.dir, file))]));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('is all its files with their sizes and hashes, in order', () => {
    assert.deepEqual(
      made.titlePackage.files.map(({ file }) => file),
      [
        ...[
          '180p.m3u8',
          '180p.mp4',
          '360p.m3u8',
          '360p.mp4',
          'audio-deu.m3u8',
          'audio-deu.mp4',
          'audio-eng.m3u8',
          'audio-eng.mp4',
          'manifest.mpd',
          'master.m3u8',
        ],
        ...['sub-eng.m3u8', 'sub-eng.vtt', 'sub-spa.m3u8', 'sub-spa.vtt', 'thumbnails-0001.jpg', 'thumbnails.vtt'],
      ].map((file) => `package/${file}`),
    );
    assert.deepEqual([made.titlePackage.hls, made.titlePackage.dash], ['package/master.m3u8', 'package/manifest.mpd']);
    for (const { file, sizeBytes, sha256 } of made.titlePackage.files) {
      const bytes = readFileSync(join(made.dir, file));
      assert.deepEqual([bytes.byteLength, createHash('sha256').update(bytes).digest('hex')], [sizeBytes, sha256], file);
    }
  });

  test('is proven again from nothing but its files', async () => {
    const { faults, tracks } = await provePackage(readerOf(files));
    assert.deepEqual(faults, []);
    assert.deepEqual(
      tracks.map(({ file, segments }) => [file, segments]),
      made.input.tracks.map(({ track }) => [track.file, track.segments]),
    );
  });

  test('made again has the same bytes', async () => {
    const again = await packageTitle(made.input, await stageContext(folder));
    const hashes = (list: typeof again.files) => list.map(({ file, sha256 }) => [file, sha256]);
    assert.deepEqual(hashes(again.files), hashes(made.titlePackage.files));
  });

  test('is refused when a track is not what was announced', async () => {
    const [first, ...others] = made.input.tracks;
    const { segments } = first.track;
    for (const segment of [
      { ...segments[1], startTicks: segments[1].startTicks + 1 },
      { ...segments[1], sizeBytes: segments[1].sizeBytes - 1 },
      { ...segments[1], decodeTicks: segments[1].decodeTicks + 1 },
    ]) {
      const tracks = [{ ...first, track: { ...first.track, segments: segments.with(1, segment) } }, ...others];
      await assert.rejects(packageTitle({ ...made.input, tracks }, await stageContext(folder)), {
        code: 'SL-309',
        message: /^The package contradicts itself: /,
      });
    }
    const shared = [first, { ...others[0], track: { ...others[0].track, file: first.track.file } }];
    await assert.rejects(packageTitle({ ...made.input, tracks: shared }, await stageContext(folder)), { code: 'SL-309', message: /share a file/ });
  });

  const edit = (file: string, from: string | RegExp, to: string) => (changed: Files) => {
    const text = changed.get(file)!.toString('utf8');
    const edited = text.replace(from, to);
    assert.notEqual(edited, text, `${file} has no ${from}`);
    changed.set(file, Buffer.from(edited));
  };
  const patch = (file: string, box: string, offsetBytes: number, word: number) => (changed: Files) => {
    const bytes = Buffer.from(changed.get(file)!);
    bytes.writeUInt32BE(word, bytes.indexOf(box) + offsetBytes);
    changed.set(file, bytes);
  };

  const planted: { readonly [fault: string]: readonly [plant: (changed: Files) => void, sentence: RegExp] } = {
    'a byte range that starts one byte late': [edit('360p.m3u8', /BYTERANGE:(\d+)@(\d)/, 'BYTERANGE:$1@1$2'), /360p.m3u8: segment 0 is not entry 0/],
    'a range beyond the end of the file': [edit('manifest.mpd', /indexRange="(\d+)-\d+"/, 'indexRange="$1-99999999"'), /360p.mp4 has no index/],
    'an index range that is off': [edit('manifest.mpd', /indexRange="(\d+)-(\d)/, 'indexRange="1$1-1$2'), /360p.mp4: the index range is not one sidx/],
    'a header range that is off': [edit('manifest.mpd', 'Initialization range="0-', 'Initialization range="1-'), /360p.mp4: header and index do not follow/],
    'a header range that is off in HLS': [edit('180p.m3u8', /BYTERANGE="(\d+)@0"/, 'BYTERANGE="$1@1"'), /180p.m3u8: its header is not that of 180p.mp4/],
    'a segment that is missing in HLS': [edit('180p.m3u8', /#EXTINF.*\n.*\n.*\n/, ''), /180p.m3u8 has 3 segments and 180p.mp4 has 4/],
    'a length that is off': [edit('180p.m3u8', '#EXTINF:2.600000', '#EXTINF:2.600001'), /180p.m3u8: segment 1 is not entry 1/],
    'a segment of another file': [edit('180p.m3u8', /\n180p.mp4\n/, '\n360p.mp4\n'), /180p.m3u8: segment 0 is not entry 0/],
    'a playlist that is not closed': [edit('audio-deu.m3u8', '#EXT-X-ENDLIST', ''), /audio-deu.m3u8 is not a complete playlist/],
    'another target duration': [edit('audio-deu.m3u8', 'TARGETDURATION:4', 'TARGETDURATION:5'), /audio-deu.m3u8 has target duration 5 instead of 4/],
    'a rate that is too small in DASH': [edit('manifest.mpd', /bandwidth="\d/, 'bandwidth="'), /manifest.mpd: 360p.mp4 is said to need/],
    'a rate that is too small in HLS': [edit('master.m3u8', /:BANDWIDTH=\d/, ':BANDWIDTH='), /master.m3u8: 360p.m3u8 is said to need/],
    'another length of the title': [edit('manifest.mpd', 'PT8S', 'PT9S'), /manifest.mpd says 9 s and the tracks last 8 s/],
    'a rung in one manifest only': [edit('master.m3u8', /#EXT-X-STREAM-INF[^\n]*\n180p.m3u8\n/, ''), /180p.mp4 is in no playlist/],
    'a text in one manifest only': [edit('master.m3u8', /#EXT-X-MEDIA:TYPE=SUBTITLES[^\n]*sub-spa[^\n]*\n/, ''), /sub-spa.vtt is in one manifest only/],
    'a text that is none': [(changed) => changed.set('sub-spa.vtt', Buffer.from('{}')), /sub-spa.vtt: WebVTT: no WEBVTT/],
    'a file that is not there': [(changed) => changed.delete('audio-deu.m3u8'), /audio-deu.m3u8 is missing/],
    'a manifest that is not there': [(changed) => changed.delete('manifest.mpd'), /manifest.mpd is missing/],
    'a track that is not there': [(changed) => changed.delete('audio-deu.mp4'), /audio-deu.mp4 has no index/],
    'a sheet that is not there': [(changed) => changed.delete('thumbnails-0001.jpg'), /thumbnails-0001.jpg is missing/],
    'sheets of other names': [edit('thumbnails.vtt', /thumbnails-0001/g, 'thumbnails-0002'), /name different sheets/],
    'a file that nobody names': [(changed) => changed.set('stray.mp4', Buffer.alloc(1)), /stray.mp4 is named by no manifest/],
    'a track cut short': [(changed) => changed.set('180p.mp4', changed.get('180p.mp4')!.subarray(0, -1)), /180p.mp4: the index ends at byte/],
    'an index with another duration': [patch('180p.mp4', 'sidx', 32, 1), /segment 0 of 180p.mp4 is not at the time of that of 360p.mp4/],
    'an entry that is no random access point': [patch('180p.mp4', 'sidx', 36, 0), /180p.mp4: entry 0 of the index is no segment/],
    'a fragment that is none': [patch('180p.mp4', 'moof', 0, 0x66726565), /180p.mp4: a segment has "free" where moof belongs/],
    'another playlist version of the same name': [(changed) => changed.set('180p.m3u8', changed.get('360p.m3u8')!), /180p.mp4 is in no playlist/],
    'a manifest that is cut short': [(changed) => changed.set('master.m3u8', Buffer.from('#EXTM3U\n')), /master.m3u8: HLS: no variants/],
  };
  test('with very many sounds named is read all the same', async () => {
    const changed = new Map(files);
    edit('master.m3u8', /$/, '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio"\n'.repeat(200_000))(changed);
    assert.deepEqual((await provePackage(readerOf(changed))).faults, []);
  });

  for (const [name, [plant, sentence]] of Object.entries(planted)) {
    test(`with ${name} is found out`, async () => {
      const changed = new Map(files);
      plant(changed);
      const { faults } = await provePackage(readerOf(changed));
      assert.match(faults.join('; '), sentence);
    });
  }
});
