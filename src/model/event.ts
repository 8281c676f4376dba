export type EventType = 'title.registered' | 'title.inspected' | 'title.published' | 'title.failed' | 'title.refused' | 'title.cancelled';

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
