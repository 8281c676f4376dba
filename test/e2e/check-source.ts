import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../../src/model/finding.ts';
import { proveTitle, runSceneline } from './check-film.ts';
import type { IndependentVerdict } from './independent-check.ts';

/** One small rung: what is looked at is what happens to the source, not the encoder. */
export const SMALL_RUNG = { name: 'small', boxPx: 360, crf: 18, maxrateKbps: 60_000, bufsizeKbit: 120_000, preset: 'ultrafast' };
const LONGEST_MS = 15 * 60_000;

/** What became of a source that may be odd or broken. Empty `faults`: refused with reasons, or encoded, proven, and plain ffmpeg agrees. */
export type SourceOutcome = {
  readonly name: string;
  readonly outcome: 'encoded' | 'refused' | 'inspected' | 'failed';
  /** What plain ffmpeg measured; null for what was not encoded. */
  readonly check: IndependentVerdict | null;
  readonly findings: readonly Pick<Finding, 'code' | 'severity' | 'message'>[];
  readonly faults: readonly string[];
  readonly seconds: number;
};

type Documents = { readonly findings?: SourceOutcome['findings']; readonly inspection?: { readonly frameCount: number } | null };

type Checks = {
  readonly rungs?: readonly object[];
  /** Looks at the finished title's folder. */
  readonly look?: (dir: string) => Promise<void>;
};

/** Encodes a source with one small rung, verifies it, and lets plain ffmpeg judge. Leaves nothing behind. */
export function checkSource(name: string, source: string, { rungs = [SMALL_RUNG], look }: Checks = {}): Promise<SourceOutcome> {
  return inFolder(async (folder) => {
    const [dir, ladder] = [join(folder, 'out'), join(folder, 'ladder.json')];
    await writeFile(ladder, JSON.stringify({ rungs }));
    const end = await runSceneline(['encode', source, '--out', dir, '--state', join(folder, 'state'), '--ladder', ladder, '--json'], LONGEST_MS);
    const { findings = [] } = documentOf(end.stdout);
    const base = { name, findings, check: null, seconds: end.seconds };
    if (end.status === 3) return { ...base, outcome: 'refused', faults: refusalFaults(findings) };
    if (end.status !== 0)
      return { ...base, outcome: 'failed', faults: [end.status === null ? 'it hung' : `encode ended with ${end.status}: ${end.stderr.trim().slice(-900)}`] };
    const has = (...codes: string[]) => findings.some(({ code }) => codes.includes(code));
    const { check, faults } = await proveTitle(source, dir, end.stdout, {
      isDamaged: has('SL-234', 'SL-235'),
      changesSize: has('SL-242'),
      hasFields: has('SL-222'),
    });
    await look?.(dir);
    return { ...base, outcome: 'encoded', check, faults };
  });
}

/** Inspects a source whole. */
export function inspectWhole(name: string, source: string): Promise<SourceOutcome> {
  return inFolder(async (folder) => {
    const end = await runSceneline(['inspect', source, '--state', join(folder, 'state'), '--json'], 4 * LONGEST_MS);
    const { inspection, findings = [] } = documentOf(end.stdout);
    const frames = inspection?.frameCount ?? 0;
    const faults = end.status === 0 && frames > 0 ? [] : [`inspect ended with ${end.status}: ${end.stderr.trim().slice(-900)}`];
    return { name, outcome: 'inspected', findings, check: { sourceFrames: frames, renditions: [], faults: [] }, faults, seconds: end.seconds };
  });
}

async function inFolder(work: (folder: string) => Promise<SourceOutcome>): Promise<SourceOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-source-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function documentOf(stdout: string): Documents {
  return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Documents);
}

/** A refusal has to say why, in words. */
function refusalFaults(findings: SourceOutcome['findings']): string[] {
  const reasons = findings.filter(({ severity }) => severity === 'refuse');
  if (reasons.length === 0) return ['refused without a reason'];
  return reasons.filter(({ message }) => message.length < 12).map(({ code }) => `${code} has no words`);
}
