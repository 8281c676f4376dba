import type { Finding } from './finding.ts';
import type { Ladder } from './ladder.ts';
import type { Sidecar } from './sidecar.ts';
import type { SourceSeal } from './source.ts';

/**
 * States of a title:
 *
 *   registered -> inspecting -> planning -> encoding -> assembling -> packaging -> published
 *        \------------\------------\-----------\------------\------------\
 *         refused (inspect only), failed (a job parked), cancelled (by the operator)
 *
 * `failed` and `cancelled` go back to where they were by `retry`; a changed source, ladder or tool starts a new revision at `registered`.
 */
export const TITLE_STATES = [
  'registered',
  'inspecting',
  'planning',
  'encoding',
  'assembling',
  'packaging',
  'published',
  'refused',
  'failed',
  'cancelled',
] as const;
export type TitleState = (typeof TITLE_STATES)[number];

export const LIVE_STATES: readonly TitleState[] = ['registered', 'inspecting', 'planning', 'encoding', 'assembling', 'packaging'];

/** What a title was asked to become. A different order is a different revision. */
export type TitleOrder = {
  readonly seal: SourceSeal;
  readonly ladder: Ladder;
  /** Files of subtitles delivered beside the source, in the order given; missing: none. */
  readonly sidecars?: readonly Sidecar[];
  /** True: a damage that would be repaired refuses the source; missing: it is repaired and told. */
  readonly isStrict?: boolean;
  /** Identity of the encoder build and recipe version; one title uses one. */
  readonly encoderBuild: string;
  /** Folder in which the finished title appears; null: it stays in the object store, and whoever wants it fetches it. */
  readonly outDir: string | null;
  /** Larger overtakes; 0 when nobody says. Not part of what the title becomes. */
  readonly urgency?: number;
};

/** Small facts that later decisions need, copied from finished jobs. */
export type TitleProgress = {
  /** Of one picture of the source; says how much memory its jobs take. */
  readonly pixels?: number;
  readonly rangeCount?: number;
  readonly audioCount?: number;
  readonly textCount?: number;
  readonly chunkCount?: number;
  /** The last chunks in the order in which they are admitted; those before them as they come in the film. */
  readonly longestFirst?: readonly number[];
  readonly codecs?: readonly string[];
  readonly renditionCount?: number;
  /** Chunk jobs admitted to the queue so far. */
  readonly admittedChunks?: number;
};

export type Title = {
  readonly id: string;
  readonly createdMs: number;
  /** Grows with every change; every write is conditional on it. */
  readonly rev: number;
  readonly state: TitleState;
  /** Identity of the order: hash over the bytes of source and sidecars, ladder, strictness and encoder build; `-<rev>` is added when the title starts anew. Job ids contain it. */
  readonly revision: string;
  readonly order: TitleOrder;
  readonly protection: 'none';
  readonly progress: TitleProgress;
  readonly findings: readonly Finding[];
  /** State before `failed` or `cancelled`. */
  readonly resumeState: TitleState | null;
  /** Why it failed: the parked job. */
  readonly failedJobId: string | null;
};
