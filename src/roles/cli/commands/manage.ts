import type { Command } from 'commander';
import { ScenelineError } from '../../../model/errors.ts';
import type { Title } from '../../../model/title.ts';
import { collectGarbage } from '../../../pipeline/collect-garbage.ts';
import { type Laptop, openLaptop } from '../../all-in-one.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, clusterConfigPath, stateFolder } from '../options.ts';
import { formatBytes, formatSeconds, printable, printableJson, table } from '../terminal.ts';
import { withCluster } from './cluster.ts';
import { runRetry } from './encode.ts';

const PAGE = 200;

export function titlesCommand(command: Command, invocation: Invocation): void {
  command.action((options: CommonOptions) =>
    withSite(options, invocation, async (site) => {
      const titles = await allTitles(site);
      if (options.json) return print(printableJson({ titles }));
      if (titles.length === 0) return print('No titles yet. Make one with: ./sceneline encode SOURCE --out DIR');
      const rows = titles.map((title) => [
        title.id,
        title.state,
        new Date(title.createdMs).toISOString().slice(0, 16).replace('T', ' '),
        printable(title.order.outDir ?? 'fetch it'),
      ]);
      return print(table([['TITLE', 'STATE', 'CREATED (UTC)', 'FOLDER'], ...rows]));
    }),
  );
}

export function jobsCommand(command: Command, invocation: Invocation): void {
  command.argument('<TITLE>', 'id as `sceneline titles` shows it').action((titleId: string, options: CommonOptions) =>
    withSite(options, invocation, async (site) => {
      await requireTitle(site, titleId);
      const attempts = await allAttempts(site, titleId);
      if (options.json) return print(printableJson({ title: titleId, attempts }));
      const rows = attempts.map((attempt) => [
        `${attempt.kind} ${attempt.part.index}${attempt.part.codec ? ` ${attempt.part.codec}` : ''}`,
        String(attempt.number),
        attempt.outcome,
        `${attempt.frames} frames`,
        attempt.endedMs === null ? 'running' : formatSeconds((attempt.endedMs - attempt.startedMs) / 1000),
        attempt.evidence ? `${attempt.evidence.code} ${printable(attempt.evidence.message)}` : '',
      ]);
      return print(table([['JOB', 'TRY', 'OUTCOME', 'FRAMES', 'TIME', 'EVIDENCE'], ...rows]));
    }),
  );
}

export function cancelCommand(command: Command, invocation: Invocation): void {
  command.argument('<TITLE>', 'id as `sceneline titles` shows it').action((titleId: string, options: CommonOptions) =>
    withSite(options, invocation, async (site) => {
      await requireTitle(site, titleId);
      const title = await site.control.cancel(titleId);
      await site.changed(titleId);
      const state = title?.state ?? 'cancelled';
      if (options.json) return print(printableJson({ title: titleId, state }));
      return print(
        state === 'cancelled' ? `${titleId} is cancelled. Go on with: ./sceneline retry ${titleId}` : `${titleId} is ${state}: there is nothing to cancel.`,
      );
    }),
  );
}

export function retryCommand(command: Command, invocation: Invocation): void {
  command.argument('<TITLE>', 'id as `sceneline titles` shows it').action(async (titleId: string, options: CommonOptions & { workers?: string }) => {
    if (clusterConfigPath(options, invocation.env) === null) return runRetry(titleId, options, invocation);
    return withSite(options, invocation, async (site) => {
      const title = await site.control.retry(titleId);
      if (title === null) throw new ScenelineError('SL-108', `There is no title ${printable(titleId)}.`);
      await site.changed(titleId);
      print(options.json ? printableJson({ title: titleId, state: title.state }) : `${titleId} is ${title.state}.`);
    });
  });
}

export function gcCommand(command: Command, invocation: Invocation): void {
  command.action((options: CommonOptions) =>
    withLaptop(options, invocation, async (laptop) => {
      const swept = await collectGarbage(laptop);
      if (options.json) return print(printableJson(swept));
      return print(`Deleted ${swept.objects} objects (${formatBytes(swept.bytes)}); ${swept.kept} are in use.`);
    }),
  );
}

/** What manages titles, on this machine or in a cluster. */
type Site = Pick<Laptop, 'titles' | 'queue' | 'control'> & {
  /** Tells whoever works on a title that it was changed. */
  changed(titleId: string): Promise<void>;
};

async function withSite(options: CommonOptions, invocation: Invocation, work: (site: Site) => Promise<void>): Promise<void> {
  if (clusterConfigPath(options, invocation.env) === null) return withLaptop(options, invocation, (laptop) => work({ ...laptop, changed: async () => {} }));
  return withCluster(options, invocation, 'manage', (cluster) =>
    work({ ...cluster, changed: (titleId) => cluster.wake.ring({ titleId, jobId: null, outcome: null }) }),
  );
}

async function withLaptop(options: CommonOptions, invocation: Invocation, work: (laptop: Laptop) => Promise<void>): Promise<void> {
  const laptop = await openLaptop(stateFolder(options, invocation.env));
  try {
    await work(laptop);
  } finally {
    laptop.close();
  }
}

async function requireTitle(site: Site, titleId: string): Promise<Title> {
  const title = await site.titles.get(titleId);
  if (title === null) throw new ScenelineError('SL-108', `There is no title ${printable(titleId)}.`);
  return title;
}

async function allTitles(site: Site): Promise<Title[]> {
  const titles: Title[] = [];
  let dayCursor: string | null = null;
  do {
    const page = await site.titles.listDays(dayCursor, PAGE);
    for (const day of page.days) {
      let cursor: string | null = null;
      do {
        const found = await site.titles.listByDay(day, null, cursor, PAGE);
        titles.push(...found.titles);
        cursor = found.cursor;
      } while (cursor !== null);
    }
    dayCursor = page.cursor;
  } while (dayCursor !== null);
  return titles;
}

async function allAttempts(site: Site, titleId: string) {
  const attempts: Awaited<ReturnType<Site['queue']['listAttempts']>>['attempts'][number][] = [];
  let cursor: string | null = null;
  do {
    const page = await site.queue.listAttempts(titleId, cursor, PAGE);
    attempts.push(...page.attempts);
    cursor = page.cursor;
  } while (cursor !== null);
  return attempts;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
