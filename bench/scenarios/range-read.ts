import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockCache } from '../../src/adapters/cluster/range-reader/block-cache.ts';
import { openRangeReader } from '../../src/adapters/cluster/range-reader/range-reader.ts';
import { FfmpegMediaTools } from '../../src/adapters/ffmpeg/media-tools.ts';
import type { PlannedRung } from '../../src/model/ladder.ts';
import type { VideoTrack } from '../../src/model/source.ts';
import type { MediaTools } from '../../src/ports/media-tools.ts';
import { type Entry, encodeArguments, type Stretch } from '../../src/stages/encode/video/command.ts';
import { DEEP_FILMS, type DeepFilm, deepFilms, picturePackets } from '../../test/support/deep-film.ts';
import { fileRangeSource } from '../../test/support/file-range-source.ts';
import type { BenchResult } from '../measure.ts';

const FPS = 24;
const SECONDS = 120;
/** As many frames as the median chunk of a film has (`crash-cost`), beginning at a key frame as most do and ending beside one as most do not. */
const CHUNK_FRAMES = 271;
/** Where the chunks begin, in key frames: one deep in the film, and the ones that the same process does next. */
const CHUNK_KEYS = [40, 46, 20];
const CACHE_BYTES = 128 << 20;
const LIMITS = { stallMs: 120_000, wallMs: 600_000 };

const VIDEO: VideoTrack = {
  streamIndex: 0,
  codec: 'h264',
  profile: 'High',
  widthPx: 640,
  heightPx: 360,
  pixelFormat: 'yuv420p',
  bitDepth: 8,
  timeBase: { num: 1, den: 24000 },
  changesSize: false,
  sampleAspect: { num: 1, den: 1 },
  rotationDegrees: 0,
  isMirrored: false,
  color: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', range: 'tv' },
  light: null,
  fieldOrder: 'progressive',
  nominalFps: FPS,
};
const RUNG = { name: 'tiny', codec: 'h264', widthPx: 160, heightPx: 90, crf: 30, maxrateKbps: 500, bufsizeKbit: 1000, preset: 'ultrafast', threads: 1 };

type ChunkNeed = { readonly stretch: Stretch; readonly entry: Entry; readonly gopBytes: number };

/** The chunk that begins with the given key frame, and the bytes of the GOPs that its frames are in. */
function chunkAt(listed: Awaited<ReturnType<typeof picturePackets>>, key: number): ChunkNeed {
  const { num, den, packets } = listed;
  const times = packets.map(({ ptsTicks }) => ptsTicks).sort((a, b) => a - b);
  const keys = packets.flatMap((packet, i) => (packet.isKey ? [i] : []));
  const start = times.indexOf(packets[keys[key]].ptsTicks);
  const endPtsTicks = times[start + CHUNK_FRAMES];
  const nextKey = keys.find((i) => packets[i].ptsTicks >= endPtsTicks) ?? packets.length;
  return {
    stretch: { timeBase: { num, den }, ptsTicks: times.slice(start, start + CHUNK_FRAMES), endPtsTicks, idrPositions: [0], surroundings: null },
    entry: { keyPtsTicks: times[start] },
    gopBytes: packets.slice(keys[key], nextKey).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

async function measureFilm(name: DeepFilm, path: string, folder: string, tools: MediaTools) {
  const listed = await picturePackets(path, tools);
  const cache = new BlockCache(CACHE_BYTES);
  const source = await fileRangeSource(path);
  const chunks = [];
  for (const key of CHUNK_KEYS) {
    const { stretch, entry, gopBytes } = chunkAt(listed, key);
    const reader = await openRangeReader(source, cache, source.ending);
    const outputs = [
      { rung: RUNG as unknown as PlannedRung, videoPath: join(folder, 'out.mp4'), fingerprintPath: join(folder, 'out.luma'), fedPath: join(folder, 'out.nut') },
    ];
    const video = { ...VIDEO, timeBase: stretch.timeBase };
    const args = encodeArguments({ source: reader.input, video, stretch, entry, fps: FPS, outputs, keptPositions: [], ffmpegMajor: tools.abilities.major });
    const readsBefore = source.reads.length;
    let frames = 0;
    const count = (bytes: Uint8Array) => {
      frames += Buffer.from(bytes).toString('latin1').match(/^\d/gm)?.length ?? 0;
    };
    await tools.run({ tool: 'ffmpeg', args, outputs: { 1: count }, cwd: folder, limits: LIMITS });
    await reader.close();
    if (frames < CHUNK_FRAMES) throw new Error(`${name}: ${frames} frames instead of ${CHUNK_FRAMES}`);
    chunks.push({ ratio: reader.bytesFetched / gopBytes, bytesFetched: reader.bytesFetched, gopBytes, requests: source.reads.length - readsBefore });
  }
  await source.close();
  return { sizeBytes: source.sizeBytes, chunks };
}

/**
 * Bytes fetched of a source, headers included, against the bytes of the GOPs that a chunk's frames are in, with the encode's own arguments. The figure is the worst container's
 * first chunk, when nothing is cached; the detail has what the next chunks cost.
 */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const tools = await FfmpegMediaTools.open(process.env);
    const films = await deepFilms(folder, SECONDS, tools);
    const detail: { [film: string]: Awaited<ReturnType<typeof measureFilm>> } = {};
    for (const name of DEEP_FILMS) detail[name] = await measureFilm(name, films[name], folder, tools);
    const figure = Math.max(...Object.values(detail).map(({ chunks }) => chunks[0].ratio));
    return { name: 'range-read', figure, target: 1.5, detail: { ffmpeg: `${tools.abilities.major}.${tools.abilities.minor}`, ...detail } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
