/**
 * Checks a finished title against its master with plain ffmpeg and ffprobe. Independent on purpose: it shares no line with the program that it judges, reads no
 * report and no state, and knows only that renditions are `*.mp4` and `*.m4v` in DIR and the package lies in `DIR/package`.
 *
 *   node test/e2e/independent-check.ts SOURCE DIR
 *
 * Prints one JSON document; exit status 1 when anything disagrees.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const FFMPEG = process.env.SCENELINE_FFMPEG ?? 'ffmpeg';
const FFPROBE = process.env.SCENELINE_FFPROBE ?? 'ffprobe';

/** A whole rendition, as it looks beside its master. */
export type CheckedRendition = {
  readonly file: string;
  readonly frames: number;
  /** Largest difference of a frame's time after the first, seconds. */
  readonly maxTimeErrorSeconds: number;
  /** Luma against the master scaled to the rendition's size, dB. */
  readonly psnrMin: number;
  readonly psnrMean: number;
  /** Frames that look clearly more like the master's frame before or after. */
  readonly misplaced: readonly number[];
};

export type IndependentVerdict = { readonly sourceFrames: number; readonly renditions: readonly CheckedRendition[]; readonly faults: readonly string[] };

/** Any encode worth the name; other pictures are far below. */
const LEAST_MEAN_DB = 30;
const LEAST_FRAME_DB = 19;
/** A frame that looks this much more like its neighbour is that neighbour, unless it looks very much like its own as well. */
const MISPLACED_DB = 3;
const ALIKE_DB = 34;
const SOUND_TOLERANCE_SECONDS = 0.005;

/** What plain ffmpeg cannot know of a master before it has decoded it. */
export type Oddity = {
  /** The decoder reports errors: then only one thread decodes it the same every time. */
  readonly isDamaged: boolean;
  /** Pictures of other sizes or shapes come in mid-film. */
  readonly changesSize: boolean;
  /** Some of it is interlaced. */
  readonly hasFields: boolean;
};

export async function independentCheck(
  source: string,
  dir: string,
  oddity: Oddity = { isDamaged: false, changesSize: false, hasFields: false },
): Promise<IndependentVerdict> {
  const faults: string[] = [];
  const master = await probe(source);
  const film = filmOf(master.streams);
  if (!film) return { sourceFrames: 0, renditions: [], faults: await soundOnlyFaults(source, master.streams, join(dir, 'package')) };
  const picture = { ...film, field_order: await fieldOrder(source, film) };
  const times = await frameTimes(source, picture.index, oddity.isDamaged);
  const names = (await readdir(dir)).filter((name) => /\.(mp4|m4v)$/.test(name)).sort();
  if (names.length === 0) faults.push('there are no renditions');
  const renditions: CheckedRendition[] = [];
  for (const name of names) {
    renditions.push(await checkRendition({ source, picture, times, oddity }, join(dir, name), name, faults));
    await checkSound({ source, master, times }, join(dir, name), name, faults);
  }
  await checkPackage(join(dir, 'package'), times.seconds.length, faults).catch((error: Error) => faults.push(`package: ${error.message}`));
  return { sourceFrames: times.seconds.length, renditions, faults };
}

type Stream = {
  readonly index: number;
  readonly codec_type: string;
  readonly codec_name?: string;
  readonly time_base: string;
  readonly width?: number;
  readonly height?: number;
  readonly channels?: number;
  readonly color_primaries?: string;
  readonly color_transfer?: string;
  readonly color_space?: string;
  readonly field_order?: string;
  readonly disposition?: { readonly attached_pic?: number; readonly default?: number };
};

async function probe(file: string): Promise<{ readonly streams: readonly Stream[] }> {
  return JSON.parse(await run(FFPROBE, ['-v', 'error', '-of', 'json', '-show_streams', file]));
}

