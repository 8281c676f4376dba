import { ScenelineError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { JobResult } from '../model/job.ts';

/** What `scan` leaves for the decisions after it. */
export type ScanResult = {
  readonly refused: boolean;
  /** 0 when refused or without a picture track. */
  readonly rangeCount: number;
  /** Of one picture; 0 when refused. */
  readonly pixels: number;
  /** Stream numbers of the source's audio tracks. */
  readonly audioStreams: readonly number[];
  readonly findings: readonly Finding[];
};

/** What `stitch` leaves. */
export type StitchResult = { readonly refused: boolean; readonly findings: readonly Finding[]; readonly frameCount: number };

/** What `plan` leaves: how much there is to make. */
export type PlanResult = {
  /** 0: a title of sound only; it has no codecs and renditions either. */
  readonly chunkCount: number;
  readonly codecs: readonly string[];
  readonly audioCount: number;
  readonly textCount: number;
  readonly renditionCount: number;
  /** The title's last chunks (all, where there are few) by length, the longest first: so the very last jobs are short ones, and no worker waits long for another. */
  readonly longestFirst: readonly number[];
};

/** Throws SL-901 when a row holds something else; so do the two below. */
export function readScanResult(result: JobResult): ScanResult {
  const refused = flag(result, 'refused');
  const audioStreams = list(result, 'audioStreams', (item): item is number => Number.isSafeInteger(item));
  return {
    refused,
    rangeCount: count(result, 'rangeCount', refused || audioStreams.length > 0 ? 0 : 1),
    // Versions before the cluster left it out.
    pixels: result.pixels === undefined ? 0 : count(result, 'pixels', 0),
    audioStreams,
    findings: findings(result),
  };
}

export function readStitchResult(result: JobResult): StitchResult {
  const refused = flag(result, 'refused');
  return { refused, findings: findings(result), frameCount: count(result, 'frameCount', 0) };
}

export function readPlanResult(result: JobResult): PlanResult {
  const codecs = list(result, 'codecs', (item): item is string => typeof item === 'string' && /^[a-z0-9]{1,16}$/.test(item));
  const chunkCount = count(result, 'chunkCount', 0);
  if (codecs.length === 0 && chunkCount > 0) throw broken('codecs');
  return {
    codecs,
    chunkCount,
    audioCount: count(result, 'audioCount', chunkCount === 0 ? 1 : 0),
    textCount: count(result, 'textCount', 0),
    renditionCount: count(result, 'renditionCount', chunkCount === 0 ? 0 : 1),
    // Versions before it was chosen left it out.
    longestFirst: result.longestFirst === undefined ? [] : lastPlaces(result, 'longestFirst', chunkCount),
  };
}

function findings(result: JobResult): Finding[] {
  return list(result, 'findings', (item): item is Finding => typeof item === 'object' && item !== null && 'code' in item && 'severity' in item);
}

function flag(result: JobResult, name: string): boolean {
  const value = result[name];
  if (typeof value !== 'boolean') throw broken(name);
  return value;
}

function count(result: JobResult, name: string, least: number): number {
  const value = result[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) throw broken(name);
  return value;
}

function list<T>(result: JobResult, name: string, isItem: (item: unknown) => item is T): T[] {
  const value = result[name];
  if (!Array.isArray(value) || !value.every(isItem) || new Set(value).size !== value.length) throw broken(name);
  return value;
}

/** The last numbers below `total`, each once, in any order. */
function lastPlaces(result: JobResult, name: string, total: number): number[] {
  const isPlace = (item: unknown): item is number => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0 && item < total;
  const places = list(result, name, isPlace);
  if (places.some((place) => place < total - places.length)) throw broken(name);
  return places;
}

function broken(name: string): ScenelineError {
  return new ScenelineError('SL-901', `A finished job has no usable "${name}" in its result.`);
}
