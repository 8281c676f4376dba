import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { testFolder } from '../support/fake-tool.ts';
import { mediaPath } from '../support/media.ts';
import { smallFilm } from '../support/small-film.ts';
import { ffmpeg, mediaTools } from '../support/stage-context.ts';
import { checkSource, SMALL_RUNG } from './check-source.ts';

/** Fast and telling ones, with a finding that each must have. All of them: tools/check-sources.ts, docs/sources.md */
const ENCODED = {
  'odd/rotate-and-reflect.mp4': 'SL-230',
  'odd/interlaced-tff-5s-640x360.mp4': 'SL-222',
  'odd/vfr-phone-flir-portrait-1080x1440.mp4': 'SL-221',
  'odd/edit-list-neg-first-pts.mp4': 'SL-227',
  'odd/pts-wraparound.ts': 'SL-236',
  'odd/audio-multiple-tracks.mp4': 'SL-250',
} as const;

const REFUSED = {
  'broken/zero-length.mp4': 'SL-201',
  'broken/text-named.mp4': 'SL-202',
  'broken/truncated-half-faststart-720p.mp4': 'SL-208',
} as const;

function present<T extends object>(films: T): { film: string; path: string; code: string }[] {
  return Object.entries(films).flatMap(([film, code]) => {
    const path = mediaPath(film);
    return path === null ? [] : [{ film, path, code }];
  });
}

