/** What came of all tests; `skipped` names each with its reason. */
export type Totals = { passed: number; failed: number; readonly skipped: string[] };

/** The part of an event of `node:test` that counts. */
export type TestEvent = { readonly name: string; readonly skip?: string | boolean; readonly details: { readonly type?: string } };

/** A suite counts by its tests, but one that was skipped has none: it is itself what was skipped. */
export function countPass(totals: Totals, { name, skip, details }: TestEvent): void {
  if (skip !== undefined && skip !== false) totals.skipped.push(`${name}${typeof skip === 'string' ? `: ${skip}` : ''}`);
  else if (details.type !== 'suite') totals.passed++;
}

export function countFailure(totals: Totals, { details }: TestEvent): void {
  if (details.type !== 'suite') totals.failed++;
}
