export const EVENT_TYPES = [
  'title.registered',
  'title.inspected',
  'chunk.proven',
  'title.published',
  'title.failed',
  'title.refused',
  'title.cancelled',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Announced at least once; a consumer recognises a repeat by `id`. */
export type SceneEvent = {
  readonly id: string;
  readonly type: EventType;
  readonly titleId: string;
  readonly revision: string;
  readonly atMs: number;
  readonly version: 1;
  readonly data: { readonly [key: string]: unknown };
};