/** What a player shows of several picture tracks: the default one, else the largest, else the first. */
function filmOf(streams: readonly Stream[]): Stream | undefined {
  const rank = (stream: Stream) => (stream.disposition?.default ?? 0) * 1e12 + (stream.width ?? 0) * (stream.height ?? 0);
  const films = streams.filter((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic);
  return [...films].sort((a, b) => rank(b) - rank(a) || a.index - b.index)[0];
}

/** As the stream says, else as its first picture does. */
async function fieldOrder(source: string, { index, field_order: said = 'unknown' }: Stream): Promise<string> {
  if (said !== 'unknown') return said;
  const first = ['-select_streams', String(index), '-read_intervals', '%+#1', '-show_entries', 'frame=interlaced_frame'];
  const { frames = [] } = JSON.parse(await run(FFPROBE, ['-v', 'error', '-of', 'json', ...first, source])) as { frames?: { interlaced_frame?: number }[] };
  return frames[0]?.interlaced_frame === 1 ? 'tt' : 'progressive';
}

type Times = { readonly seconds: readonly number[]; readonly tickSeconds: number };

/** Times of the decoded pictures in the order in which they are shown. */
async function frameTimes(file: string, streamIndex: number, isDamaged = false): Promise<Times> {
  const text = await run(FFMPEG, [
    '-v',
    'error',
    '-copyts',
    '-noautorotate',
    ...(isDamaged ? ['-threads', '1'] : []),
    '-i',
    file,
    '-map',
    `0:${streamIndex}`,
    '-fps_mode',
    'passthrough',
    '-enc_time_base',
    await demuxTimeBase(file, streamIndex),
    '-vf',
    'scale=16:16',
    '-c:v',
    'rawvideo',
    '-f',
    'framecrc',
    '-',
  ]);
  const base = /^#tb 0: (\d+)\/(\d+)$/m.exec(text)!;
  const tickSeconds = Number(base[1]) / Number(base[2]);
  const seconds = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Number(line.split(',')[2]) * tickSeconds);
  return { seconds, tickSeconds };
}

async function demuxTimeBase(file: string, streamIndex: number): Promise<string> {
  const { streams } = await probe(file);
  return streams.find((stream) => stream.index === streamIndex)!.time_base.replace('/', ':');
}

async function checkRendition(
  master: { readonly source: string; readonly picture: Stream; readonly times: Times; readonly oddity: Oddity },
  path: string,
  name: string,
  faults: string[],
): Promise<CheckedRendition> {
  const video = (await probe(path)).streams.find((stream) => stream.codec_type === 'video')!;
  const shown = await frameTimes(path, video.index);
  const wanted = master.times;
  if (shown.seconds.length !== wanted.seconds.length) faults.push(`${name}: ${shown.seconds.length} frames decode, ${wanted.seconds.length} in the master`);
  const count = Math.min(shown.seconds.length, wanted.seconds.length);
  const errors = shown.seconds.slice(0, count).map((at, i) => Math.abs(at - shown.seconds[0] - (wanted.seconds[i] - wanted.seconds[0])));
  const maxTimeErrorSeconds = errors.reduce((worst, error) => Math.max(worst, error), 0);
  if (maxTimeErrorSeconds > wanted.tickSeconds / 2) faults.push(`${name}: a frame is shown ${maxTimeErrorSeconds.toFixed(6)} s off its time`);
  const likeness = await comparePictures(master, path, video);
  const own = likeness.own;
  const psnrMin = own.reduce((least, db) => Math.min(least, db), 100);
  const psnrMean = own.reduce((sum, db) => sum + db, 0) / own.length;
  if (psnrMean < LEAST_MEAN_DB || psnrMin < LEAST_FRAME_DB)
    faults.push(`${name}: PSNR is ${psnrMean.toFixed(1)} dB in the mean and ${psnrMin.toFixed(1)} at frame ${own.indexOf(psnrMin)}`);
  const misplaced = own.flatMap((db, i) => (db < ALIKE_DB && Math.max(likeness.before[i] ?? 0, likeness.after[i] ?? 0) > db + MISPLACED_DB ? [i] : []));
  if (misplaced.length > 0) faults.push(`${name}: frames ${misplaced.slice(0, 10).join(', ')} look like a neighbour's`);
  return { file: name, frames: shown.seconds.length, maxTimeErrorSeconds, psnrMin: round(psnrMin), psnrMean: round(psnrMean), misplaced };
}

