import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FfmpegMediaTools } from '../../src/adapters/ffmpeg/media-tools.ts';
import { synthesiseMaster } from '../../src/roles/demo/synthesise-master.ts';
import { mediaPath } from '../support/media.ts';
import { checkFilm } from './check-film.ts';

/** Small ones of every kind: constant and variable frame rate, MP4, WebM and Matroska, with and without sound, two languages, subtitles. All: tools/check-films.ts */
const FILMS = ['pyscenedetect-fades-10s.mp4', 'caminandes-llama-drama-30s-180p24-av1-opus.webm', 'tears-of-steel-0s-to-42s-500x208.mkv'];

describe('films from end to end, judged by plain ffmpeg', () => {
  const present = FILMS.flatMap((film) => {
    const path = mediaPath(`real/${film}`);
    return path === null ? [] : [{ film, path }];
  });
  for (const { film, path } of present) {
    it(`${film} is encoded and verified, and the check agrees`, async () => {
      assert.deepEqual((await checkFilm(film, path)).faults, []);
    });
  }

  it('a master made here is encoded and verified, and the check agrees', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sceneline-films-'));
    try {
      const path = join(folder, 'master.mp4');
      const truth = await synthesiseMaster(path, await FfmpegMediaTools.open(process.env), { widthPx: 640, heightPx: 360, durationSeconds: 12 });
      const outcome = await checkFilm('master', path);
      assert.deepEqual(outcome.faults, []);
      assert.equal(outcome.frames, truth.frames);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
