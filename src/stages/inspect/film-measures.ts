import { type TimeBase, ticksToSeconds } from '../../media/time.ts';
import type { IndexRecord } from '../../model/frame-index.ts';
import type { FrameStretch } from '../../model/inspection.ts';
import type { Shot } from '../../model/shot.ts';
import { type LookChanges, LookMeter } from './looks.ts';
import { type Pace, PaceMeter } from './pace.ts';
import { isWithin, type RangeNotes } from './range-object.ts';
import type { ScanRange } from './scan.ts';
import { ShotDetector } from './shots/shot-detector.ts';
import { BlackDetector, FrozenDetector } from './stretches.ts';

export type DamagedFrames = FrameStretch & { readonly startPtsTicks: number; readonly endPtsTicks: number };

/** What the frames of a whole film say. */
export type FilmMeasures = {
  readonly frameCount: number;
  readonly firstPtsTicks: number;
  readonly endPtsTicks: number;
  readonly keyFrames: readonly number[];
  readonly shots: readonly Shot[];
  readonly black: readonly FrameStretch[];
  readonly frozen: readonly FrameStretch[];
  readonly pace: Pace;
  readonly damaged: readonly DamagedFrames[];
  /** Pictures of damaged ranges that the container lists and nobody could decode. */
  readonly missingCount: number;
  /** Somewhere the container lists other pictures than decode, without any damage. */
  readonly isListingWrong: boolean;
  readonly timesAscend: boolean;
  /** Pictures turned by a right angle have another size and as many bytes, which only looks can tell. */
  readonly keepsSize: boolean;
  /** A picture outside all damage has each size that comes. */
  readonly isEverySizeVouched: boolean;
  readonly changes: LookChanges;
  /** Pictures begin or cease to say how they are turned; everything else is not to be relied on. */
  readonly turns: boolean;
  /** Frame numbers of the thumbnails' times. */
  readonly thumbnailFrames: ReadonlyMap<number, number>;
};

/**
 * Takes a film range by range and frame by frame. Pure, and the same for one range or forty. What it keeps grows with key frames,
 * shots and findings, never with frames.
 */
export class FilmMeter {
  readonly #timeBase: TimeBase;
  readonly #packetsPerFrame: number;
  readonly #shots: ShotDetector;
  readonly #black: BlackDetector;
  readonly #frozen: FrozenDetector;
  readonly #pace: PaceMeter;
  readonly #looks = new LookMeter();
  readonly #keyFrames: number[] = [];
  readonly #damaged: DamagedFrames[] = [];
  readonly #thumbnailFrames = new Map<number, number>();
  #notes: RangeNotes | null = null;
  #thumbnailTimes: ReadonlySet<number> = new Set();
  #openDamage: { startFrame: number; startPtsTicks: number } | null = null;
  #frame = 0;
  #firstPts = 0;
  #lastPts = Number.NEGATIVE_INFINITY;
  #missingCount = 0;
  #isListingWrong = false;
  #timesAscend = true;
  #turns = false;
  readonly #frameBytes = { sound: new Set<number>(), damaged: new Set<number>() };

  /** @param isInterlaced pictures may be coded as two fields, each a packet of its own. */
  constructor(timeBase: TimeBase, isInterlaced: boolean) {
    this.#timeBase = timeBase;
    this.#packetsPerFrame = isInterlaced ? 2 : 1;
    this.#shots = new ShotDetector(timeBase);
    this.#black = new BlackDetector(timeBase);
    this.#frozen = new FrozenDetector(timeBase);
    this.#pace = new PaceMeter(timeBase);
  }

  beginRange(range: ScanRange, frameCount: number, notes: RangeNotes): void {
    this.#notes = notes;
    this.#thumbnailTimes = new Set(notes.thumbnails.map(({ ptsTicks }) => ptsTicks));
    this.#timesAscend &&= notes.timesAscend;
    this.#turns ||= notes.turns;
    for (const look of notes.looks) this.#looks.push(look);
    if (notes.matchesListing === false) this.#noteMismatch(range.packetCount, frameCount, notes.damaged.length > 0);
    for (const bytes of notes.frameBytes.sound) this.#frameBytes.sound.add(bytes);
    for (const bytes of notes.frameBytes.damaged) this.#frameBytes.damaged.add(bytes);
  }

  push(record: IndexRecord): void {
    const { ptsTicks } = record;
    if (this.#frame === 0) this.#firstPts = ptsTicks;
    if (ptsTicks <= this.#lastPts) this.#timesAscend = false;
    this.#lastPts = ptsTicks;
    if (record.isKey) this.#keyFrames.push(this.#frame);
    if (this.#thumbnailTimes.has(ptsTicks)) this.#thumbnailFrames.set(ptsTicks, this.#frame);
    this.#noteDamage(ptsTicks);
    this.#pace.push(ptsTicks);
    this.#shots.push(record);
    this.#black.push(record);
    this.#frozen.push(record);
    this.#frame++;
  }

  /** @param last what the container lists last; its duration says when the film ends if that frame is the last one decoded. */
  finish(last: { readonly ptsTicks: number; readonly durationTicks: number } | null, nominalFps: number): FilmMeasures {
    const pace = this.#pace.finish();
    const nominalTicks = nominalFps > 0 ? Math.round(1 / nominalFps / ticksToSeconds(1, this.#timeBase)) : 0;
    const listedTicks = last !== null && last.ptsTicks === this.#lastPts ? last.durationTicks : 0;
    const endPtsTicks = this.#frame === 0 ? 0 : this.#lastPts + (listedTicks || pace.commonTicks || Math.max(1, nominalTicks));
    this.#closeDamage(endPtsTicks);
    const { sound, damaged } = this.#frameBytes;
    const { changes } = this.#looks;
    return {
      frameCount: this.#frame,
      firstPtsTicks: this.#firstPts,
      endPtsTicks,
      keyFrames: this.#keyFrames,
      shots: this.#shots.finish(),
      black: this.#black.finish(endPtsTicks),
      frozen: this.#frozen.finish(endPtsTicks),
      pace,
      damaged: this.#damaged,
      missingCount: this.#missingCount,
      isListingWrong: this.#isListingWrong,
      timesAscend: this.#timesAscend,
      keepsSize: sound.union(damaged).size <= 1 && changes.sizePtsTicks === null,
      isEverySizeVouched: damaged.isSubsetOf(sound),
      changes,
      turns: this.#turns,
      thumbnailFrames: this.#thumbnailFrames,
    };
  }

  #noteMismatch(packetCount: number, frameCount: number, isDamaged: boolean): void {
    const mayBeFields = this.#packetsPerFrame === 2 && frameCount >= packetCount / this.#packetsPerFrame - 1;
    if (isDamaged && !mayBeFields) this.#missingCount += Math.max(0, packetCount - frameCount);
    else this.#isListingWrong = true;
  }

  #noteDamage(ptsTicks: number): void {
    const isDamaged = this.#notes!.damaged.some((stretch) => isWithin(ptsTicks, stretch));
    if (isDamaged) this.#openDamage ??= { startFrame: this.#frame, startPtsTicks: ptsTicks };
    else this.#closeDamage(ptsTicks);
  }

  #closeDamage(endPtsTicks: number): void {
    if (this.#openDamage) this.#damaged.push({ ...this.#openDamage, endFrameExclusive: this.#frame, endPtsTicks });
    this.#openDamage = null;
  }
}