/** PSNR of every frame against the master's frame of the same number, the one before and the one after. */
async function comparePictures(
  master: { readonly source: string; readonly picture: Stream; readonly oddity: Oddity },
  path: string,
  video: Stream,
): Promise<{ own: number[]; before: number[]; after: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-check-'));
  try {
    const [own, before, after] = ['own', 'before', 'after'].map((word) => join(folder, word));
    const graph = [
      `[0:${master.picture.index}]${likeRendition(master.picture, video, master.oddity)},settb=1/25,setpts=N,split=3[m0][m1][m2]`,
      '[1:v:0]setsar=1,settb=1/25,setpts=N,split=3[r0][r1][r2]',
      `[r0][m0]psnr=stats_file=${own}:shortest=1[p0]`,
      '[m1]setpts=PTS+1[late]',
      `[r1][late]psnr=stats_file=${before}:shortest=1[p1]`,
      '[m2]trim=start_pts=1,setpts=PTS-1[soon]',
      `[r2][soon]psnr=stats_file=${after}:shortest=1[p2]`,
    ];
    const outputs = ['[p0]', '[p1]', '[p2]'].flatMap((pad) => ['-map', pad, '-fps_mode', 'passthrough', '-f', 'null', '-']);
    await run(FFMPEG, [
      ...['-v', 'error', ...(master.oddity.isDamaged ? ['-threads', '1'] : []), ...(master.oddity.changesSize ? ['-reinit_filter', '0'] : [])],
      ...['-i', master.source, '-i', path, '-filter_complex', graph.join(';'), ...outputs],
    ]);
    return { own: await readPsnr(own), before: await readPsnr(before), after: await readPsnr(after) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The master's pictures at the rendition's size, as any player would show them on an ordinary display. ffmpeg turns them upright by itself. */
function likeRendition(master: Stream, rendition: Stream, { changesSize, hasFields }: Oddity): string {
  const whole = hasFields || ['tt', 'bb', 'tb', 'bt'].includes(master.field_order ?? '') ? 'bwdif=mode=send_frame:deint=interlaced,' : '';
  const { width, height } = rendition;
  const shape = Number(width) / Number(height);
  const fitted = `w='if(gt(dar,${shape}),${width},2*round(${height}*dar/2))':h='if(gt(dar,${shape}),2*round(${width}/dar/2),${height})':eval=frame`;
  const size = `${whole}scale=${changesSize ? fitted : `${width}:${height}`}:flags=bicubic`;
  if (rendition.color_transfer === 'smpte2084' || rendition.color_transfer === 'arib-std-b67') {
    return `${size}:out_range=tv,format=yuv420p10le,setsar=1`;
  }
  if (master.color_transfer === 'smpte2084' || master.color_transfer === 'arib-std-b67') {
    return `${size},zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=1`;
  }
  if (['bt2020', 'smpte431', 'smpte432'].includes(master.color_primaries ?? '')) {
    return `${size},zscale=t=linear,format=gbrpf32le,zscale=p=bt709,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,setsar=1`;
  }
  const matrix = master.color_space && master.color_space !== 'unknown' ? '' : `:in_color_matrix=${(master.height ?? 0) >= 720 ? 'bt709' : 'bt601'}`;
  const padded = changesSize ? `,pad=${width}:${height}:-1:-1:eval=frame` : '';
  return `${size}:out_color_matrix=bt709:out_range=tv${matrix}${padded},format=yuv420p,setsar=1`;
}

async function readPsnr(path: string): Promise<number[]> {
  const text = await readFile(path, 'utf8');
  return [...text.matchAll(/^n:\d+ .*\bpsnr_y:(inf|[\d.]+)/gm)].map(([, db]) => (db === 'inf' ? 100 : Number(db)));
}

type Sound = { readonly startSeconds: number; readonly endSeconds: number };

/** Where sound begins and ends, by its decoded samples. */
async function soundSpan(file: string, specifier: string): Promise<Sound | null> {
  const text = await run(FFMPEG, ['-v', 'error', '-copyts', '-i', file, '-map', specifier, '-c:a', 'pcm_s16le', '-f', 'framecrc', '-']);
  const base = /^#tb 0: (\d+)\/(\d+)$/m.exec(text);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (!base || lines.length === 0) return null;
  const tickSeconds = Number(base[1]) / Number(base[2]);
  const fields = (line: string) => line.split(',').map(Number);
  const last = fields(lines[lines.length - 1]);
  return { startSeconds: fields(lines[0])[2] * tickSeconds, endSeconds: (last[2] + last[3]) * tickSeconds };
}

/** Sound relative to the first picture: where it begins and ends, and how loud it is at each moment. */
async function checkSound(
  master: { readonly source: string; readonly master: { readonly streams: readonly Stream[] }; readonly times: Times },
  path: string,
  name: string,
  faults: string[],
): Promise<void> {
  const streams = soundsOf(master.master.streams);
  const own = (await probe(path)).streams;
  const tracks = own.filter((stream) => stream.codec_type === 'audio');
  const expected = expectedSounds(streams);
  if (tracks.length !== expected.length) {
    faults.push(`${name}: ${tracks.length} sound tracks, ${expected.length} expected`);
    return;
  }
  const firstPicture = (await frameTimes(path, own.find((stream) => stream.codec_type === 'video')!.index)).seconds[0];
  for (const [i, track] of tracks.entries()) {
    const [from, to] = [await soundSpan(master.source, `0:${expected[i].index}`), await soundSpan(path, `0:${track.index}`)];
    if (!from || !to) {
      faults.push(`${name}: sound ${i} does not decode`);
      continue;
    }
    const masterStart = from.startSeconds - master.times.seconds[0];
    // Silence fills what is missing at the start, so a rendition's sound may begin earlier, never later.
    if (to.startSeconds - firstPicture > masterStart + SOUND_TOLERANCE_SECONDS) faults.push(`${name}: sound ${i} begins late`);
    const endError = to.endSeconds - firstPicture - (from.endSeconds - master.times.seconds[0]);
    if (Math.abs(endError) > 0.05) faults.push(`${name}: sound ${i} ends ${endError.toFixed(3)} s off`);
    const offset = await soundOffset(
      { file: master.source, specifier: `0:${expected[i].index}`, shift: from.startSeconds - master.times.seconds[0] },
      { file: path, specifier: `0:${track.index}`, shift: to.startSeconds - firstPicture },
    );
    if (offset !== null && Math.abs(offset) > SOUND_TOLERANCE_SECONDS) faults.push(`${name}: sound ${i} is ${(1000 * offset).toFixed(0)} ms late`);
  }
}

function soundsOf(streams: readonly Stream[]): Stream[] {
  return streams.filter((stream) => stream.codec_type === 'audio' && stream.codec_name !== undefined && (stream.channels ?? 0) > 0);
}

/** Surround sound is there in stereo as well. */
function expectedSounds(streams: readonly Stream[]): Stream[] {
  return streams.flatMap((stream) => ((stream.channels ?? 0) >= 6 ? [stream, stream] : [stream]));
}

/** A title of sound only: every track of the package has to follow one of the master's, and there have to be as many as there should be. */
async function soundOnlyFaults(source: string, streams: readonly Stream[], folder: string): Promise<string[]> {
  const masters: { specifier: string; startSeconds: number; endSeconds: number }[] = [];
  for (const { index } of soundsOf(streams)) {
    const span = await soundSpan(source, `0:${index}`);
    if (span) masters.push({ specifier: `0:${index}`, ...span });
  }
  if (masters.length === 0) return ['the master has neither picture nor sound'];
  const zero = Math.min(...masters.map(({ startSeconds }) => startSeconds));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mp4')).sort();
  const expected = expectedSounds(soundsOf(streams)).length;
  const faults = names.length === expected ? [] : [`${names.length} sound tracks, ${expected} expected`];
  for (const name of names) {
    const own = await soundSpan(join(folder, name), '0:a:0');
    const followed = await Promise.all(
      masters.map(async ({ specifier, startSeconds, endSeconds }) => {
        if (!own || Math.abs(own.endSeconds - (endSeconds - zero)) > 0.05) return false;
        const rendition = { file: join(folder, name), specifier: '0:a:0', shift: own.startSeconds };
        const offset = await soundOffset({ file: source, specifier, shift: startSeconds - zero }, rendition);
        return offset === null || Math.abs(offset) <= SOUND_TOLERANCE_SECONDS;
      }),
    );
    if (!followed.includes(true)) faults.push(`${name}: follows no sound of the master`);
  }
  return faults;
}

type Listened = { readonly file: string; readonly specifier: string /** First sample after the first picture, seconds. */; readonly shift: number };
const STEP_SECONDS = 0.001;

/** By how much the rendition's loudness follows the master's late, seconds; null for silence. */
async function soundOffset(master: Listened, rendition: Listened): Promise<number | null> {
  const [a, b] = [await loudness(master), await loudness(rendition)];
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  if (Math.max(...sampled(a)) < 0.003) return null;
  const [ma, mb] = [mean(a), mean(b)];
  const base = Math.round((master.shift - rendition.shift) / STEP_SECONDS);
  let best = { lag: 0, score: Number.NEGATIVE_INFINITY };
  for (let lag = -100; lag <= 100; lag++) {
    let score = 0;
    for (let i = 0; i < a.length; i++) {
      const j = i + base + lag;
      if (j >= 0 && j < b.length) score += (a[i] - ma) * (b[j] - mb);
    }
    if (score > best.score) best = { lag, score };
  }
  return best.lag * STEP_SECONDS;
}

function sampled(values: Float64Array): number[] {
  const step = Math.max(1, Math.floor(values.length / 10_000));
  return [0, ...values.filter((_, i) => i % step === 0)];
}

/** Silence where packets are missing, so that the sound behind stays at its time. */
const PLACED_BY_TIME = 'aresample=async=1:min_hard_comp=0.015';

/** Root mean square of every millisecond of the first ten minutes, as one channel. */
async function loudness({ file, specifier }: Listened): Promise<Float64Array> {
  const pcm = await runBytes(FFMPEG, [
    '-v',
    'error',
    '-i',
    file,
    '-map',
    specifier,
    '-t',
    '600',
    '-af',
    PLACED_BY_TIME,
    '-ac',
    '1',
    '-ar',
    '16000',
    '-f',
    's16le',
    '-',
  ]);
  const count = Math.floor(pcm.byteLength / 32);
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < 16; k++) sum += (pcm.readInt16LE(32 * i + 2 * k) / 32_768) ** 2;
    return Math.sqrt(sum / 16);
  });
}

