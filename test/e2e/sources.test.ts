import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { mediaPath } from '../support/media.ts';
import { mediaTools } from '../support/stage-context.ts';
import { checkSource, SMALL_RUNG } from './check-source.ts';

/** Fast and telling ones, with a finding that each must have. All of them: tools/check-sources.ts, docs/sources.md */
const ENCODED = {
  'odd/rotate-and-reflect.mp4': 'SL-230',
  'odd/interlaced-tff-5s-640x360.mp4': 'SL-222',
  'odd/vfr-phone-flir-portrait-1080x1440.mp4': 'SL-221',
  'odd/edit-list-neg-first-pts.mp4': 'SL-227',
  'odd/pts-wraparound.ts': 'SL-236',
  'odd/mpeg2-interlaced-flowergarden.m2v.mp4': 'SL-229',
  'odd/alpha-vp9-transparent.webm': 'SL-240',
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

describe('odd and broken sources, judged by plain ffmpeg', () => {
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

  const hdr = mediaPath('odd/hevc-hdr10-bear-640x360.mp4');
  it('an HDR film keeps its colours in an HDR rung and is tone-mapped in the other', { skip: hdr === null && 'the film is not there' }, async (t) => {
    const { abilities } = await mediaTools();
    if (!abilities.encoders.has('libx265') && !process.env.CI) return t.skip('this ffmpeg has no libx265');
    const rungs = [SMALL_RUNG, { ...SMALL_RUNG, name: 'hdr', codec: 'h265', hdr: true }];
    const look = async (dir: string): Promise<void> => {
      assert.deepEqual(colorsOf(abilities.ffprobePath, join(dir, 'hdr.mp4')), ['yuv420p10le', 'bt2020', 'smpte2084', 'bt2020nc']);
      assert.deepEqual(colorsOf(abilities.ffprobePath, join(dir, 'package/hdr.mp4')), ['yuv420p10le', 'bt2020', 'smpte2084', 'bt2020nc']);
      assert.deepEqual(colorsOf(abilities.ffprobePath, join(dir, 'small.mp4')), ['yuv420p', 'bt709', 'bt709', 'bt709']);
      const ranges = [...(await readFile(join(dir, 'package/master.m3u8'), 'utf8')).matchAll(/VIDEO-RANGE=(\w+)/g)].map((match) => match[1]);
      assert.deepEqual(ranges, ['SDR', 'PQ']);
    };
    const { outcome, faults } = await checkSource('hdr', hdr!, { rungs, look });
    assert.deepEqual([outcome, faults], ['encoded', []]);
  });
});

function colorsOf(ffprobe: string, path: string): string[] {
  const entries = 'stream=pix_fmt,color_primaries,color_transfer,color_space';
  const text = execFileSync(ffprobe, ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'json', path], { encoding: 'utf8' });
  const [stream] = (JSON.parse(text) as { streams: { [key: string]: string }[] }).streams;
  return [stream.pix_fmt, stream.color_primaries, stream.color_transfer, stream.color_space];
}
