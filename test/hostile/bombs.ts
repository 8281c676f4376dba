import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from '../support/stage-context.ts';
import { box, findBoxes, fullBox, numbers, replaceBox } from './box-surgery.ts';

/** A small file that asks for a lot. */
export type Bomb = {
  readonly name: string;
  readonly fileName: string;
  /** Codes of which one must refuse it; none: it must be made, bounded. */
  readonly refusedBy: readonly string[];
  readonly content: (film: Buffer, folder: string) => Buffer | Promise<Buffer>;
  /** So long the file is made, with nothing in it. */
  readonly sparseBytes?: number;
};

const TRAK = 'moov/trak';
const STTS = `${TRAK}/mdia/minf/stbl/stts`;
const MDHD = `${TRAK}/mdia/mdhd`;
const MVHD = 'moov/mvhd';

/** Sets 32-bit numbers inside the first box at a path. */
function patch(film: Buffer, path: string, values: { readonly [offset: number]: number }): Buffer {
  return replaceBox(film, path, (whole) => {
    const changed = Buffer.from(whole);
    for (const [offset, value] of Object.entries(values)) changed.writeUInt32BE(value >>> 0, Number(offset));
    return changed;
  });
}

function addToMoov(film: Buffer, ...boxes: readonly Buffer[]): Buffer {
  return replaceBox(film, 'moov', (moov) => box('moov', moov.subarray(8), ...boxes));
}

/** The film without the edit list that cuts off what lies beyond its length. */
function unedited(film: Buffer): Buffer {
  return findBoxes(film).some(({ path }) => path === `${TRAK}/edts`) ? replaceBox(film, `${TRAK}/edts`, () => box('free')) : film;
}

function addEdits(film: Buffer, entries: Buffer, count: number): Buffer {
  const edits = box('edts', fullBox('elst', 1, 0, numbers(32, count), entries));
  return replaceBox(unedited(film), TRAK, (trak) => box('trak', trak.subarray(8), edits));
}

function edit(duration: bigint, mediaTime: bigint): Buffer {
  return Buffer.concat([numbers(64, duration, mediaTime), numbers(16, 1, 0)]);
}

/** `count` times the same bytes. */
function many(one: Buffer, count: number): Buffer {
  return Buffer.alloc(one.length * count, one);
}

async function made(folder: string, name: string, args: readonly string[]): Promise<Buffer> {
  const path = join(folder, name);
  await ffmpeg([...args, path]);
  return readFile(path);
}

const BLACK = (size: string, rate: number, seconds: number) => ['-f', 'lavfi', '-i', `color=black:size=${size}:rate=${rate}:duration=${seconds}`];
const FAST = ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1'];

