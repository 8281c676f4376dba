import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScenelineError } from '../../../src/model/errors.ts';
import { parseFirstPicture, wantsFirstPicture, withFirstPicture } from '../../../src/stages/inspect/first-picture.ts';
import { DocumentBytes, parseProbeDocument } from '../../../src/stages/inspect/probe-document.ts';
import { judgeFacts, judgeTools } from '../../../src/stages/inspect/probe-findings.ts';
import { readFacts } from '../../../src/stages/inspect/source-facts.ts';
import { mangledTexts } from '../../support/mangle-text.ts';

type Json = { [key: string]: unknown };

const VIDEO: Json = {
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  profile: 'High',
  width: 1920,
  height: 1080,
  pix_fmt: 'yuv420p',
  sample_aspect_ratio: '1:1',
  field_order: 'progressive',
  color_range: 'tv',
  color_space: 'bt709',
  color_transfer: 'bt709',
  color_primaries: 'bt709',
  time_base: '1/90000',
  avg_frame_rate: '24/1',
  r_frame_rate: '24/1',
  bits_per_raw_sample: '8',
  disposition: { default: 1, attached_pic: 0 },
};
const AUDIO: Json = {
  index: 1,
  codec_type: 'audio',
  codec_name: 'aac',
  channels: 6,
  channel_layout: '5.1',
  sample_rate: '48000',
  start_time: '0.062000',
  disposition: { default: 1 },
  tags: { language: 'eng', title: 'Main\u0007\u202e mix' },
};
const TEXT: Json = { index: 2, codec_type: 'subtitle', codec_name: 'subrip', disposition: { forced: 1 }, tags: { language: 'nonsense!' } };
const FORMAT: Json = { format_name: 'mov,mp4', duration: '30.037333', tags: { title: 'A film' } };

function probe(streams: Json[], more: Json = {}) {
  return parseProbeDocument(JSON.stringify({ streams, format: FORMAT, chapters: [], ...more }));
}

/** Codes of findings for a file with this picture track, with sound. */
function codesFor(changes: Json): string[] {
  return judgeFacts(readFacts(probe([{ ...VIDEO, ...changes }, AUDIO]))).map(({ severity, code }) => `${severity} ${code}`);
}

test('tracks, titles, languages and chapters are read', () => {
  const chapters = [{ start_time: '1.5', end_time: '2.5', tags: { title: 'One' } }, { start_time: 'x' }, { start_time: '9', end_time: '3' }];
  const { facts } = readFacts(probe([VIDEO, AUDIO, TEXT], { chapters }));
  assert.equal(facts.container, 'mov,mp4');
  assert.equal(facts.title, 'A film');
  assert.equal(facts.video!.nominalFps, 24);
  assert.deepEqual(facts.video!.timeBase, { num: 1, den: 90_000 });
  assert.deepEqual(facts.audio[0], {
    streamIndex: 1,
    codec: 'aac',
    channels: 6,
    channelLayout: '5.1',
    sampleRate: 48_000,
    startSeconds: 0.062,
    language: 'eng',
    title: 'Main mix',
    isDefault: true,
  });
  assert.deepEqual(facts.text[0], { streamIndex: 2, codec: 'subrip', language: 'und', title: '', isDefault: false, isForced: true });
  assert.deepEqual(facts.chapters, [{ startSeconds: 1.5, endSeconds: 2.5, title: 'One' }]);
});

test('an ordinary film has no findings', () => {
  assert.deepEqual(codesFor({}), []);
});

test('a film that cannot be used is refused, with every reason', () => {
  assert.deepEqual(codesFor({ pix_fmt: undefined }), ['refuse SL-204']);
  assert.deepEqual(codesFor({ codec_name: undefined, time_base: '0/1' }), ['refuse SL-204', 'refuse SL-206']);
  assert.deepEqual(codesFor({ tags: { enc_key_id: 'MDEyMw==' } }), ['refuse SL-205']);
  assert.deepEqual(codesFor({ side_data_list: [{ side_data_type: 'Encryption initialization data' }] }), ['refuse SL-205']);
  assert.deepEqual(codesFor({ time_base: '1/0' }), ['refuse SL-206']);
  assert.deepEqual(codesFor({ side_data_list: [{ side_data_type: 'DOVI configuration record', dv_profile: 5 }] }), ['refuse SL-210']);
  const dolby = (dv_profile: number, dv_bl_signal_compatibility_id: number) =>
    codesFor({ side_data_list: [{ side_data_type: 'DOVI configuration record', dv_profile, dv_bl_signal_compatibility_id }] });
  assert.deepEqual(dolby(10, 0), ['refuse SL-210']);
  assert.deepEqual([dolby(8, 1), dolby(8, 4), dolby(10, 2)], [['warn SL-223'], ['warn SL-223'], ['warn SL-223']]);
  assert.deepEqual(codesFor({ width: 8 }), ['refuse SL-211']);
  assert.deepEqual(codesFor({ width: 40_000 }), ['refuse SL-211']);
});

