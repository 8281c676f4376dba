import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BlockCache } from '../../../../src/adapters/cluster/range-reader/block-cache.ts';
import { openRangeReader } from '../../../../src/adapters/cluster/range-reader/range-reader.ts';
import { fileInput, type MediaInput, sourceArguments } from '../../../../src/model/media-input.ts';
import type { MediaTools } from '../../../../src/ports/media-tools.ts';
import { entryArguments } from '../../../../src/stages/encode/video/command.ts';
import { packetListingArgs } from '../../../../src/stages/inspect/packet-line.ts';
import { DEEP_FILMS, deepFilms, GOP_FRAMES, picturePackets } from '../../../support/deep-film.ts';
import { fileRangeSource } from '../../../support/file-range-source.ts';
import { mediaTools } from '../../../support/stage-context.ts';

const SECONDS = 8;
const LIMITS = { stallMs: 60_000, wallMs: 120_000 };

describe('media tools behind the range reader', () => {
  let folder: string;
  let films: Awaited<ReturnType<typeof deepFilms>>;
  let tools: MediaTools;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sceneline-reader-'));
    tools = await mediaTools();
    films = await deepFilms(folder, SECONDS, tools);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function outputOf(tool: 'ffmpeg' | 'ffprobe', args: readonly string[]): Promise<string> {
    const parts: Buffer[] = [];
    const run = await tools.run({ tool, args, outputs: { 1: (bytes) => void parts.push(Buffer.from(bytes)) }, limits: LIMITS });
    assert.deepEqual(run.errorLines, [], 'a tool takes the end of a reply for an error');
    return Buffer.concat(parts).toString('utf8');
  }

  for (const name of DEEP_FILMS) {
    it(`decodes ${name} as the file itself: whole, from the middle, and its list of packets`, async (t) => {
      const path = films[name];
      const source = await fileRangeSource(path);
      const reader = await openRangeReader(source, new BlockCache(32 << 20), source.ending);
      t.after(async () => {
        await reader.close();
        await source.close();
      });
      const { num, den, packets } = await picturePackets(path, tools);
      const times = packets.map(({ ptsTicks }) => ptsTicks).sort((a, b) => a - b);
      const first = 2 * GOP_FRAMES + 7;
      const entry = packets.filter(({ isKey, ptsTicks }) => isKey && ptsTicks <= times[first]).at(-1)!;
      const seek = entryArguments({ keyPtsTicks: entry.ptsTicks }, { num, den });
      const trim = `[0:v]trim=start_pts=${times[first]}:end_pts=${times[first + 60]}[out]`;
      const exact = ['-fps_mode', 'passthrough', '-enc_time_base', `${num}:${den}`, '-f', 'framemd5', 'pipe:1'];
      const chunk = (input: MediaInput) => ['-copyts', ...seek, ...sourceArguments(input), '-filter_complex', trim, '-map', '[out]', ...exact];
      const whole = (input: MediaInput) => ['-copyts', ...sourceArguments(input), '-map', '0', ...exact];
      const local = fileInput(path);
      assert.equal(await outputOf('ffmpeg', chunk(reader.input)), await outputOf('ffmpeg', chunk(local)));
      assert.equal(await outputOf('ffmpeg', whole(reader.input)), await outputOf('ffmpeg', whole(local)));
      assert.equal(await outputOf('ffprobe', packetListingArgs(reader.input, 0)), await outputOf('ffprobe', packetListingArgs(local, 0)));
      const frames = (await outputOf('ffmpeg', chunk(reader.input))).split('\n').filter((line) => /^\d/.test(line));
      assert.equal(frames.length, 60);
    });
  }
});
