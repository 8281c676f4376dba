import { type FileHandle, open } from 'node:fs/promises';
import { FrameHashReader, type HashedFrame } from '../../media/tool-output/frame-hash-lines.ts';
import { encodeIndexRecord, INDEX_RECORD_BYTES } from '../../model/frame-index.ts';
import type { VideoTrack } from '../../model/source.ts';
import { type ContentBox, CROP_STRIPS, contentBox } from './crop.ts';
import { JpegSplitter } from './jpeg-splitter.ts';
import type { Look } from './looks.ts';
import { PictureSplitter } from './picture-splitter.ts';
import { PtsChecksum } from './pts-checksum.ts';
import { RANGE_FD } from './range-args.ts';
import { type DamagedStretch, encodeRangeHeader, encodeRangeNotes, isWithin, RANGE_HEADER_BYTES } from './range-object.ts';
import type { ScanRange } from './scan.ts';
import { LUMA_BYTES, measureChange, measurePicture, storedPicture } from './shots/features.ts';
import { ThumbnailPicker } from './thumbnail-picks.ts';

const RECORDS_PER_WRITE = 512;

/** What is known only when the process has ended. */
export type RangeEnd = { readonly looks: readonly Look[]; readonly turns: boolean; readonly isListTrusted: boolean };

/** More sizes than this are no film's. */
const MOST_SIZES = 100;

type Measured = { readonly features: Float32Array; readonly picture: Uint8Array };

/**
 * Takes what the decoding process writes, on all its descriptors at once, and writes a range object into a file as it comes.
 * Times and hashes arrive apart from the pictures; what is waiting for its other half is all that is kept in memory.
 */
export class RangeRecorder {
  readonly #file: FileHandle;
  readonly #range: ScanRange;
  readonly #damaged: readonly DamagedStretch[];
  readonly #hashes: FrameHashReader;
  readonly #luma = new PictureSplitter(LUMA_BYTES, (picture) => this.#onLuma(picture));
  readonly #jpegs = new JpegSplitter((jpeg) => this.#thumbnails.push(jpeg));
  readonly #rows: PictureSplitter;
  readonly #columns: PictureSplitter;
  readonly #picker: ThumbnailPicker;
  readonly #keys: ReadonlySet<number>;

  #hashed: HashedFrame[] = [];
  #measured: Measured[] = [];
  #first: Uint8Array | null = null;
  #last: Uint8Array | null = null;
  #batch = new Uint8Array(RECORDS_PER_WRITE * INDEX_RECORD_BYTES);
  #batched = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #bytesWritten = RANGE_HEADER_BYTES;

  readonly #checksum = new PtsChecksum();
  #frameCount = 0;
  #lastPts = Number.NEGATIVE_INFINITY;
  #timesAscend = true;
  readonly #frameBytes = { sound: new Set<number>(), damaged: new Set<number>() };

  readonly #thumbnails: Uint8Array[] = [];
  readonly #pickedPts: number[] = [];
  readonly #waitingRows: Uint8Array[] = [];
  readonly #waitingColumns: Uint8Array[] = [];
  readonly #contents: (ContentBox | null)[] = [];

  private constructor(file: FileHandle, range: ScanRange, damaged: readonly DamagedStretch[], video: VideoTrack, zeroPtsTicks: number | null) {
    this.#file = file;
    this.#range = range;
    this.#damaged = damaged;
    this.#keys = new Set(range.keyPtsTicks);
    this.#hashes = new FrameHashReader(video.timeBase, (frame) => this.#onHash(frame));
    this.#picker = new ThumbnailPicker(zeroPtsTicks, video.timeBase);
    this.#rows = new PictureSplitter(video.heightPx * CROP_STRIPS, (rows) => this.#onCrop(this.#waitingRows, rows));
    this.#columns = new PictureSplitter(video.widthPx * CROP_STRIPS, (columns) => this.#onCrop(this.#waitingColumns, columns));
  }

  /** @param damaged what is known to be damaged in the range; a size that comes only there is not vouched for. */
  static async create(
    path: string,
    range: ScanRange,
    damaged: readonly DamagedStretch[],
    video: VideoTrack,
    zeroPtsTicks: number | null,
  ): Promise<RangeRecorder> {
    return new RangeRecorder(await open(path, 'w'), range, damaged, video, zeroPtsTicks);
  }

  /** Consumers for the process's descriptors. They wait for the file where they must. */
  get outputs(): { readonly [fd: number]: (bytes: Uint8Array) => void | Promise<void> } {
    return {
      [RANGE_FD.hashes]: (bytes) => this.#take(() => this.#hashes.write(bytes)),
      [RANGE_FD.luma]: (bytes) => this.#take(() => this.#luma.write(bytes)),
      [RANGE_FD.thumbnails]: (bytes) => this.#jpegs.write(bytes),
      [RANGE_FD.rows]: (bytes) => this.#rows.write(bytes),
      [RANGE_FD.columns]: (bytes) => this.#columns.write(bytes),
    };
  }