describe('odd and broken sources, judged by plain ffmpeg', { concurrency: 2 }, () => {
  for (const { film, path, code } of present(ENCODED)) {
    it(`${film} is encoded and proven, with ${code}`, async () => {
      const { outcome, faults, findings } = await checkSource(film, path);
      assert.deepEqual([outcome, faults], ['encoded', []]);
      assert.ok(
        findings.some((finding) => finding.code === code),
        JSON.stringify(findings),
      );
    });
  }

  for (const { film, path, code } of present(REFUSED)) {
    it(`${film} is refused with ${code}`, async () => {
      const { outcome, faults, findings } = await checkSource(film, path);
      assert.deepEqual([outcome, faults], ['refused', []]);
      assert.ok(findings.some((finding) => finding.code === code && finding.severity === 'refuse'));
    });
  }

  it('a film whose pictures are a sixtieth of a second and two seconds apart keeps every time', async (t) => {
    const film = join(testFolder(t), 'uneven.mp4');
    const times = "settb=1/600,setpts='if(lt(N,60),N*10,600+(N-60)*1200)'";
    const clock = ['-fps_mode', 'passthrough', '-enc_time_base', '1:600', '-video_track_timescale', '600'];
    await ffmpeg([
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=320x180:rate=60',
      '-vf',
      times,
      '-frames:v',
      '68',
      ...clock,
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      film,
    ]);
    const { outcome, check, faults, findings } = await checkSource('film', film);
    assert.deepEqual([outcome, check?.sourceFrames, faults], ['encoded', 68, []]);
    assert.ok(findings.some(({ code }) => code === 'SL-225'));
  });

  it('chapters do not change how the pieces are cut', async (t) => {
    const folder = testFolder(t);
    const [film, chapters] = [join(folder, 'chapters.mkv'), join(folder, 'chapters.txt')];
    const plain = await smallFilm({ seconds: 6, sceneSeconds: 1.5 });
    t.after(plain.remove);
    const chapter = (startMs: number, endMs: number) => `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${startMs}\nEND=${endMs}\ntitle=One\n`;
    await writeFile(chapters, `;FFMETADATA1\n${chapter(0, 1000)}${chapter(1000, 6000)}`);
    await ffmpeg(['-i', plain.path, '-f', 'ffmetadata', '-i', chapters, '-map', '0', '-map_chapters', '1', '-c', 'copy', film]);
    const { outcome, faults } = await checkSource('film', film);
    assert.deepEqual([outcome, faults], ['encoded', []]);
  });

  it('pixels that change their shape, fields that begin and colours that change in the middle are seen', async (t) => {
    const folder = testFolder(t);
    const part = async (name: string, rate: number, ...how: string[]) => {
      const path = join(folder, name);
      await ffmpeg(['-f', 'lavfi', '-i', `testsrc2=size=360x288:rate=${rate}:duration=2.4`, ...how, '-threads', '1', path]);
      return path;
    };
    const mpeg2 = ['-c:v', 'mpeg2video', '-q:v', '3'];
    const [narrow, wide] = await Promise.all(['4/3', '16/9'].map((shape) => part(`${shape.replace('/', '-')}.ts`, 25, '-vf', `setdar=${shape}`, ...mpeg2)));
    const fields = await part('both-fields.ts', 50, '-vf', 'setdar=4/3,interlace=lowpass=0', ...mpeg2, '-flags', '+ildct+ilme');
    const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bsf:v'];
    const [hd, sd] = await Promise.all([1, 6].map((matrix) => part(`matrix-${matrix}.ts`, 25, ...h264, `h264_metadata=matrix_coefficients=${matrix}`)));
    for (const [name, parts, outcome, code] of [
      ['shape', [narrow, wide], 'encoded', 'SL-242'],
      ['fields', [narrow, fields], 'encoded', 'SL-222'],
      ['colours', [hd, sd], 'refused', 'SL-213'],
    ] as const) {
      const [list, film] = [join(folder, `${name}.txt`), join(folder, `${name}.ts`)];
      await writeFile(list, parts.map((path) => `file ${path}\n`).join(''));
      await ffmpeg(['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', film]);
      const checked = await checkSource(name, film);
      assert.deepEqual([checked.outcome, checked.faults], [outcome, []], name);
      assert.ok(
        checked.findings.some((finding) => finding.code === code),
        JSON.stringify(checked.findings),
      );
    }
  });

  it('a film whose pictures change size and shape in the middle keeps every one, whole and in its place', async (t) => {
    const folder = testFolder(t);
    const part = async (size: string) => {
      const path = join(folder, `${size}.h264`);
      await ffmpeg(['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=2`, '-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1', path]);
      return readFile(path);
    };
    const wide = await part('320x180');
    // Pictures on end have as many bytes as those that lie.
    for (const first of ['480x360', '180x320']) {
      const [both, film] = [join(folder, 'both.h264'), join(folder, `${first}.ts`)];
      await writeFile(both, Buffer.concat([await part(first), wide]));
      await ffmpeg(['-y', '-i', both, '-c', 'copy', film]);
      const { outcome, check, faults, findings } = await checkSource(first, film);
      assert.deepEqual([outcome, check?.sourceFrames, faults], ['encoded', 100, []], first);
      assert.ok(findings.some(({ code }) => code === 'SL-242'));
    }
  });

  it('a size that comes beside damage is believed when sound pictures have it', async (t) => {
    const folder = testFolder(t);
    const part = async (size: string, startSeconds: string) => {
      const path = join(folder, `${size}.ts`);
      const how = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '12', '-output_ts_offset', startSeconds];
      await ffmpeg(['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=2`, ...how, path]);
      return readFile(path);
    };
    const film = join(folder, 'both.ts');
    await writeFile(film, Buffer.concat([await part('320x180', '0'), await part('480x360', '2')]));
    const { outcome, check, faults, findings } = await checkSource('film', film);
    assert.deepEqual([outcome, check?.sourceFrames, faults], ['encoded', 100, []]);
    const codes = findings.map(({ code }) => code);
    assert.ok(codes.includes('SL-242') && codes.includes('SL-234'), codes.join(' '));
  });

  it('pictures that ask to be turned otherwise than their container are refused, at the beginning and in mid-film', async (t) => {
    const folder = testFolder(t);
    const part = async (name: string, ...how: string[]) => {
      const path = join(folder, name);
      await ffmpeg(['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '12', ...how, path]);
      return path;
    };
    const turn = ['-bsf:v', 'h264_metadata=display_orientation=insert:rotate=90'];
    const [upright, turned] = [await part('upright.ts'), await part('turned.ts', ...turn, '-output_ts_offset', '2')];
    const film = join(folder, 'film.ts');
    await writeFile(film, Buffer.concat([await readFile(upright), await readFile(turned)]));
    for (const path of [turned, film]) {
      const { outcome, findings } = await checkSource('film', path);
      assert.deepEqual([outcome, findings.at(-1)?.code], ['refused', 'SL-214']);
    }
    const mended = join(folder, 'mended.mp4');
    await ffmpeg(['-i', turned, '-map', '0', '-c', 'copy', '-bsf:v', 'h264_metadata=display_orientation=remove', mended]);
    const { outcome, faults } = await checkSource('film', mended);
    assert.deepEqual([outcome, faults], ['encoded', []], 'the remedy that is told');
  });

  it('colours of BT.2020 and P3 are those of BT.709 afterwards', async (t) => {
    const folder = testFolder(t);
    const { abilities } = await mediaTools();
    const patches = 'color=c=red:size=160x180,format=gbrp[a];color=c=lime:size=160x180,format=gbrp[b];[a][b]hstack';
    for (const [primaries, name] of [
      ['bt2020', '2020'],
      ['smpte432', 'smpte432'],
    ]) {
      const film = join(folder, `${name}.mkv`);
      const wide = `zscale=primariesin=709:transferin=709:primaries=${name}:transfer=709:matrix=709:range=limited,format=yuv444p10le`;
      const tags = ['-color_primaries', primaries, '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'];
      await ffmpeg(['-f', 'lavfi', '-i', `${patches},${wide}`, '-t', '1', '-c:v', 'ffv1', ...tags, film]);
      const look = async (dir: string): Promise<void> => {
        const args = ['-v', 'error', '-i', join(dir, 'small.mp4'), '-frames:v', '1', '-vf', 'scale=320:180', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
        const picture = execFileSync(abilities.ffmpegPath, args);
        const [red, green] = [picture[3 * (90 * 320 + 80)], picture[3 * (90 * 320 + 240) + 1]];
        assert.ok(Math.min(red, green) > 240, `${name}: red ${red}, green ${green}`);
      };
      const { outcome, faults, findings } = await checkSource(name, film, { look });
      assert.deepEqual([outcome, faults], ['encoded', []]);
      assert.ok(findings.some(({ code }) => code === 'SL-243'));
    }
  });

  it('an HDR film keeps its colours and its light in an HDR rung, and is tone-mapped in the other', async (t) => {
    const { abilities } = await mediaTools();
    if (!abilities.encoders.has('libx265') && !process.env.CI) return t.skip('this ffmpeg has no libx265');
    const folder = testFolder(t);
    const film = join(folder, 'hdr.mkv');
    const light = 'hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400:log-level=error';
    const tags = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', '-color_range', 'tv'];
    // At an uneven pace and with sound, so that much of an AV1 file is read before any of it is chosen.
    const source = 'testsrc2=size=320x180:rate=24:duration=2,format=yuv420p10le,setpts=PTS+0.2*mod(N\\,2)/(24*TB)';
    const sound = ['-f', 'lavfi', '-i', 'sine=duration=2', '-c:a', 'flac', '-fps_mode', 'passthrough'];
    await ffmpeg(['-f', 'lavfi', '-i', source, ...sound, '-c:v', 'libx265', '-preset', 'ultrafast', '-crf', '12', '-x265-params', light, ...tags, film]);
    const wanted = lightOf(abilities.ffprobePath, film);
    assert.equal(wanted.length, 2);
    const hasAv1 = abilities.encoders.has('libsvtav1');
    const av1 = { ...SMALL_RUNG, name: 'av1', codec: 'av1', preset: '8', hdr: true };
    const rungs = [SMALL_RUNG, { ...SMALL_RUNG, name: 'hdr', codec: 'h265', hdr: true }, ...(hasAv1 ? [av1] : [])];
    const look = async (dir: string): Promise<void> => {
      for (const file of ['hdr.mp4', 'package/hdr.mp4', ...(hasAv1 ? ['av1.mp4', 'package/av1.mp4'] : [])]) {
        assert.deepEqual(colorsOf(abilities.ffprobePath, join(dir, file)), ['yuv420p10le', 'bt2020', 'smpte2084', 'bt2020nc']);
        assert.deepEqual(lightOf(abilities.ffprobePath, join(dir, file)), wanted);
      }
      assert.deepEqual(colorsOf(abilities.ffprobePath, join(dir, 'small.mp4')), ['yuv420p', 'bt709', 'bt709', 'bt709']);
      const ranges = [...(await readFile(join(dir, 'package/master.m3u8'), 'utf8')).matchAll(/VIDEO-RANGE=(\w+)/g)].map((match) => match[1]);
      assert.deepEqual(ranges, ['SDR', 'PQ', ...(hasAv1 ? ['PQ'] : [])]);
    };
    const { outcome, faults } = await checkSource('hdr', film, { rungs, look });
    assert.deepEqual([outcome, faults], ['encoded', []]);
  });
});

/** Static metadata of the first picture. H.265 and AV1 have other units, so ratios are rounded. */
function lightOf(ffprobe: string, path: string): string[] {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-read_intervals', '%+#1', '-show_frames', '-of', 'json', path];
  const { frames } = JSON.parse(execFileSync(ffprobe, args, { encoding: 'utf8' })) as { frames: { side_data_list?: { side_data_type: string }[] }[] };
  const kinds = ['Mastering display metadata', 'Content light level metadata'];
  const found = (frames[0].side_data_list ?? []).filter(({ side_data_type: kind }) => kinds.includes(kind));
  const rounded = (value: unknown) => {
    const [num, den] = String(value).split('/').map(Number);
    return den ? (num / den).toFixed(3) : String(value);
  };
  return found.map((data) =>
    Object.entries(data)
      .map(([name, value]) => `${name} ${rounded(value)}`)
      .sort()
      .join(),
  );
}

function colorsOf(ffprobe: string, path: string): string[] {
  const entries = 'stream=pix_fmt,color_primaries,color_transfer,color_space';
  const text = execFileSync(ffprobe, ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'json', path], { encoding: 'utf8' });
  const [stream] = (JSON.parse(text) as { streams: { [key: string]: string }[] }).streams;
  return [stream.pix_fmt, stream.color_primaries, stream.color_transfer, stream.color_space];
}
