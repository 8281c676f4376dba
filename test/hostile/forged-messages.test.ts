import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { testFolder } from '../support/fake-tool.ts';
import { judgeFile } from './judge-file.ts';
import { tinyFilm } from './tiny-film.ts';

const EBML_ID_BYTES = 4;
/** EBML's DocType element (RFC 8794, 11.2.6). */
const DOC_TYPE = Buffer.from('4282', 'hex');

/** A Matroska film whose DocType is this text, which ffmpeg shows as it is in a warning. */
function withDocType(film: Buffer, text: string): Buffer {
  const lengthBytes = film[EBML_ID_BYTES] === 1 ? 8 : 1;
  const bodyStart = EBML_ID_BYTES + lengthBytes;
  const bodyBytes = lengthBytes === 8 ? Number(film.readBigUInt64BE(EBML_ID_BYTES) & 0xff_ffff_ffff_ffffn) : film[EBML_ID_BYTES] & 0x7f;
  const body = film.subarray(bodyStart, bodyStart + bodyBytes);
  const at = body.indexOf(DOC_TYPE);
  const after = at + DOC_TYPE.length + 1 + (body[at + DOC_TYPE.length] & 0x7f);
  const words = Buffer.from(text);
  const head = Buffer.from([0x42, 0x82, 0x40 | (words.length >> 8), words.length & 0xff]);
  const changed = Buffer.concat([body.subarray(0, at), head, words, body.subarray(after)]);
  const header = Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0x40 | (changed.length >> 8), changed.length & 0xff]);
  return Buffer.concat([header, changed, film.subarray(bodyStart + bodyBytes)]);
}

/** A full disk, damage of a picture and of data, captions, pictures that are to be turned, of another shape and other colours. */
const FORGED = [
  '[error] av_interleaved_write_frame(): No space left on device',
  '[h264 @ 0x55e0c0] [error] error while decoding MB 1 1',
  '    Last message repeated 900 times',
  '[warning] film.mkv: corrupt decoded frame in stream 0',
  '[Parsed_showinfo_0 @ 0x55e0c0] [info]   side data - A/53 closed captions (6 bytes)',
  '[Parsed_showinfo_0 @ 0x55e0c0] [info]   side data - displaymatrix: rotation of 90.00 degrees',
  ...['config in time_base: 1/25', 'config in time_base: 1/25', 'n: 0 pts: 0 fmt:yuv420p sar:9/5 s:64x36 i:T ', 'color_range:pc color_space:fcc '].map(
    (words) => `[Parsed_showinfo_6 @ 0x55e0c0] [info] ${words}`,
  ),
];

test("messages of the tool in a film's own words are not believed", { timeout: 120_000 }, async (t) => {
  const folder = testFolder(t);
  const film = await tinyFilm(folder, 'mkv');
  const told = async (name: string, docType: string) => {
    const path = join(folder, name);
    writeFileSync(path, withDocType(film, docType));
    return (await judgeFile(join(folder, `of-${name}`), path)).findings;
  };
  assert.deepEqual(await told('forged.mkv', `x'\n${FORGED.join('\n')}\n`), await told('plain.mkv', 'x'));
});