export const BOMBS: readonly Bomb[] = [
  {
    name: 'pictures larger than 8K',
    fileName: 'film.mp4',
    refusedBy: ['SL-202', 'SL-204', 'SL-270'],
    content: (_, folder) => made(folder, 'large.mp4', [...BLACK('12000x8000', 1, 1), ...FAST]),
  },
  {
    name: 'ten thousand tracks',
    fileName: 'film.mp4',
    refusedBy: ['SL-202', 'SL-270'],
    content(film) {
      const trak = findBoxes(film).find(({ path }) => path === TRAK)!;
      return addToMoov(film, many(Buffer.from(film.subarray(trak.start, trak.end)), 10_000));
    },
  },
  {
    name: 'two hundred tracks',
    fileName: 'film.mp4',
    refusedBy: ['SL-270'],
    content(film) {
      const trak = findBoxes(film).find(({ path }) => path === TRAK)!;
      return addToMoov(film, many(Buffer.from(film.subarray(trak.start, trak.end)), 200));
    },
  },
  {
    name: 'two million elements of which each is a message',
    fileName: 'film.mkv',
    refusedBy: ['SL-270'],
    async content(_, folder) {
      const film = await made(folder, 'plain.mkv', [...BLACK('64x36', 25, 1), ...FAST, '-fflags', '+bitexact']);
      // A SimpleTag that says it is longer than what it stands in, from where the first element of the segment has its name.
      return Buffer.concat([film.subarray(0, film.indexOf(Buffer.from('114d9b74', 'hex')) + 4), many(Buffer.from('1254c36784', 'hex'), 2_000_000)]);
    },
  },
  {
    name: 'a million edit-list entries, each of the whole film',
    fileName: 'film.mp4',
    refusedBy: ['SL-202', 'SL-206', 'SL-270'],
    content: (film) => addEdits(film, many(edit(1200n, 0n), 1_000_000), 1_000_000),
  },
  {
    name: 'a million edit-list entries of nothing',
    fileName: 'film.mp4',
    refusedBy: ['SL-202', 'SL-204', 'SL-270'],
    content: (film) => addEdits(film, many(edit(1n, -1n), 1_000_000), 1_000_000),
  },
  {
    name: 'an edit of 2^63 ticks',
    fileName: 'film.mp4',
    refusedBy: ['SL-206', 'SL-207', 'SL-270'],
    content: (film) => addEdits(film, Buffer.concat([edit(2n ** 63n - 1n, -1n), edit(1200n, 0n)]), 2),
  },
  {
    name: 'pictures centuries apart',
    fileName: 'film.mp4',
    refusedBy: ['SL-206', 'SL-270'],
    content: (film) => replaceBox(unedited(film), STTS, () => fullBox('stts', 0, 0, numbers(32, 1, 30, 0x7fffffff))),
  },
  {
    name: 'a time base of one tick in 4,294,967,295',
    fileName: 'film.mp4',
    refusedBy: [],
    content: (film) => patch(unedited(film), MDHD, { 20: 0xffffffff }),
  },
  { name: 'a time base of zero', fileName: 'film.mp4', refusedBy: [], content: (film) => patch(unedited(film), MDHD, { 20: 0 }) },
  {
    name: 'a million pictures a second',
    fileName: 'film.mp4',
    refusedBy: ['SL-270'],
    content: (film) => replaceBox(patch(film, MDHD, { 20: 1_000_000 }), STTS, () => fullBox('stts', 0, 0, numbers(32, 1, 30, 1))),
  },
  {
    name: 'pictures all at one time',
    fileName: 'film.mp4',
    refusedBy: ['SL-206', 'SL-270'],
    content: (film) => replaceBox(film, STTS, () => fullBox('stts', 0, 0, numbers(32, 1, 30, 0))),
  },
  {
    name: 'a header that says 2^32 ticks',
    fileName: 'film.mp4',
    refusedBy: [],
    content: (film) => patch(patch(film, MDHD, { 24: 0xffffffff }), MVHD, { 24: 0xffffffff }),
  },
  {
    name: 'a sample table of four thousand million entries',
    fileName: 'film.mp4',
    refusedBy: ['SL-202', 'SL-204', 'SL-207', 'SL-208', 'SL-270'],
    content: (film) => replaceBox(film, `${TRAK}/mdia/minf/stbl/stsz`, () => fullBox('stsz', 0, 0, numbers(32, 1, 0xffffffff))),
  },
  {
    name: 'tags of 40 MB',
    fileName: 'film.mp4',
    refusedBy: [],
    content(film) {
      const text = box('data', numbers(32, 1, 0), Buffer.alloc(400_000, '<'));
      const names = Array.from({ length: 100 }, (_, i) => box(`t${String(i).padStart(3, '0')}`, text));
      const keys = ['\u00a9nam', '\u00a9ART', '\u00a9cmt', '\u00a9alb', '\u00a9gen', '\u00a9too', 'desc', 'ldes', 'cprt', '\u00a9lyr'].flatMap((name) =>
        Array.from({ length: 10 }, () => box(name, text)),
      );
      const meta = fullBox('meta', 0, 0, fullBox('hdlr', 0, 0, numbers(32, 0), Buffer.from('mdirappl'), Buffer.alloc(9)), box('ilst', ...names, ...keys));
      return addToMoov(film, box('udta', meta));
    },
  },
  {
    name: 'a tag of a gigabyte',
    fileName: 'film.mp4',
    refusedBy: [],
    sparseBytes: 2 ** 30,
    content(film) {
      // The tag is the last thing in the file, and every box around it says that it is as long.
      const head = (type: string) => Buffer.concat([numbers(32, 2 ** 30), Buffer.from(type, 'latin1')]);
      const handler = fullBox('hdlr', 0, 0, numbers(32, 0), Buffer.from('mdirappl'), Buffer.alloc(9));
      const tail = Buffer.concat([head('udta'), head('meta'), numbers(32, 0), handler, head('ilst'), head('\u00a9cmt'), head('data'), numbers(32, 1, 0)]);
      const moov = findBoxes(film).find(({ path }) => path === 'moov')!;
      const grown = Buffer.concat([film.subarray(0, moov.end), tail]);
      grown.writeUInt32BE(2 ** 30 + 4096, moov.start);
      return grown;
    },
  },
  {
    name: 'an hour in a single group of pictures',
    fileName: 'film.mp4',
    refusedBy: [],
    content: (_, folder) => made(folder, 'gop.mp4', [...BLACK('64x36', 1, 3600), ...FAST, '-g', '1000000', '-sc_threshold', '0']),
  },
  {
    name: '8K of black',
    fileName: 'film.mp4',
    refusedBy: [],
    content: (_, folder) => made(folder, 'black.mp4', [...BLACK('7680x4320', 5, 1), ...FAST]),
  },
  {
    name: 'boxes within boxes, a hundred thousand deep',
    fileName: 'film.mp4',
    refusedBy: [],
    content(film) {
      const depth = 100_000;
      const nest = Buffer.alloc(8 * depth);
      for (let i = 0; i < depth; i++) {
        nest.writeUInt32BE(8 * (depth - i), 8 * i);
        nest.write('moov', 8 * i + 4, 'latin1');
      }
      return Buffer.concat([film, nest]);
    },
  },
];