test('sound that begins days away from the picture is refused, on whatever clock both are', () => {
  const codes = (pictureStart: string, soundStart: string) => {
    const streams = [
      { ...VIDEO, start_time: pictureStart },
      { ...AUDIO, start_time: soundStart },
    ];
    return judgeFacts(readFacts(probe(streams))).filter(({ code }) => code === 'SL-270').length;
  };
  assert.deepEqual([codes('0.08', '96076792050570.578125'), codes('1700000000', '0'), codes('1700000000.5', '1700000000')], [1, 1, 0]);
});

test('cover art is no picture track', () => {
  const { facts } = readFacts(probe([{ ...VIDEO, disposition: { attached_pic: 1 } }, AUDIO]));
  assert.equal(facts.video, null);
  assert.deepEqual(
    judgeFacts(readFacts(probe([{ ...VIDEO, disposition: { attached_pic: 1 } }, AUDIO]))).map(({ code }) => code),
    ['SL-250'],
  );
  assert.deepEqual(
    judgeFacts(readFacts(probe([{ ...VIDEO, disposition: { attached_pic: 1 } }]))).map(({ code }) => code),
    ['SL-203'],
  );
});

test('roles come from dispositions, else from what people write into titles', () => {
  const roles = (type: 'audio' | 'subtitle', changes: object) => {
    const stream = type === 'audio' ? { ...AUDIO, ...changes } : { index: 2, codec_type: 'subtitle', codec_name: 'subrip', ...changes };
    const { facts } = readFacts(probe([VIDEO, stream]));
    return (type === 'audio' ? facts.audio : facts.text)[0].role;
  };
  for (const [type, changes, role] of [
    ['audio', { disposition: { comment: 1 } }, 'commentary'],
    ['audio', { disposition: { visual_impaired: 1 } }, 'description'],
    ['audio', { disposition: { descriptions: 1, comment: 1 } }, 'description'],
    ['audio', { tags: { title: "Director's Commentary" } }, 'commentary'],
    ['audio', { tags: { title: 'Regiekommentar' } }, 'commentary'],
    ['audio', { tags: { handler_name: 'x', title: 'English Audio Description' } }, 'description'],
    ['audio', { tags: { title: 'Audiodeskription' } }, 'description'],
    ['audio', { tags: { title: 'Surround' }, disposition: { default: 1 } }, undefined],
    ['subtitle', { disposition: { hearing_impaired: 1 } }, 'captions'],
    ['subtitle', { disposition: { captions: 1 } }, 'captions'],
    ['subtitle', { tags: { title: 'English (SDH)' } }, 'captions'],
    ['subtitle', { tags: { title: 'Accounts' } }, undefined],
    ['subtitle', { tags: { title: 'Commentary' } }, 'commentary'],
    ['subtitle', { disposition: { forced: 1 } }, undefined],
  ] as const)
    assert.equal(roles(type, changes), role, JSON.stringify(changes));
});

test('what is repaired or dropped is said', () => {
  assert.deepEqual(codesFor({ field_order: 'tt' }), ['warn SL-222']);
  const hdr = { color_transfer: 'smpte2084', color_space: 'bt2020nc', color_primaries: 'bt2020', pix_fmt: 'yuv420p10le' };
  assert.deepEqual(codesFor(hdr), ['warn SL-223', 'info SL-239']);
  assert.deepEqual(codesFor({ width: 161 }), ['warn SL-228']);
  assert.deepEqual(codesFor({ sample_aspect_ratio: '16:15' }), ['warn SL-229']);
  assert.deepEqual(codesFor({ side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90 }] }), ['warn SL-230']);
  assert.deepEqual(codesFor({ side_data_list: [{ side_data_type: 'Display Matrix', rotation: 33 }] }), ['warn SL-231']);
  assert.deepEqual(codesFor({ color_space: undefined }), ['info SL-236']);
  assert.deepEqual(codesFor({ pix_fmt: 'yuv422p10le' }), ['info SL-239']);
  assert.deepEqual(codesFor({ tags: { alpha_mode: '1' } }), ['warn SL-240']);
  assert.deepEqual(codesFor({ pix_fmt: 'yuva444p' }), ['warn SL-240', 'info SL-239']);
  const codes = (streams: Json[]) => judgeFacts(readFacts(probe(streams))).map(({ severity, code }) => `${severity} ${code}`);
  assert.deepEqual(codes([VIDEO, { ...VIDEO, index: 4 }, AUDIO]), ['warn SL-224']);
  assert.deepEqual(codes([VIDEO, AUDIO, { ...TEXT, codec_name: 'hdmv_pgs_subtitle' }]), ['warn SL-232']);
  assert.deepEqual(codes([VIDEO, AUDIO, { ...AUDIO, index: 5, codec_name: undefined }]), ['warn SL-233']);
  assert.deepEqual(codes([VIDEO]), ['info SL-238']);
});

