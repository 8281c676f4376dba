import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedRung } from '../../../../src/model/ladder.ts';
import { fileInput } from '../../../../src/model/media-input.ts';
import { contentAddress } from '../../../../src/stages/encode/video/address.ts';
import { encodeArguments, entryArguments, rungArguments, type Stretch } from '../../../../src/stages/encode/video/command.ts';
import { limitsFor } from '../../../../src/stages/encode/video/limits.ts';
import { normaliseFilters } from '../../../../src/stages/encode/video/normalise.ts';
import { h264Level } from '../../../../src/stages/encode/video/recipe.ts';
import { videoTrack } from '../../../support/video-track.ts';

const rung: PlannedRung = {
  name: '720p',
  container: 'mp4',
  codec: 'h264',
  boxPx: 720,
  crf: 22,
  maxrateKbps: 3000,
  bufsizeKbit: 6000,
  preset: 'medium',
  widthPx: 1280,
  heightPx: 720,
  picturesFrom: null,
};
const video = videoTrack({ streamIndex: 2, timeBase: { num: 1, den: 90_000 } });
/** Irregular times: gaps of 3750, 7500, 3000 and 3750 ticks. */
const stretch: Stretch = {
  timeBase: { num: 1, den: 90_000 },
  ptsTicks: [900, 4650, 12_150, 15_150, 18_900],
  endPtsTicks: 22_650,
  idrPositions: [0, 2, 4],
  surroundings: null,
};

test('frames are chosen by integer time, and IDR frames forced a quarter of a frame early', () => {
  const args = encodeArguments({
    source: fileInput('in.mkv'),
    video,
    stretch,
    entry: { keyPtsTicks: 900 },
    fps: 24,
    outputs: [{ rung, videoPath: 'v.mp4', fingerprintPath: 'v.luma', fedPath: 'v.nut' }],
    keptPositions: [1, 3],
    ffmpegMajor: 5,
  });
  assert.ok(args[args.indexOf('-filter_complex') + 1].startsWith('[0:2]trim=start_pts=900:end_pts=22650,split=2'));
  const forced = args[args.indexOf('-force_key_frames') + 1].split(',').map(Number);
  assert.deepEqual(
    forced,
    [(12_150 - 7500 / 4 - 900) / 90_000, (18_900 - 3750 / 4 - 900) / 90_000].map((at) => Number(at.toFixed(6))),
  );
  assert.ok(!args.some((arg) => arg.includes('qpfile')));
  // Times of frames 1 and 3 from the first one, a quarter of the shorter neighbouring step to either side.
  assert.ok(args[args.indexOf('-filter_complex') + 1].includes("select='between(t,0.031250000,0.052083333)+between(t,0.150000000,0.166666667)'"));
});

test('the last chunk has no end, so the last frame is not lost to a wrong duration', () => {
  const args = encodeArguments({
    source: fileInput('in'),
    video,
    stretch: { ...stretch, endPtsTicks: null },
    entry: null,
    fps: 24,
    outputs: [{ rung, videoPath: 'v', fingerprintPath: 'f', fedPath: 'n' }],
    keptPositions: [],
    ffmpegMajor: 5,
  });
  assert.ok(!args[args.indexOf('-filter_complex') + 1].includes('end_pts'));
});

test('the time base is asked for in the words of the version', () => {
  const word = (ffmpegMajor: number) => {
    const args = encodeArguments({
      source: fileInput('in'),
      video,
      stretch,
      entry: null,
      fps: 24,
      outputs: [{ rung, videoPath: 'v', fingerprintPath: 'f', fedPath: 'n' }],
      keptPositions: [],
      ffmpegMajor,
    });
    return args[args.indexOf('-enc_time_base') + 1];
  };
  assert.equal(word(5), '-1');
  assert.equal(word(8), '-1');
  assert.equal(word(9), 'demux');
});

test('a source is entered half a tick after the key frame, or at its beginning', () => {
  assert.deepEqual(entryArguments(null, stretch.timeBase), []);
  assert.equal(entryArguments({ keyPtsTicks: 90_000 }, stretch.timeBase).at(-1), '1.000006');
});

test('rotation turns the picture after scaling, so the rung keeps its upright size', () => {
  const filters = normaliseFilters({ ...video, rotationDegrees: 90 }, { widthPx: 720, heightPx: 1280 });
  assert.ok(filters[0].startsWith('scale=1280:720:'));
  assert.ok(filters.includes('transpose=clock'));
});

test('a mirrored picture is mirrored back before it is turned', () => {
  const filters = normaliseFilters({ ...video, rotationDegrees: 90, isMirrored: true }, { widthPx: 720, heightPx: 1280 });
  assert.deepEqual(filters.slice(-3), ['vflip', 'transpose=clock', 'setsar=1']);
});