  get frameCount(): number {
    return this.#frameCount;
  }

  /** Whether exactly the frames were decoded that the container lists. */
  get matchesListing(): boolean {
    return this.#timesAscend && this.#frameCount === this.#range.packetCount && this.#checksum.hex === this.#range.ptsChecksum;
  }

  /**
   * Writes what is left and closes the file. Throws RangeError when the process wrote halves without their others,
   * unless the pictures turn: what the filters wrote then is of no use.
   */
  async finish({ looks, turns, isListTrusted }: RangeEnd): Promise<{ sizeBytes: number; frameCount: number }> {
    for (const part of [this.#hashes, this.#luma, this.#jpegs, this.#rows, this.#columns]) part.end();
    const picked = this.#pickedPts.length;
    const fits = this.#hashed.length + this.#measured.length === 0 && this.#thumbnails.length === picked && this.#contents.length === picked;
    if (!fits && !turns) {
      throw new RangeError(`${this.#frameCount} frames and ${picked} thumbnails do not match the pictures that came`);
    }
    this.#flush();
    const thumbnails = turns ? [] : this.#thumbnails;
    const notes = encodeRangeNotes({
      thumbnails: thumbnails.map(({ byteLength }, i) => ({ ptsTicks: this.#pickedPts[i], sizeBytes: byteLength, content: this.#contents[i] })),
      damaged: this.#damaged,
      matchesListing: isListTrusted ? this.matchesListing : null,
      timesAscend: this.#timesAscend,
      frameBytes: { sound: [...this.#frameBytes.sound], damaged: [...this.#frameBytes.damaged] },
      looks,
      turns,
    });
    for (const part of [...(this.#first && this.#last ? [this.#first, this.#last] : []), notes, ...thumbnails]) this.#append(part);
    await this.#writing;
    const thumbnailBytes = thumbnails.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const header = { rangeIndex: this.#range.index, frameCount: this.#frameCount, notesBytes: notes.byteLength, thumbnailBytes };
    await this.#file.write(encodeRangeHeader(header), 0, RANGE_HEADER_BYTES, 0);
    return { sizeBytes: this.#bytesWritten, frameCount: this.#frameCount };
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }

  #take(read: () => void): Promise<void> {
    read();
    this.#pair();
    return this.#writing.then(() => {});
  }

  #onHash(frame: HashedFrame): void {
    if (frame.ptsTicks <= this.#lastPts) this.#timesAscend = false;
    this.#lastPts = frame.ptsTicks;
    const sizes = this.#frameBytes[this.#damaged.some((stretch) => isWithin(frame.ptsTicks, stretch)) ? 'damaged' : 'sound'];
    if (sizes.size < MOST_SIZES) sizes.add(frame.sizeBytes);
    this.#checksum.add(frame.ptsTicks);
    if (this.#picker.isPicked(frame.ptsTicks)) this.#pickedPts.push(frame.ptsTicks);
    this.#hashed.push(frame);
  }

  #onLuma(picture: Uint8Array): void {
    const features = measurePicture(picture);
    if (this.#last) measureChange(this.#last, picture, features);
    this.#measured.push({ features, picture: storedPicture(picture) });
    this.#first ??= Uint8Array.from(picture);
    this.#last ??= new Uint8Array(LUMA_BYTES);
    this.#last.set(picture);
  }

  #onCrop(waiting: Uint8Array[], picture: Uint8Array): void {
    waiting.push(Uint8Array.from(picture));
    while (this.#waitingRows.length > 0 && this.#waitingColumns.length > 0) {
      this.#contents.push(contentBox(this.#waitingRows.shift()!, this.#waitingColumns.shift()!));
    }
  }

  #pair(): void {
    const count = Math.min(this.#hashed.length, this.#measured.length);
    for (let i = 0; i < count; i++) {
      const { ptsTicks, hash } = this.#hashed[i];
      const record = { ptsTicks, isKey: this.#keys.has(ptsTicks), hash, ...this.#measured[i] };
      encodeIndexRecord(record, this.#batch, this.#batched * INDEX_RECORD_BYTES);
      this.#batched++;
      if (this.#batched === RECORDS_PER_WRITE) this.#flush();
    }
    this.#hashed = this.#hashed.slice(count);
    this.#measured = this.#measured.slice(count);
    this.#frameCount += count;
  }

  #flush(): void {
    this.#append(this.#batch.subarray(0, this.#batched * INDEX_RECORD_BYTES));
    this.#batch = new Uint8Array(RECORDS_PER_WRITE * INDEX_RECORD_BYTES);
    this.#batched = 0;
  }

  #append(bytes: Uint8Array): void {
    const at = this.#bytesWritten;
    this.#bytesWritten += bytes.byteLength;
    this.#writing = this.#writing.then(() => writeAll(this.#file, bytes, at));
    this.#writing.catch(() => {});
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, at + done);
    done += bytesWritten;
  }
}