test('turns are clockwise and mirrors are noticed', () => {
  const turned = (sideData: Json) =>
    readFacts(probe([{ ...VIDEO, side_data_list: [{ side_data_type: 'Display Matrix', ...sideData }] }])).facts.video!.rotationDegrees;
  assert.deepEqual(
    [-90, 90, 180, -180, 270, 0].map((rotation) => turned({ rotation })),
    [90, 270, 180, 180, 90, 0],
  );
  assert.equal(turned({ rotation: -(2 ** 63) }), 0);
  const matrix = (b: number, c: number) =>
    `\n00000000:            0       ${b}           0\n00000001:        ${c}           0           0\n00000002:            0           0  1073741824\n`;
  assert.deepEqual(codesFor({ side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90, displaymatrix: matrix(65_536, 65_536) }] }), [
    'warn SL-230',
    'warn SL-230',
  ]);
  assert.deepEqual(codesFor({ side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90, displaymatrix: matrix(65_536, -65_536) }] }), [
    'warn SL-230',
  ]);
});

test('of several picture tracks the decodable, the default, the largest, the first is the film', () => {
  const small = { ...VIDEO, index: 3, width: 640, height: 360 };
  const chosen = (streams: Json[]) => readFacts(probe(streams)).facts.video!.streamIndex;
  const marked = (stream: Json, isDefault: boolean) => ({ ...stream, disposition: { default: Number(isDefault) } });
  assert.equal(chosen([small, VIDEO]), 0, 'the largest');
  assert.equal(chosen([{ ...VIDEO, index: 5 }, VIDEO]), 5, 'the first');
  assert.equal(chosen([marked(VIDEO, false), marked(small, true)]), 3, 'the default');
  assert.equal(chosen([{ ...VIDEO, index: 4, codec_name: undefined }, marked(small, false)]), 3, 'one that can be decoded');
  const { facts, videoStreams } = readFacts(probe([small, VIDEO, { ...small, index: 7 }]));
  assert.deepEqual([facts.video!.streamIndex, facts.otherVideo.map((track) => track.streamIndex)], [0, [3, 7]]);
  assert.deepEqual(
    videoStreams.map((stream) => stream.index),
    [0, 3, 7],
  );
});

test('a film that the ffmpeg found cannot prepare is refused', () => {
  const codes = (changes: Json, filters: string[]) =>
    judgeTools(readFacts(probe([{ ...VIDEO, ...changes }])).facts.video, new Set(filters)).map(({ code, message }) => `${code} ${message}`);
  const hdr = { color_transfer: 'smpte2084' };
  assert.deepEqual(codes({}, []), []);
  assert.deepEqual(codes(hdr, ['zscale', 'tonemap']), []);
  assert.deepEqual(codes({ field_order: 'tt' }, ['bwdif']), []);
  assert.match(codes({ ...hdr, field_order: 'tt' }, ['tonemap']).join(), /^SL-212 .*zscale and bwdif/);
});

test('missing colour tags are completed from those there are, else from the size', () => {
  const color = (changes: Json) => {
    const none = { color_space: undefined, color_transfer: undefined, color_primaries: undefined, color_range: undefined };
    const { primaries, transfer, matrix, range } = readFacts(probe([{ ...VIDEO, ...none, ...changes }])).facts.video!.color;
    return [primaries, transfer, matrix, range].join(' ');
  };
  assert.equal(color({}), 'bt709 bt709 bt709 tv');
  assert.equal(color({ height: 480 }), 'smpte170m smpte170m smpte170m tv');
  assert.equal(color({ height: 576 }), 'bt470bg smpte170m bt470bg tv');
  assert.equal(color({ height: 480, color_space: 'bt709' }), 'bt709 bt709 bt709 tv');
  assert.equal(color({ color_transfer: 'arib-std-b67' }), 'bt2020 arib-std-b67 bt2020nc tv');
  assert.equal(color({ pix_fmt: 'yuvj420p' }), 'bt709 bt709 bt709 pc');
  assert.equal(color({ pix_fmt: 'gbrp' }), 'bt709 bt709 gbr pc');
});