/** Every variant plays to its last frame through both manifests, as far as this ffmpeg reads them. */
async function checkPackage(folder: string, frames: number, faults: string[]): Promise<void> {
  const demuxers = await run(FFMPEG, ['-v', 'error', '-demuxers']);
  const manifests = [
    { name: 'master.m3u8', demuxer: 'hls' },
    { name: 'manifest.mpd', demuxer: 'dash' },
  ];
  // Else ffmpeg refuses `.vtt` files.
  const options = ['-allowed_extensions', 'ALL'];
  for (const { name, demuxer } of manifests) {
    if (!new RegExp(`^ D\\S* +${demuxer}\\b`, 'm').test(demuxers)) continue;
    const path = join(folder, name);
    const { streams } = JSON.parse(await run(FFPROBE, ['-v', 'error', '-of', 'json', '-show_streams', ...options, path])) as { streams: Stream[] };
    const videos = streams.filter((stream) => stream.codec_type === 'video' && (stream.width ?? 0) > 0 && stream.disposition?.attached_pic !== 1);
    if (videos.length === 0) faults.push(`${name}: no pictures`);
    for (const video of videos) {
      const args = [
        '-v',
        'error',
        ...options,
        '-i',
        path,
        '-map',
        `0:${video.index}`,
        '-fps_mode',
        'passthrough',
        '-vf',
        'scale=16:16',
        '-c:v',
        'rawvideo',
        '-f',
        'framecrc',
        '-',
      ];
      const played = (await run(FFMPEG, args)).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
      if (played !== frames) faults.push(`${name}: stream ${video.index} (${video.width}x${video.height}) plays ${played} of ${frames} frames`);
    }
  }
}

function round(db: number): number {
  return Math.round(db * 100) / 100;
}

async function run(program: string, args: readonly string[]): Promise<string> {
  return (await runBytes(program, args)).toString('utf8');
}

/** Standard output of a program that must succeed. */
function runBytes(program: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, program === FFMPEG ? ['-nostdin', '-hide_banner', ...args] : args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(out));
      else reject(new Error(`${program} ${args.join(' ')} ended with ${status}: ${Buffer.concat(err).toString('utf8').slice(-2000)}`));
    });
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [source, dir] = process.argv.slice(2);
  if (!source || !dir) {
    process.stderr.write('usage: node test/e2e/independent-check.ts SOURCE DIR\n');
    process.exit(2);
  }
  const verdict = await independentCheck(source, dir);
  process.stdout.write(`${JSON.stringify(verdict, null, 1)}\n`);
  process.exitCode = verdict.faults.length === 0 ? 0 : 1;
}
