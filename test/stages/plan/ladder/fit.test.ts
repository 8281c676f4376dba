import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ladder, Rung } from '../../../../src/model/ladder.ts';
import { DEFAULT_LADDER } from '../../../../src/stages/plan/ladder/default-ladder.ts';
import { fitRungs, uprightPicture } from '../../../../src/stages/plan/ladder/fit.ts';
import { videoTrack } from '../../../support/video-track.ts';
import { seeded } from '../random-film.ts';

function fitted(widthPx: number, heightPx: number, changes = {}, ladder = DEFAULT_LADDER): string[] {
  return fitRungs(ladder, videoTrack({ widthPx, heightPx, ...changes })).map(
    (rung) => `${rung.name}.${rung.container} ${rung.widthPx}x${rung.heightPx}${rung.picturesFrom ? ` from ${rung.picturesFrom}` : ''}`,
  );
}

test('a full HD source gets the whole default ladder, the m4v without pictures of its own', () => {
  assert.deepEqual(fitted(1920, 1080), ['1080p.mp4 1920x1080', '720p.mp4 1280x720', '480p.mp4 854x480', 'apple.m4v 1920x1080 from 1080p']);
});

test('a larger source gets no more than the ladder has', () => {
  assert.deepEqual(fitted(3840, 2160), fitted(1920, 1080));
});

test('a source of exactly one box starts there', () => {
  assert.deepEqual(fitted(1280, 720), ['720p.mp4 1280x720', '480p.mp4 854x480', 'apple.m4v 1280x720 from 720p']);
});

test('a source between two boxes gets its top rung at its own size', () => {
  assert.deepEqual(fitted(1600, 900), ['1080p.mp4 1600x900', '720p.mp4 1280x720', '480p.mp4 854x480', 'apple.m4v 1600x900 from 1080p']);
});

test('a source below the smallest box gets a single rung and its twin', () => {
  assert.deepEqual(fitted(448, 252), ['480p.mp4 448x252', 'apple.m4v 448x252 from 480p']);
  assert.deepEqual(fitted(500, 208), ['480p.mp4 500x208', 'apple.m4v 500x208 from 480p']);
});

test('wide pictures fit by their width, tall ones by their height', () => {
  assert.deepEqual(fitted(1920, 804).slice(0, 3), ['1080p.mp4 1920x804', '720p.mp4 1280x536', '480p.mp4 854x358']);
  assert.deepEqual(fitted(1440, 1080).slice(0, 3), ['1080p.mp4 1440x1080', '720p.mp4 960x720', '480p.mp4 640x480']);
});

test('HDR rungs are made of HDR sources only, with the light of the source, and crowd no SDR rung out', () => {
  const sdr = { name: 'sdr', container: 'mp4', codec: 'h265', boxPx: 1080, crf: 22, maxrateKbps: 8000, bufsizeKbit: 16_000, preset: 'medium' } as const;
  const ladder = { ...DEFAULT_LADDER, rungs: [...DEFAULT_LADDER.rungs, sdr, { ...sdr, name: 'hdr', boxPx: 720, hdr: true }] };
  const light = { mastering: null, content: { maxCll: 1000, maxFall: 400 } };
  const color = { primaries: 'bt2020', transfer: 'smpte2084', matrix: 'bt2020nc', range: 'tv' } as const;
  const names = (changes: object) => fitRungs(ladder, videoTrack({ widthPx: 1280, heightPx: 720, ...changes })).map(({ name }) => name);
  assert.deepEqual(names({}), ['720p', '480p', 'apple', 'sdr']);
  assert.deepEqual(names({ color }), ['720p', '480p', 'apple', 'sdr', 'hdr']);
  const made = (transfer: string) => fitRungs(ladder, videoTrack({ color: { ...color, transfer }, light })).at(-1)!.hdrColor;
  assert.deepEqual(
    [made('smpte2084'), made('arib-std-b67')],
    [
      { range: 'PQ', light },
      { range: 'HLG', light },
    ],
  );
});

test('the box turns with the picture', () => {
  assert.deepEqual(fitted(1080, 1920).slice(0, 3), ['1080p.mp4 1080x1920', '720p.mp4 720x1280', '480p.mp4 480x854']);
  assert.deepEqual(fitted(1920, 1080, { rotationDegrees: 90 }), fitted(1080, 1920));
  assert.deepEqual(fitted(1920, 1080, { rotationDegrees: 180 }), fitted(1920, 1080));
});

