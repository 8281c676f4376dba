import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assembleRendition } from '../../../src/stages/assemble/assemble-rendition.ts';
import { validateRendition } from '../../../src/stages/assemble/validate-rendition.ts';
import { mediaPath } from '../../support/media.ts';
import { type FilmSpec, makeFilm, rungOf, Studio } from './film.ts';
import { packetsOf, pictureHashes, probe, wantedTimes } from './judges.ts';

/** Real films with the number of frames to take, the chunk starts and the IDRs inside. */
const FILMS = [
  { file: 'real/bbb-360s-to-420s-720p24.mp4', frameCount: 240, chunkStarts: [0, 93, 170], idrFrames: [0, 50, 93, 131, 170, 201], widthPx: 854, heightPx: 480 },
  { file: 'odd/vfr-phone-flir-portrait-1080x1440.mp4', frameCount: 80, chunkStarts: [0, 27, 54], idrFrames: [0, 13, 27, 54, 66], widthPx: 480, heightPx: 640 },
];

describe('a real film at 480p', () => {
  let studio: Studio;
  before(async () => {
    studio = await Studio.open();
  });
  after(() => studio.close());

  for (const [i, film] of FILMS.entries()) {
    const path = mediaPath(film.file);
    test(`${film.file}: count, times and pictures agree with the film`, { skip: path === null ? 'the film is not here' : false }, async () => {
      const spec = specOf(studio, path!, film);
      const made = await makeFilm(studio, `real-${i}`, spec);
      const outKey = `out/real-${i}.mp4`;
      await assembleRendition({ ...made, title: 'Film', chapters: [], outKey }, studio.ctx);
      const proof = await validateRendition({ ...made, objectKey: outKey }, studio.ctx);
      assert.deepEqual([proof.frames, proof.joins, proof.pictures.compared], [film.frameCount, 2, film.idrFrames.length]);
      const out = await studio.pathOf(outKey);
      const times = packetsOf(studio, out, 'v:0').map((packet) => packet.pts);
      assert.deepEqual(
        times.sort((a, b) => a - b),
        wantedTimes(made),
      );
      const chunkHashes: string[] = [];
      for (const chunk of made.chunks) chunkHashes.push(...pictureHashes(studio, await studio.pathOf(chunk.objectKey)));
      assert.deepEqual(pictureHashes(studio, out), chunkHashes);
      assert.ok(worstPsnr(studio, out, path!, spec) > 22, 'a picture is not that of the film');
    });
  }
});

/** Frame times as ffprobe lists them, edit-list preroll left out. */
function specOf(studio: Studio, path: string, film: (typeof FILMS)[number]): FilmSpec {
  const { time_base: timeBase } = probe(studio, path).streams.find((stream) => stream.codec_type === 'video') as { time_base: string };
  const [num, den] = timeBase.split('/').map(Number);
  const listing = studio.run('ffprobe', ['-select_streams', 'v:0', '-show_entries', 'packet=pts,flags', '-of', 'json', path]).toString();
  const { packets } = JSON.parse(listing) as { packets: { pts: number; flags: string }[] };
  const pts = packets
    .filter((packet) => !packet.flags.includes('D'))
    .map((packet) => packet.pts)
    .sort((a, b) => a - b);
  const { frameCount, chunkStarts, idrFrames, widthPx, heightPx } = film;
  const rung = { ...rungOf('h264', '480p'), boxPx: 480, maxrateKbps: 6000, bufsizeKbit: 12000, widthPx, heightPx };
  return {
    timeBase: { num, den },
    frameCount,
    chunkStarts,
    idrFrames,
    ptsOf: (n) => pts[n],
    ptsFormula: '',
    endPtsTicks: pts[frameCount],
    source: { path, rung },
  };
}

/** Of the luma of all frames against the film's own, frame by frame in order. */
function worstPsnr(studio: Studio, out: string, path: string, spec: FilmSpec): number {
  const { widthPx, heightPx } = spec.source!.rung;
  const inOrder = 'settb=1/25,setpts=N';
  const graph = `[0:v]${inOrder}[a];[1:v:0]${inOrder},trim=end_frame=${spec.frameCount},scale=${widthPx}:${heightPx}:flags=bicubic,format=yuv420p[b];[a][b]psnr=stats_file=-`;
  const lines = studio.run('ffmpeg', ['-i', out, '-i', path, '-filter_complex', graph, '-an', '-f', 'null', '-']).toString();
  const values = [...lines.matchAll(/psnr_y:([\d.]+|inf)/g)].map((match) => (match[1] === 'inf' ? 100 : Number(match[1])));
  assert.equal(values.length, spec.frameCount);
  return Math.min(...values);
}
