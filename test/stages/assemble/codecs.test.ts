import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readMovie } from '../../../src/media/isobmff/movie.ts';
import { assembleRendition } from '../../../src/stages/assemble/assemble-rendition.ts';
import { assembleTracks } from '../../../src/stages/assemble/assemble-tracks.ts';
import { withObjects } from '../../../src/stages/assemble/stored-objects.ts';
import { validateRendition } from '../../../src/stages/assemble/validate-rendition.ts';
import { type FilmSpec, makeFilm, Studio } from './film.ts';
import { packagerInfo, packetsOf, pictureHashes, wantedTimes } from './judges.ts';

const SPEC = {
  frameCount: 24,
  chunkStarts: [0, 10],
  idrFrames: [0, 10, 18],
  timeBase: { num: 1, den: 30000 },
  ptsOf: (n: number) => n * 1001,
  ptsFormula: 'n*1001',
  endPtsTicks: 24 * 1001,
};

const CODECS: { readonly spec: FilmSpec; readonly encoder: string; readonly entry: string; readonly codec: RegExp }[] = [
  {
    encoder: 'libx265',
    entry: 'hvc1',
    codec: /^hvc1\.1\.6\.L60\.90$/,
    spec: {
      ...SPEC,
      codec: 'h265',
      encoder: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=-1:min-keyint=1:scenecut=0:open-gop=0:bframes=3:log-level=none'],
    },
  },
  {
    encoder: 'libaom-av1',
    entry: 'av01',
    codec: /^av01\.0\.0\dM\.08$/,
    spec: { ...SPEC, codec: 'av1', encoder: ['-c:v', 'libaom-av1', '-cpu-used', '8', '-usage', 'realtime', '-b:v', '0', '-g', '9999'] },
  },
];

describe('other codecs are joined like H.264', () => {
  let studio: Studio;
  before(async () => {
    studio = await Studio.open();
  });
  after(() => studio.close());

  for (const { spec, encoder, entry, codec } of CODECS) {
    test(`${encoder}: exact times, pictures of the chunks, ${entry}`, async (t) => {
      if (!studio.ctx.tools.abilities.encoders.has(encoder) && !process.env.CI) return t.skip(`this ffmpeg has no ${encoder}`);
      const film = await makeFilm(studio, encoder, spec);
      const outKey = `out/${encoder}.mp4`;
      const made = await assembleRendition({ ...film, title: '', chapters: [], outKey }, studio.ctx);
      assert.match(made.codecs[0], codec);
      const path = await studio.pathOf(outKey);
      assert.deepEqual(
        packetsOf(studio, path, 'v:0')
          .map((packet) => packet.pts)
          .sort((a, b) => a - b),
        wantedTimes(film),
      );
      const chunkHashes: string[] = [];
      for (const chunk of film.chunks) chunkHashes.push(...pictureHashes(studio, await studio.pathOf(chunk.objectKey)));
      assert.deepEqual(pictureHashes(studio, path), chunkHashes);
      const proof = await validateRendition({ ...film, objectKey: outKey }, studio.ctx);
      assert.deepEqual([proof.frames, proof.idrFrames, proof.pictures.compared], [24, 3, 3]);
      const [video] = await assembleTracks({ ...film, renditions: [film], keyPrefix: `package/${encoder}` }, studio.ctx);
      assert.deepEqual([video.track.codec, video.track.segments.length], [made.codecs[0], 3]);
      const info = packagerInfo(await studio.pathOf(video.stored.objectKey), 'video');
      assert.match(info, new RegExp(`codec_string: ${entry}`));
      const movie = await withObjects(studio.ctx, async (open) => readMovie((await open(outKey)).source));
      assert.equal(String.fromCharCode(...movie.tracks[0].sampleEntries[0].subarray(4, 8)), entry);
    });
  }
});