test('the light of an HDR master is read from streams and first pictures, and nonsense is nothing', () => {
  const sides = { red_x: '34000/50000', red_y: '16000/50000', green_x: '13250/50000', green_y: '34500/50000', blue_x: '7500/50000', blue_y: '3000/50000' };
  const white = { white_point_x: '15635/50000', white_point_y: '16450/50000', max_luminance: '10000000/10000', min_luminance: '50/10000' };
  const display = { side_data_type: 'Mastering display metadata', ...sides, ...white };
  const level = { side_data_type: 'Content light level metadata', max_content: 1000, max_average: 400 };
  const light = (...side_data_list: Json[]) => readFacts(probe([{ ...VIDEO, side_data_list }])).facts.video!.light;
  const content = { maxCll: 1000, maxFall: 400 };
  const mastering = {
    red: { x: 34_000, y: 16_000 },
    green: { x: 13_250, y: 34_500 },
    blue: { x: 7_500, y: 3_000 },
    white: { x: 15_635, y: 16_450 },
    maxLuminance: 10_000_000,
    minLuminance: 50,
  };
  assert.deepEqual(light(display, level), { mastering, content });
  assert.deepEqual(light(level), { mastering: null, content });
  assert.deepEqual(
    [light(), light({ ...display, red_x: '9/1' }, { ...level, max_content: -1 }), light({ ...level, max_content: 0, max_average: 0 })],
    [null, null, null],
  );
  const picture = parseFirstPicture(JSON.stringify({ frames: [{ interlaced_frame: 1, side_data_list: [display, level] }] }));
  assert.deepEqual(picture, { isInterlaced: true, light: { mastering, content } });
  assert.deepEqual(parseFirstPicture('{"frames":7}'), { isInterlaced: false, light: null });
  const completed = (changes: Json) => {
    const probed = readFacts(probe([{ ...VIDEO, ...changes }]));
    const { fieldOrder, light: found } = withFirstPicture(probed, picture).facts.video!;
    return [wantsFirstPicture(probed), fieldOrder, found !== null];
  };
  assert.deepEqual(completed({}), [false, 'progressive', true]);
  assert.deepEqual(completed({ codec_name: 'dnxhd', field_order: 'unknown' }), [true, 'interlaced', true]);
  assert.deepEqual(completed({ codec_name: 'av1', field_order: 'unknown' })[0], false);
  assert.deepEqual(completed({ color_transfer: 'smpte2084' })[0], true);
  assert.deepEqual(completed({ color_transfer: 'smpte2084', side_data_list: [display] })[0], false, 'the stream says it');
  assert.throws(() => parseFirstPicture('no'), { code: 'SL-301' });
});

test('bit depth is read from the pixel format', () => {
  const depth = (pix_fmt: string) => readFacts(probe([{ ...VIDEO, pix_fmt, bits_per_raw_sample: undefined }])).facts.video!.bitDepth;
  assert.deepEqual(['yuv420p', 'yuv422p10le', 'p010le', 'gbrp12le', 'rgb48le', 'x2rgb10le', 'gray16be', 'nv12'].map(depth), [8, 10, 10, 12, 16, 10, 16, 8]);
});

test('hostile JSON gives facts with sane values or a clear error', () => {
  const text = JSON.stringify({ streams: [VIDEO, AUDIO, TEXT], format: FORMAT, chapters: [{ start_time: '1', end_time: '2' }] });
  for (const mangled of mangledTexts(text, 1500)) {
    try {
      const { facts } = readFacts(parseProbeDocument(mangled));
      judgeFacts(readFacts(parseProbeDocument(mangled)));
      assert.ok(Number.isFinite(facts.durationSeconds) && facts.durationSeconds >= 0);
      if (facts.video) assert.ok(Number.isSafeInteger(facts.video.widthPx) && Number.isFinite(facts.video.nominalFps) && facts.video.timeBase.den > 0);
      for (const track of facts.audio) assert.ok(track.sampleRate > 0 && Number.isFinite(track.startSeconds));
    } catch (error) {
      assert.ok(error instanceof ScenelineError && error.code === 'SL-301', String(error));
    }
  }
});

test('wrong types everywhere are survived', () => {
  for (const value of [null, 0, -1, 1e308, 'x', [], {}, [[]], true, 'NaN', '1e9', '-0']) {
    for (const key of Object.keys(VIDEO))
      judgeFacts(
        readFacts(
          probe([
            { ...VIDEO, [key]: value },
            { ...AUDIO, [key]: value },
          ]),
        ),
      );
    judgeFacts(readFacts(parseProbeDocument(JSON.stringify({ streams: value, format: value, chapters: value }))));
  }
});

test('a document that never ends is cut off', () => {
  const document = new DocumentBytes();
  assert.throws(() => {
    for (let i = 0; i < 1000; i++) document.write(Buffer.alloc(65_536));
  }, /longer than 16777216 bytes/);
});
