/** The eight steps of a title, in order. */
export const STAGE_NAMES = ['ingest', 'inspect', 'plan', 'encode', 'validate', 'assemble', 'package', 'publish'] as const;
export type StageName = (typeof STAGE_NAMES)[number];