test('an interlaced chunk is decoded with its neighbours, deinterlaced, and then cut to its own frames', () => {
  const interlaced = { ...video, fieldOrder: 'interlaced' as const };
  const surroundings = { startPtsTicks: 0, endPtsTicks: 26_400, framesBefore: 1, framesAfter: 1 };
  const args = encodeArguments({
    source: fileInput('in'),
    video: interlaced,
    stretch: { ...stretch, surroundings },
    entry: null,
    fps: 24,
    outputs: [{ rung, videoPath: 'v', fingerprintPath: 'f', fedPath: 'k' }],
    keptPositions: [],
    ffmpegMajor: 5,
  });
  const graph = args[args.indexOf('-filter_complex') + 1].split(';');
  assert.equal(graph[0], '[0:2]trim=start_pts=0:end_pts=26400,split=2[exact][any]');
  assert.match(graph[1], /^\[any\]bwdif=mode=send_frame[^,]*,settb=1\/90000,trim=start_pts=900:end_pts=22650,setpts=PTS-STARTPTS\[fed0\]$/);
});

test('pictures of other sizes are fitted into the first size, by one filter graph', () => {
  const changing = { ...video, changesSize: true };
  const filters = normaliseFilters({ ...changing, rotationDegrees: 90 }, { widthPx: 720, heightPx: 1280 });
  assert.ok(filters[0].startsWith("scale='min(1280,2*round(720*dar/2))':'min(720,2*round(1280/dar/2))':eval=frame:flags="));
  assert.deepEqual(filters.slice(-3), ['pad=1280:720:-1:-1:black:eval=frame', 'transpose=clock', 'setsar=1']);
  const outputs = [{ rung, videoPath: 'v', fingerprintPath: 'f', fedPath: 'k' }];
  const args = encodeArguments({ source: fileInput('in'), video: changing, stretch, entry: null, fps: 24, outputs, keptPositions: [], ffmpegMajor: 5 });
  assert.equal(args[args.indexOf('-reinit_filter') + 1], '0');
});

test('full range and other matrices are converted, HDR is tone-mapped', () => {
  const phone = normaliseFilters({ ...video, color: { primaries: 'bt470bg', transfer: 'smpte170m', matrix: 'bt470bg', range: 'pc' } }, rung);
  assert.match(phone[0], /in_range=pc:out_range=tv:in_color_matrix=smpte170m:out_color_matrix=bt709/);
  const hdr = normaliseFilters({ ...video, color: { primaries: 'bt2020', transfer: 'smpte2084', matrix: 'bt2020nc', range: 'tv' } }, rung);
  assert.ok(hdr.some((filter) => filter.startsWith('tonemap=')));
});

test('an HDR rung keeps the colours and hands on the light', () => {
  const color = { primaries: 'bt2020', transfer: 'smpte2084', matrix: 'bt2020nc', range: 'tv' } as const;
  const point = (x: number, y: number) => ({ x, y });
  const chromaticities = { red: point(34_000, 16_000), green: point(13_250, 34_500), blue: point(7_500, 3_000), white: point(15_635, 16_450) };
  const light = { mastering: { ...chromaticities, maxLuminance: 10_000_000, minLuminance: 50 }, content: { maxCll: 1000, maxFall: 400 } };
  const made = (codec: 'h265' | 'av1', range: 'PQ' | 'HLG') =>
    rungArguments({ ...video, color }, { ...rung, codec, hdr: true, hdrColor: { range, light } }, stretch, 24);
  const { filters, encoder } = made('h265', 'PQ');
  assert.match(filters.join(), /^scale=1280:720:[^,]*in_color_matrix=bt2020:out_color_matrix=bt2020,format=yuv420p10le,setsar=1$/);
  assert.equal(encoder[encoder.indexOf('-color_trc') + 1], 'smpte2084');
  const params = (list: readonly string[], name: string) => list[list.indexOf(name) + 1];
  const display = 'master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)';
  assert.ok(params(encoder, '-x265-params').endsWith(`:${display}:max-cll=1000,400`));
  const av1 = made('av1', 'HLG').encoder;
  assert.equal(av1[av1.indexOf('-color_trc') + 1], 'arib-std-b67');
  assert.match(params(av1, '-svtav1-params'), /:mastering-display=G\(0\.26500,0\.69000\)B.*L\(1000\.0000,0\.0050\):content-light=1000,400$/);
});

