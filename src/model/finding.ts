import type { ErrorCode } from './error-codes.ts';

/** `refuse` stops the title before any encode; `warn` is repaired or worked around; `info` is worth knowing. */
export type Severity = 'info' | 'warn' | 'refuse';

/** Where in the source: any part may be missing. Frames are presentation order, zero based; seconds count from the first picture, or the first sound where there are none. */
export type Place = {
  readonly streamIndex?: number;
  readonly startFrame?: number;
  readonly endFrameExclusive?: number;
  readonly startSeconds?: number;
  readonly endSeconds?: number;
};

/** One result of inspection, in words a person understands. */
export type Finding = {
  readonly code: ErrorCode;
  readonly severity: Severity;
  readonly place: Place;
  readonly message: string;
};

/** What is broken in a source, and worked around: gaps, pictures and sound that are damaged, missing or left out, a turn that is not kept. */
const DAMAGE: ReadonlySet<ErrorCode> = new Set(['SL-225', 'SL-226', 'SL-231', 'SL-233', 'SL-234', 'SL-235', 'SL-241']);

export type Judgement = { readonly refused: boolean; readonly findings: readonly Finding[] };

/** What the findings come to for one who asks. @param isStrict every damage refuses the source, though others may have it repaired */
export function judgeFindings(found: readonly Finding[], isStrict = false): Judgement {
  const findings = isStrict ? found.map((finding): Finding => (DAMAGE.has(finding.code) ? { ...finding, severity: 'refuse' } : finding)) : found;
  return { refused: isRefused(findings), findings };
}

export function isRefused(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'refuse');
}