test('pixels become square at the same number of lines', () => {
  assert.deepEqual(uprightPicture(videoTrack({ widthPx: 720, heightPx: 480, sampleAspect: { num: 8, den: 9 } })), { widthPx: 640, heightPx: 480 });
  assert.deepEqual(uprightPicture(videoTrack({ widthPx: 1440, heightPx: 1080, sampleAspect: { num: 4, den: 3 } })), { widthPx: 1920, heightPx: 1080 });
  assert.deepEqual(uprightPicture(videoTrack({ sampleAspect: { num: 1921, den: 1920 } })), { widthPx: 1920, heightPx: 1080 });
  assert.deepEqual(uprightPicture(videoTrack({ widthPx: 720, heightPx: 576, sampleAspect: { num: 16, den: 15 }, rotationDegrees: 270 })), {
    widthPx: 576,
    heightPx: 768,
  });
});

test('odd sizes lose their last row or column', () => {
  assert.deepEqual(fitted(161, 121), ['480p.mp4 160x120', 'apple.m4v 160x120 from 480p']);
  assert.deepEqual(fitted(1, 1), ['480p.mp4 2x2', 'apple.m4v 2x2 from 480p']);
});

const line = (changes: Partial<Rung>): Rung => ({ ...DEFAULT_LADDER.rungs[0], ...changes });
const ladderOf = (...rungs: Rung[]): Ladder => ({ rungs, audioKbpsPerChannel: 80 });

test('an m4v with a recipe of its own keeps it and its pictures, on small sources too', () => {
  const ladder = ladderOf(line({ name: 'hd' }), line({ name: 'sd', boxPx: 480, crf: 24 }), line({ name: 'best', container: 'm4v', crf: 16 }));
  assert.deepEqual(fitted(1920, 1080, {}, ladder), ['hd.mp4 1920x1080', 'sd.mp4 854x480', 'best.m4v 1920x1080']);
  const [, best] = fitRungs(ladder, videoTrack({ widthPx: 640, heightPx: 360 }));
  assert.deepEqual([best.name, best.crf, best.widthPx, best.picturesFrom], ['best', 16, 640, null]);
});

test('a twin takes over the recipe of the rung that it follows', () => {
  const planned = fitRungs(DEFAULT_LADDER, videoTrack({ widthPx: 1280, heightPx: 720 }));
  const [hd, apple] = [planned[0], planned.at(-1)!];
  assert.deepEqual([apple.crf, apple.maxrateKbps, apple.bufsizeKbit], [hd.crf, hd.maxrateKbps, hd.bufsizeKbit]);
});

test('lines of other codecs are fitted by themselves', () => {
  const ladder = ladderOf(line({ name: 'hd' }), line({ name: 'uhd-av1', codec: 'av1', boxPx: 2160 }), line({ name: 'hd-av1', codec: 'av1' }));
  assert.deepEqual(fitted(1920, 1080, {}, ladder), ['hd.mp4 1920x1080', 'hd-av1.mp4 1920x1080']);
  assert.deepEqual(fitted(2560, 1440, {}, ladder), ['hd.mp4 1920x1080', 'uhd-av1.mp4 2560x1440', 'hd-av1.mp4 1920x1080']);
});

test('any source: even sizes inside box and source, shape kept, names unique, at least one mp4', () => {
  const random = seeded(11);
  for (let i = 0; i < 2000; i++) {
    const video = videoTrack({
      widthPx: 2 + Math.floor(random() * 4000),
      heightPx: 2 + Math.floor(random() * 4000),
      sampleAspect: { num: 1 + Math.floor(random() * 3), den: 1 + Math.floor(random() * 3) },
      rotationDegrees: ([0, 90, 180, 270] as const)[Math.floor(random() * 4)],
    });
    const source = uprightPicture(video);
    const planned = fitRungs(DEFAULT_LADDER, video);
    assert.ok(planned.some((rung) => rung.container === 'mp4'));
    assert.equal(new Set(planned.map((rung) => rung.name)).size, planned.length);
    for (const { widthPx, heightPx, boxPx, picturesFrom, container } of planned) {
      assert.ok(widthPx % 2 === 0 && heightPx % 2 === 0 && widthPx >= 2 && heightPx >= 2);
      assert.ok(widthPx <= source.widthPx && heightPx <= source.heightPx);
      assert.ok(Math.min(widthPx, heightPx) <= boxPx && Math.max(widthPx, heightPx) <= (boxPx * 16) / 9 + 1);
      const drift = Math.abs(widthPx - (heightPx * source.widthPx) / source.heightPx);
      assert.ok(
        drift <= 1 + source.widthPx / source.heightPx || Math.min(widthPx, heightPx) <= 2,
        `${widthPx}x${heightPx} of ${source.widthPx}x${source.heightPx}`,
      );
      assert.equal(picturesFrom === null, container === 'mp4');
    }
  }
});
