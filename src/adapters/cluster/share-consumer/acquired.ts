import type { FetchedPartition, OffsetRange, ShareRecord } from './messages.ts';

/**
 * What of a fetched partition is ours. A reply holds whole produced batches, of which only the acquired offsets are locked for us;
 * acquired offsets without a record are gaps, and must be settled as such or they lapse again and again.
 */
export function sortAcquired({ records, acquired }: Pick<FetchedPartition, 'records' | 'acquired'>): {
  readonly ours: readonly { readonly record: ShareRecord; readonly deliveryCount: number }[];
  readonly gaps: readonly OffsetRange[];
} {
  const ours: { record: ShareRecord; deliveryCount: number }[] = [];
  const gaps: OffsetRange[] = [];
  for (const { first, last, deliveryCount } of acquired) {
    let next = first;
    for (const record of records) {
      if (record.offset < next || record.offset > last) continue;
      if (record.offset > next) gaps.push({ first: next, last: record.offset - 1n });
      ours.push({ record, deliveryCount });
      next = record.offset + 1n;
    }
    if (next <= last) gaps.push({ first: next, last });
  }
  return { ours, gaps };
}
