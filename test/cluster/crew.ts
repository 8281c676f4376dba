import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { CliEnd, CliRun } from '../support/cli.ts';

type LogLine = { readonly message: string; readonly [fact: string]: unknown };
type Role = 'control' | 'worker';

const RECENT_LINES = 40;
const PATIENCE_MS = 300_000;

/** A control or worker process, as its own log tells of it. */
export class Member {
  readonly label: string;
  readonly role: Role;
  readonly child: ChildProcess;
  readonly end: Promise<CliEnd>;
  readonly lines: LogLine[] = [];
  /** Jobs that it started and did not end. */
  readonly running = new Set<string>();
  /** What the rows call it; empty until it is there. */
  name = '';
  hasTurn = false;
  isGone = false;

  constructor(role: Role, label: string, run: CliRun) {
    this.role = role;
    this.label = label;
    this.child = run.child;
    this.end = run.end;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  said(message: string, from = 0): LogLine | undefined {
    return this.lines.slice(from).find((line) => line.message.startsWith(message));
  }
}

type Wait = { look(): boolean };

/** All processes of ours in one cluster, and what is known of them by their logs. What happens next can be waited for. */
export class Crew {
  readonly members: Member[] = [];
  /** Encode jobs that ended as done, in that order. */
  readonly proven: string[] = [];
  readonly #waits = new Set<Wait>();
  readonly #recent: string[] = [];

  add(role: Role, label: string, run: CliRun): Member {
    const member = new Member(role, label, run);
    this.members.push(member);
    createInterface({ input: run.child.stderr! }).on('line', (text) => this.#hear(member, text));
    void run.end.then(() => {
      member.isGone = true;
      member.hasTurn = false;
      member.running.clear();
      this.#look();
    });
    return member;
  }

  get workers(): Member[] {
    return this.#alive('worker');
  }

  get controls(): Member[] {
    return this.#alive('control');
  }

  /** Waits until the question has an answer; it is asked now and whenever a log line comes. Throws with the last lines of all after `limitMs`. */
  until<T>(what: string, question: () => T | null | undefined | false, limitMs = PATIENCE_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waits.delete(wait);
        reject(new Error(`${what}: not within ${limitMs} ms. Said last:\n${this.#recent.join('\n')}`));
      }, limitMs);
      const wait = {
        look: () => {
          const answer = question();
          if (!answer) return false;
          clearTimeout(late);
          resolve(answer);
          return true;
        },
      };
      if (!wait.look()) this.#waits.add(wait);
    });
  }

  /** A job of this kind that is at work just now, and who has it. */
  atWork(kind: string, isWanted: (job: string) => boolean = () => true): { member: Member; job: string } | null {
    for (const member of this.workers) {
      for (const job of member.running) if (job.split('/')[2] === kind && isWanted(job)) return { member, job };
    }
    return null;
  }

  /** So many more encode jobs end as done than have until now. */
  async goesOn(what: string, more = 1): Promise<void> {
    const wanted = this.proven.length + more;
    await this.until(`${what}: work goes on`, () => this.proven.length >= wanted);
  }

  /** Stops a worker in mid-job until somebody else has done the job, past its lock; wakes it, and gives the outcome that it then reports for its own attempt. */
  async freezePastLock(): Promise<unknown> {
    for (;;) {
      const { member, job } = await this.until('an encode job runs', () => this.atWork('encode'));
      member.signal('SIGSTOP');
      await this.until('the job is done', () => this.proven.includes(job));
      const isElsewhere = member.running.has(job);
      const from = member.lines.length;
      member.signal('SIGCONT');
      if (!isElsewhere) continue;
      const isEnd = (line: LogLine) => line.message === 'job ended' && line.job === job;
      return (await this.until('the woken worker hears of it', () => member.lines.slice(from).find(isEnd))).outcome;
    }
  }

  /** Throws when somebody ended before it was there. */
  async allThere(): Promise<void> {
    const isSettled = (member: Member) => member.name !== '' || member.isGone;
    await this.until('everybody is there', () => this.members.every(isSettled));
    for (const { label, name, end } of this.members) if (name === '') throw new Error(`${label} did not come: ${(await end).stderr}`);
  }

  #alive(role: Role): Member[] {
    return this.members.filter((member) => member.role === role && !member.isGone);
  }

  #hear(member: Member, text: string): void {
    this.#recent.push(`${member.label}: ${text}`);
    if (this.#recent.length > RECENT_LINES) this.#recent.shift();
    const line = parseLine(text);
    if (line === null) return;
    member.lines.push(line);
    note(member, line);
    if (line.message === 'job ended' && line.outcome === 'done' && String(line.job).split('/')[2] === 'encode') this.proven.push(String(line.job));
    this.#look();
  }

  #look(): void {
    for (const wait of [...this.#waits]) if (wait.look()) this.#waits.delete(wait);
  }
}

function note(member: Member, { message, name, job }: LogLine): void {
  if (message === 'control is there' || message === 'worker is there') member.name = String(name);
  if (message === 'has the turn') member.hasTurn = true;
  if (message === 'stands by') member.hasTurn = false;
  if (message === 'job started') member.running.add(String(job));
  if (message === 'job ended') member.running.delete(String(job));
}

function parseLine(text: string): LogLine | null {
  try {
    const line = JSON.parse(text);
    return typeof line?.message === 'string' ? line : null;
  } catch {
    return null;
  }
}
