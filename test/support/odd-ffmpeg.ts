import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../src/adapters/ffmpeg/find-tools.ts';
import { fakeTool } from './fake-tool.ts';
import { until } from './poll.ts';

/** What a broken encoder does. `swap` and `reverse` feed the encoder the right pictures in the wrong order, and everything else stays right. */
export type Fault = 'hang' | 'fail' | 'silent' | 'short' | 'garbage' | 'swap' | 'reverse';

export type OddFfmpeg = {
  /** For SCENELINE_FFMPEG. */
  readonly path: string;
  /** The next so many encodes go wrong. */
  breakNext(times: number, fault: Fault): void;
  mend(): void;
  /** Encodes wait from now on. */
  hold(): void;
  release(): void;
  /** Resolves when an encode was started since the last `hold`. */
  reached(): Promise<void>;
  /** Runs of ffmpeg so far, encodes and others; asking it what it can do is none. */
  starts(): number;
  remove(): void;
};

/** Runs on Node, in place of an encode that goes wrong. */
const FAULTS = `
const { spawnSync } = require('node:child_process');
const { readFileSync, statSync, truncateSync, openSync, writeSync, closeSync } = require('node:fs');
const [real, fault, ...args] = process.argv.slice(2);
const made = args.filter((arg) => arg.includes('/scratch/') && arg.endsWith('.mp4'));
const run = (list) => spawnSync(real, list, { stdio: ['ignore', 'inherit', 'inherit', 3] }).status ?? 1;
const reordered = (filter) => args.map((arg) => (arg.includes('[enc0]') && arg.includes(';') ? arg.replace('[enc0]', '[odd0]') + ';[odd0]' + filter + '[enc0]' : arg));
const mapping = Array.from({ length: 20 }, (_, i) => (i === 2 ? 17 : i === 17 ? 2 : i)).join(' ');
if (fault === 'hang') setInterval(() => {}, 60_000);
else if (fault === 'fail') {
  console.error('[error] the wheel came off');
  process.exit(7);
} else if (fault === 'silent') process.exit(0);
else if (fault === 'swap') process.exit(run(reordered('shuffleframes=' + mapping)));
else if (fault === 'reverse') process.exit(run(reordered('reverse')));
else {
  const status = run(args);
  for (const path of made) {
    const size = statSync(path).size;
    if (fault === 'short') truncateSync(path, Math.floor(size / 2));
    else {
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(Math.floor(size / 3), 'garbage'), 0, Math.floor(size / 3), Math.floor(size / 3));
      closeSync(file);
    }
  }
  process.exit(status);
}
`;

/** An ffmpeg that is the real one, except when it encodes a chunk and was told to be odd. */
export async function oddFfmpeg(): Promise<OddFfmpeg> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-odd-'));
  const real = findProgram('ffmpeg', process.env);
  const faults = join(folder, 'faults');
  const [held, seen, log, which] = ['hold', 'reached', 'starts', 'fault'].map((name) => join(folder, name));
  mkdirSync(faults);
  writeFileSync(log, '');
  const script = fakeTool(folder, 'faults.cjs', FAULTS);
  const path = join(folder, 'ffmpeg');
  // A shell, because it becomes the real tool: what kills the one kills the other. Taking a folder away is atomic: each fault happens once.
  writeFileSync(
    path,
    `#!/bin/sh
case " $* " in *" -progress "*) echo >> '${log}' ;; esac
case " $* " in *".luma "*" libx264 "*) ;; *) exec '${real}' "$@" ;; esac
: > '${seen}'
while [ -e '${held}' ]; do sleep 0.1; done
for slot in '${faults}'/*; do
  rmdir "$slot" 2>/dev/null && exec '${process.execPath}' '${script}' '${real}' "$(cat '${which}')" "$@"
done
exec '${real}' "$@"
`,
    { mode: 0o755 },
  );
  const mend = () => {
    rmSync(faults, { recursive: true });
    mkdirSync(faults);
  };
  return {
    path,
    breakNext(times, fault) {
      mend();
      writeFileSync(which, fault);
      for (let i = 0; i < times; i++) mkdirSync(join(faults, String(i)));
    },
    mend,
    hold() {
      rmSync(seen, { force: true });
      writeFileSync(held, '');
    },
    release: () => rmSync(held, { force: true }),
    reached: async () => void (await until('an encode', () => existsSync(seen))),
    starts: () => readFileSync(log).length,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
