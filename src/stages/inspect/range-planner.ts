import type { TimeBase } from '../../media/time.ts';
import { ScenelineError } from '../../model/errors.ts';
import { LONGEST_FILM_SECONDS, MOST_PICTURES } from './limits.ts';
import type { ListedPacket } from './packet-line.ts';
import { PtsChecksum } from './pts-checksum.ts';
import type { ScanRange } from './scan.ts';

type OpenRange = {
  readonly startPtsTicks: number | null;
  packetCount: number;
  readonly checksum: PtsChecksum;
  readonly keyPtsTicks: number[];
};

/** What a packet listing says as a whole. */
export type Listing = {
  readonly ranges: readonly ScanRange[];
  readonly packetCount: number;
  readonly discardedCount: number;
  readonly missingPtsCount: number;
  readonly isEncrypted: boolean;
  /** Key frames follow each other in time, as a split at key frames needs. */
  readonly keysAscend: boolean;
  readonly first: { readonly ptsTicks: number } | null;
  readonly last: { readonly ptsTicks: number; readonly durationTicks: number } | null;
  /** Times of the first pictures, ascending: what a trial decode must give. */
  readonly leadPtsTicks: readonly number[];
};

const LEAD_PACKETS = 256;

/**
 * Splits a track into ranges that start at key frames, while its packets stream by in decode order.
 * A picture belongs to the range its presentation time falls into, so pictures that lead an open GOP stay with the range before.
 * Memory grows with key frames only.
 */
export class RangePlanner {
  readonly #rangeTicks: number;
  readonly #longestTicks: number;
  readonly #ranges: OpenRange[] = [newRange(null)];
  #lastKeyPts: number | null = null;
  #packetCount = 0;
  #discardedCount = 0;
  #missingPtsCount = 0;
  #isEncrypted = false;
  #keysAscend = true;
  #firstPts: number | null = null;
  #last: { ptsTicks: number; durationTicks: number } | null = null;
  readonly #lead: number[] = [];

  /** @param rangeSeconds wanted length of a range; the real one ends at the next key frame. */
  constructor(timeBase: TimeBase, rangeSeconds: number) {
    this.#rangeTicks = (rangeSeconds * timeBase.den) / timeBase.num;
    this.#longestTicks = (LONGEST_FILM_SECONDS * timeBase.den) / timeBase.num;
  }

  /** Throws SL-350 as soon as it is clear that the film is too long: a small file can list packets for hours. */
  add(packet: ListedPacket): void {
    if (packet.isEncrypted) this.#isEncrypted = true;
    if (packet.isDiscarded) {
      this.#discardedCount++;
      return;
    }
    this.#packetCount++;
    if (this.#packetCount > MOST_PICTURES) throw new ScenelineError('SL-350', `The film has more than ${MOST_PICTURES} pictures.`);
    if (packet.ptsTicks === null) {
      this.#missingPtsCount++;
      return;
    }
    this.#place(packet.ptsTicks, packet.isKey, packet.durationTicks);
  }

  #place(ptsTicks: number, isKey: boolean, durationTicks: number): void {
    if (this.#firstPts === null || ptsTicks < this.#firstPts) this.#firstPts = ptsTicks;
    if (this.#last === null || ptsTicks > this.#last.ptsTicks) this.#last = { ptsTicks, durationTicks };
    if (this.#last.ptsTicks - this.#firstPts > this.#longestTicks)
      throw new ScenelineError('SL-350', 'From the first to the last of its times the film lasts more than 24 h.');
    if (this.#lead.length < LEAD_PACKETS) this.#lead.push(ptsTicks);
    if (isKey) this.#noteKey(ptsTicks);
    const range = this.#rangeAt(ptsTicks);
    range.packetCount++;
    range.checksum.add(ptsTicks);
    if (isKey) range.keyPtsTicks.push(ptsTicks);
  }

  /** Times may jump back and forth, so the ranges are not walked through. */
  #rangeAt(ptsTicks: number): OpenRange {
    let [low, high] = [0, this.#ranges.length - 1];
    while (low < high) {
      const middle = low === high - 1 ? high : (low + high) >> 1;
      if (ptsTicks < this.#ranges[middle].startPtsTicks!) high = middle - 1;
      else low = middle;
    }
    return this.#ranges[low];
  }

  #noteKey(ptsTicks: number): void {
    if (this.#lastKeyPts !== null && ptsTicks <= this.#lastKeyPts) {
      this.#keysAscend = false;
      return;
    }
    this.#lastKeyPts = ptsTicks;
    const start = this.#ranges.at(-1)!.startPtsTicks ?? this.#firstPts!;
    if (ptsTicks - start >= this.#rangeTicks) this.#ranges.push(newRange(ptsTicks));
  }

  finish(): Listing {
    return {
      ranges: this.#ranges.map((range, index) => ({
        index,
        startPtsTicks: range.startPtsTicks,
        endPtsTicks: this.#ranges[index + 1]?.startPtsTicks ?? null,
        packetCount: range.packetCount,
        ptsChecksum: range.checksum.hex,
        keyPtsTicks: range.keyPtsTicks,
      })),
      packetCount: this.#packetCount,
      discardedCount: this.#discardedCount,
      missingPtsCount: this.#missingPtsCount,
      isEncrypted: this.#isEncrypted,
      keysAscend: this.#keysAscend,
      first: this.#firstPts === null ? null : { ptsTicks: this.#firstPts },
      last: this.#last,
      leadPtsTicks: this.#lead.sort((a, b) => a - b),
    };
  }
}

/** All of a track as one range, for a listing that cannot be trusted. */
export function singleRange(listing: Listing): ScanRange {
  const keyPtsTicks = [...new Set(listing.ranges.flatMap((range) => range.keyPtsTicks))].sort((a, b) => a - b);
  return { index: 0, startPtsTicks: null, endPtsTicks: null, packetCount: listing.packetCount, ptsChecksum: '', keyPtsTicks };
}

function newRange(startPtsTicks: number | null): OpenRange {
  return { startPtsTicks, packetCount: 0, checksum: new PtsChecksum(), keyPtsTicks: [] };
}
