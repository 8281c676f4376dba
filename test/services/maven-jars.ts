import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../src/adapters/ffmpeg/find-tools.ts';

/** What servers for tests keep between runs: only the first run pays for downloads. */
function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sceneline', 'test-services');
}

/** Why no server made of Maven packages can be started here, for a person; null when it can. */
export function mavenMissing(): string | null {
  const missing = ['java', 'mvn'].filter((name) => !findProgram(name, process.env));
  return missing.length === 0 ? null : `${missing.join(' and ')} not found in PATH (Debian: apt-get install default-jre-headless maven)`;
}

/** A folder with the jars that a pom names and all they need. Two processes may ask at once. Throws with Maven's last words when they cannot be had. */
export async function mavenJars(name: string, pomPath: string): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(pomPath))
    .digest('hex')
    .slice(0, 12);
  const jars = join(cacheFolder(), `${name}-${digest}`);
  if (existsSync(jars)) return jars;
  await mkdir(cacheFolder(), { recursive: true });
  const attempt = await mkdtemp(join(cacheFolder(), `${name}-new-`));
  try {
    await copyFile(pomPath, join(attempt, 'pom.xml'));
    await runMaven(['-q', '-B', '-f', join(attempt, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${join(attempt, 'jars')}`]);
    await rename(join(attempt, 'jars'), jars).catch((error) => {
      if (!existsSync(jars)) throw error;
    });
    return jars;
  } finally {
    await rm(attempt, { recursive: true, force: true });
  }
}

async function runMaven(args: readonly string[]): Promise<void> {
  const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
  const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (status !== 0) throw new Error(`mvn ended with status ${status}: ${said.trim()}`);
}
