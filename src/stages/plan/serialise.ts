import type { Plan } from '../../model/plan.ts';

/** The plan as stored: JSON in UTF-8, keys in one fixed order, so equal plans are equal bytes. */
export function serialisePlan(plan: Plan): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(ordered(plan)));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, ordered(part)]));
}
