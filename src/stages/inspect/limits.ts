/** How long a media tool may be silent, and how long it may take in all. */
export type ToolLimits = { readonly stallMs: number; readonly wallMs: number };

export const PROBE_LIMITS: ToolLimits = { stallMs: 120_000, wallMs: 600_000 };
/** Listing packets reads the whole file; how fast is the disk's matter. */
export const LISTING_LIMITS: ToolLimits = { stallMs: 300_000, wallMs: 24 * 3_600_000 };
export const DECODING_LIMITS: ToolLimits = { stallMs: 300_000, wallMs: 24 * 3_600_000 };
