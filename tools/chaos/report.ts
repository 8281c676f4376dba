import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { framesLost, type ListedAttempt, provenTwice, type TitleOutcome } from '../../test/cluster/load.ts';
import type { Fault } from './faults.ts';

/** When a fault began, when everything was there again, and when the next chunk was proven. */
export type FaultTimes = { readonly fault: Fault; readonly startMs: number; readonly mendedMs: number; readonly onMs: number };

type FaultLine = {
  readonly what: string;
  readonly atSeconds: number;
  readonly tookSeconds: number;
  /** From when all was there again to the next proven chunk. */
  readonly onAfterSeconds: number;
  readonly lost: number;
  readonly released: number;
  readonly failed: number;
  readonly framesLostAtMost: number;
};

type TitleLine = {
  readonly title: string;
  readonly film: string;
  readonly frames: number;
  readonly chunks: number;
  readonly attempts: number;
  readonly provenTwice: number;
  readonly differingFiles: readonly string[];
};

export type ChaosReport = {
  readonly machineCores: number;
  readonly wallSeconds: number;
  readonly workers: number;
  readonly medianChunkFrames: number;
  readonly kills: number;
  readonly framesLostPerKillAtMost: number;
  readonly faults: readonly FaultLine[];
  readonly titles: readonly TitleLine[];
  /** What should not have been; empty when all is well. */
  readonly problems: readonly string[];
};

/** Puts together what was done and what became of it. Attempts that came to nothing are laid to the fault before their end. Pure. */
export function chaosReport(
  times: readonly FaultTimes[],
  outcomes: readonly TitleOutcome[],
  run: { startMs: number; endMs: number; workers: number },
): ChaosReport {
  const faults = times.map((time, i) => faultLine(time, times[i + 1]?.startMs ?? Number.POSITIVE_INFINITY, outcomes, run.startMs));
  const killers = faults.filter((_, i) => times[i].fault.kills > 0);
  const kills = times.reduce((sum, { fault }) => sum + fault.kills, 0);
  const sizes = outcomes.flatMap(({ report }) => report.chunks.map((chunk) => chunk.endFrameExclusive - chunk.startFrame)).sort((a, b) => a - b);
  const titles = outcomes.map(titleLine);
  return {
    machineCores: availableParallelism(),
    wallSeconds: seconds(run.endMs - run.startMs),
    workers: run.workers,
    medianChunkFrames: sizes[Math.floor(sizes.length / 2)],
    kills,
    framesLostPerKillAtMost: Math.round(killers.reduce((sum, line) => sum + line.framesLostAtMost, 0) / Math.max(1, kills)),
    faults,
    titles,
    problems: problemsIn(faults, times, titles),
  };
}

/** Writes `long-chaos.json` and `long-chaos.md`. */
export async function writeChaosReport(folder: string, report: ChaosReport): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'long-chaos.json'), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(join(folder, 'long-chaos.md'), asMarkdown(report));
}

function faultLine({ fault, startMs, mendedMs, onMs }: FaultTimes, nextMs: number, outcomes: readonly TitleOutcome[], beginMs: number): FaultLine {
  const isMeant = ({ endedMs }: ListedAttempt) => endedMs !== null && endedMs >= startMs && endedMs < nextMs;
  const ended = outcomes.flatMap(({ attempts }) => attempts.filter(isMeant));
  const count = (outcome: ListedAttempt['outcome']) => ended.filter((attempt) => attempt.outcome === outcome).length;
  return {
    what: fault.what,
    atSeconds: seconds(startMs - beginMs),
    tookSeconds: seconds(mendedMs - startMs),
    onAfterSeconds: seconds(onMs - mendedMs),
    lost: count('lost'),
    released: count('released'),
    failed: count('failed'),
    framesLostAtMost: outcomes.reduce((sum, outcome) => sum + framesLost(outcome, isMeant), 0),
  };
}

function titleLine(outcome: TitleOutcome): TitleLine {
  const { id, film, report, attempts, differingFiles } = outcome;
  return {
    title: id,
    film: basename(film),
    frames: report.source.frames,
    chunks: report.chunks.length,
    attempts: attempts.length,
    provenTwice: provenTwice(outcome).length,
    differingFiles,
  };
}

function problemsIn(faults: readonly FaultLine[], times: readonly FaultTimes[], titles: readonly TitleLine[]): string[] {
  return [
    ...titles.flatMap(({ title, differingFiles }) => (differingFiles.length > 0 ? [`${title}: other bytes in ${differingFiles.join(', ')}`] : [])),
    ...titles.flatMap(({ title, provenTwice: twice }) => (twice > 0 ? [`${title}: ${twice} proven chunks were encoded again`] : [])),
    ...faults.flatMap(({ what, failed }, i) => (failed > (times[i].fault.failures ?? 0) ? [`${what}: ${failed} attempts counted as failures`] : [])),
  ];
}

function asMarkdown(report: ChaosReport): string {
  const { faults, titles, problems } = report;
  const faultRows = faults.map(
    (line) =>
      `| ${line.atSeconds} | ${line.what} | ${line.tookSeconds} | ${line.onAfterSeconds} | ${line.lost} / ${line.released} / ${line.failed} | ${line.framesLostAtMost} |`,
  );
  const titleRows = titles.map(
    (line) =>
      `| ${line.title} | ${line.film} | ${line.frames} | ${line.chunks} | ${line.attempts} | ${line.provenTwice} | ${line.differingFiles.length === 0 ? 'yes' : 'NO'} |`,
  );
  return `# Long chaos

Written by \`npm run chaos\`: three Cassandra nodes (three copies), one Kafka broker, S3, two controls and ${report.workers} workers, each in a network namespace of its own,
on ${report.machineCores} cores. ${report.wallSeconds} s in all, with the runs on one machine that the bytes are compared with.

- ${report.kills} processes of ours killed: ${report.framesLostPerKillAtMost} frames lost per kill at most; the median chunk has ${report.medianChunkFrames}.
- Proven chunks encoded again: ${titles.reduce((sum, line) => sum + line.provenTwice, 0)}. Titles with other bytes than on one machine: ${titles.filter((line) => line.differingFiles.length > 0).length}.
- ${problems.length === 0 ? 'Nothing went wrong.' : `Wrong: ${problems.join('; ')}.`}

| at s | what was done | all back after s | next chunk proven after s more | attempts lost / handed back / failed | frames lost at most |
|---|---|---|---|---|---|
${faultRows.join('\n')}

| title | film | frames | chunks | attempts of all jobs | proven twice | bytes as on one machine |
|---|---|---|---|---|---|---|
${titleRows.join('\n')}
`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