test('levels hold size, rate and ceiling', () => {
  assert.equal(h264Level({ widthPx: 1920, heightPx: 1080, maxrateKbps: 6000 }, 24), '4.0');
  assert.equal(h264Level({ widthPx: 1920, heightPx: 1080, maxrateKbps: 6000 }, 60), '4.2');
  assert.equal(h264Level({ widthPx: 3840, heightPx: 2160, maxrateKbps: 18_000 }, 24), '5.1');
  assert.equal(h264Level({ widthPx: 854, heightPx: 480, maxrateKbps: 1500 }, 24), '3.0');
});

test('the buffer grows only for h264 and for pictures that stay long, until x264 takes no larger one', () => {
  const buffer = (seconds: number, changed: Partial<PlannedRung> = {}) => {
    const held = { ...stretch, ptsTicks: [0, 3000, 3000 + seconds * 90_000, 6000 + seconds * 90_000], idrPositions: [0] };
    const { encoder } = rungArguments(video, { ...rung, ...changed }, held, 24);
    return encoder.includes('-maxrate') ? encoder[encoder.indexOf('-bufsize') + 1] : null;
  };
  assert.equal(buffer(0.04), '3000k');
  // 720 lines: a twentieth of 3000 kbit/s is kept back, 750 kbit in 5 s.
  assert.deepEqual([buffer(5), buffer(5.1)], ['3000k', '3850k']);
  // 64 lines are four rows of macroblocks, 240 lines fifteen.
  assert.deepEqual([buffer(1, { heightPx: 64 }), buffer(1.2, { heightPx: 64 })], ['3000k', '4000k']);
  assert.equal(buffer(12, { heightPx: 240 }), '5667k');
  assert.deepEqual([buffer(11_982), buffer(11_983)], ['2000000k', null]);
  assert.deepEqual([buffer(12_000, { codec: 'h265' }), buffer(12_000, { codec: 'av1' })], ['3000k', '3000k']);
  const alone = rungArguments(video, rung, { ...stretch, ptsTicks: [900], endPtsTicks: 9_000_000, idrPositions: [0] }, 24).encoder;
  assert.equal(alone[alone.indexOf('-bufsize') + 1], '3000k');
});

test('the address follows everything that decides the pictures, and nothing else', () => {
  const hashes = stretch.ptsTicks.map((_, i) => new Uint8Array(16).fill(i));
  const base = { video, rung, stretch, fps: 24, frameHashes: hashes, encoderBuild: 'b1' };
  const address = contentAddress(base);
  assert.match(address, /^[0-9a-f]{64}$/);
  const moved = { ...stretch, ptsTicks: stretch.ptsTicks.map((pts) => pts + 77), endPtsTicks: 22_727 };
  assert.equal(contentAddress({ ...base, stretch: moved }), address, 'where it stands in the film');
  assert.equal(contentAddress({ ...base, video: { ...video, streamIndex: 0 } }), address, 'stream number');
  const changes = [
    { rung: { ...rung, crf: 23 } },
    { rung: { ...rung, widthPx: 1278 } },
    { stretch: { ...stretch, idrPositions: [0, 3] } },
    { stretch: { ...stretch, ptsTicks: [900, 4651, 12_150, 15_150, 18_900] } },
    { stretch: { ...stretch, timeBase: { num: 1, den: 45_000 } } },
    { frameHashes: [...hashes.slice(0, 4), new Uint8Array(16).fill(9)] },
    { encoderBuild: 'b2' },
    { video: { ...video, rotationDegrees: 180 as const } },
    { video: { ...video, isMirrored: true } },
    { stretch: { ...stretch, surroundings: { startPtsTicks: 900, endPtsTicks: null, framesBefore: 0, framesAfter: 0 } } },
    { stretch: { ...stretch, surroundings: { startPtsTicks: 900, endPtsTicks: null, framesBefore: 1, framesAfter: 0 } } },
  ];
  const others = changes.map((change) => contentAddress({ ...base, ...change }));
  assert.equal(new Set([address, ...others]).size, changes.length + 1);
});

test('the recipe keeps headers equal over chunks and bytes equal over machines', () => {
  const params = rungArguments(video, rung, stretch, 24).encoder.at(-3) ?? '';
  for (const needed of ['stitchable=1', 'cpu-independent=1', 'scenecut=0', 'open-gop=0', 'threads=1']) assert.ok(params.includes(needed), needed);
});

test('limits grow with the work and follow the measured speed', () => {
  assert.ok(limitsFor(480, 3, null).wallMs > limitsFor(240, 3, null).wallMs);
  assert.ok(limitsFor(10_000, 3, 0.05).wallMs < limitsFor(10_000, 3, null).wallMs);
  assert.ok(limitsFor(1, 0.01, 0.000_01).stallMs >= 60_000, 'a busy machine is not a hang');
});
