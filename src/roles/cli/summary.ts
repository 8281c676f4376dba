import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import type { Finding } from '../../model/finding.ts';
import type { Evidence } from '../../model/job.ts';
import type { Report } from '../../model/report.ts';
import type { Title } from '../../model/title.ts';
import type { Laptop } from '../all-in-one.ts';
import { missingScores, qualityWords } from '../report/words.ts';
import { formatBytes, formatSeconds, printable, stackLines, table } from './terminal.ts';

/** Findings as lines; the worst first. */
export function findingLines(findings: readonly Finding[]): string[] {
  const rank = { refuse: 0, warn: 1, info: 2 } as const;
  return [...findings]
    .sort((a, b) => rank[a.severity] - rank[b.severity])
    .map((finding) => `${finding.severity.padEnd(6)} ${finding.code}  ${printable(finding.message)}`);
}

/** What a person wants to see when a title is finished. */
export function summary(report: Report, dir: string, wasFinished: boolean): string {
  const rows = report.renditions.map((rendition) => [
    rendition.file,
    `${rendition.width}×${rendition.height}`,
    rendition.codec,
    `${rendition.frames} frames proven`,
    formatBytes(rendition.bytes),
    `${Math.round(rendition.bitsPerSecond / 1000)} kb/s`,
    qualityWords(rendition.quality),
  ]);
  const { cost } = report;
  const unscored = missingScores(report);
  const cpu = Object.values(cost.cpuSeconds).reduce((sum, seconds) => sum + seconds, 0);
  const lines = [
    wasFinished ? `Already finished: ${printable(dir)}` : `Finished: ${printable(dir)}`,
    '',
    ...(rows.length > 0 ? [table(rows), ''] : []),
    `${madeOf(report)}; ${report.source.frames > 0 ? 'every frame' : 'the sound'} matched with the master's.`,
    ...gains(report),
    ...(unscored === null ? [] : [unscored]),
    `Cost: ${formatSeconds(cost.wallSeconds)} of work, ${formatSeconds(cpu)} CPU, ${cost.framesEncoded} frames encoded, ${cost.framesReused} reused, ${cost.attempts} attempts, ${cost.losses} lost.`,
    ...(report.findings.length > 0 ? ['', ...findingLines(report.findings as Finding[])] : []),
    '',
    `HLS   ${printable(dir)}/${report.package.hls}`,
    `DASH  ${printable(dir)}/${report.package.dash}`,
    `Watch it:       ./sceneline watch ${quoted(dir)}`,
    `Prove it again: ./sceneline verify ${quoted(dir)} --against ${quoted(report.source.path)}`,
  ];
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** What was done to the loudness of which track. */
function gains({ plan }: Report): string[] {
  const changed = plan.audio.flatMap(({ name, gainDb }) => (typeof gainDb === 'number' ? [`${name} by ${gainDb > 0 ? '+' : ''}${gainDb.toFixed(1)} dB`] : []));
  return changed.length > 0 ? [`Loudness changed: ${changed.join(', ')}.`] : [];
}

function madeOf({ shots, chunks, plan }: Report): string {
  const pictures = chunks.length > 0 ? `Shots ${shots.length}, chunks ${chunks.length}, ` : 'No pictures, ';
  return `${pictures}audio ${plan.audio.length}, text ${plan.text.length}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${printable(path).replaceAll("'", "'\\''")}'`;
}

export type EndDescription = { readonly exitStatus: number; readonly lines: readonly string[]; readonly document: unknown };

/** Words and exit status for a title that did not end published. */
export async function describeEnd(title: Title, laptop: Pick<Laptop, 'queue'>): Promise<EndDescription> {
  if (title.state === 'refused') {
    const lines = ['The source is refused:', ...findingLines(title.findings)];
    return { exitStatus: 3, lines, document: { title: title.id, state: title.state, findings: title.findings } };
  }
  if (title.state === 'cancelled') {
    const facts = ERROR_CODES['SL-305'];
    return {
      exitStatus: facts.exit,
      lines: [`SL-305 ${facts.title}. Go on with: ./sceneline retry ${title.id}`],
      document: { title: title.id, state: title.state },
    };
  }
  const evidence = title.failedJobId ? await lastEvidence(title, laptop) : null;
  const lines = stackLines(`Title ${title.id} failed: ${evidence?.code ?? 'SL-901'} ${evidence?.message ?? 'no evidence was left'}`);
  if (evidence?.command) lines.push(`Command: ${evidence.command.join(' ')}`);
  if (evidence?.exitStatus) lines.push(`Exit status: ${evidence.exitStatus}`);
  if (evidence?.stderrTail) lines.push('End of its error output:', ...evidence.stderrTail.split('\n'));
  if (evidence?.objectKeys) lines.push(`Pictures in the state folder: ${evidence.objectKeys.join(', ')}`);
  const remedy = evidence && evidence.code in ERROR_CODES ? ERROR_CODES[evidence.code as ErrorCode].remedy : null;
  if (remedy) lines.push(remedy);
  lines.push(`After a fix: ./sceneline retry ${title.id}`);
  return { exitStatus: 4, lines, document: { title: title.id, state: title.state, failedJob: title.failedJobId, evidence } };
}

async function lastEvidence(title: Title, { queue }: Pick<Laptop, 'queue'>): Promise<Evidence | null> {
  let last: Evidence | null = null;
  for (let cursor: string | null = null; ; ) {
    const page = await queue.listAttempts(title.id, cursor, 500);
    for (const attempt of page.attempts) if (attempt.jobId === title.failedJobId && attempt.evidence) last = attempt.evidence;
    if (page.cursor === null) return last;
    cursor = page.cursor;
  }
}
