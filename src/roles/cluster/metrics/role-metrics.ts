import { statfs } from 'node:fs/promises';
import { VERSION } from '../../version.ts';
import type { Registry } from './registry.ts';

export type ServerName = 'kafka' | 'cassandra' | 's3' | 'disk' | 'other';

const SERVERS: readonly ServerName[] = ['kafka', 'cassandra', 's3', 'disk', 'other'];
/** By the beginning of an error's code. */
const SERVER_OF_CODE: readonly (readonly [string, ServerName])[] = [
  ['SL-14', 'cassandra'],
  ['SL-15', 'kafka'],
  ['SL-16', 's3'],
  ['SL-110', 'disk'],
];

/** What every role tells. */
export type RoleMetrics = {
  /** Something failed that is repeated or waited out. */
  trouble(error: unknown, server?: ServerName): void;
};

/** @param about more labels of the build; @param scratchRoot a folder on the disk that attempts write to */
export function roleMetrics(registry: Registry, role: 'control' | 'worker', scratchRoot: string, about: { readonly encoder_build?: string } = {}): RoleMetrics {
  registry.gauge('sceneline_build_info', 'What runs here; always 1.').set({ role, version: VERSION, node: process.versions.node, ...about }, 1);
  const troubles = registry.counter('sceneline_trouble_total', 'Failures that were repeated or waited out, by the server they came from.');
  for (const server of SERVERS) troubles.add({ server }, 0);
  const free = registry.gauge('sceneline_scratch_free_bytes', 'Room left on the disk of the scratch folder.');
  const size = registry.gauge('sceneline_scratch_size_bytes', 'Size of that disk.');
  registry.beforeReading(async () => {
    const { bavail, blocks, bsize } = await statfs(scratchRoot);
    free.set({}, bavail * bsize);
    size.set({}, blocks * bsize);
  });
  return { trouble: (error, server = serverOf(error)) => troubles.add({ server }) };
}

function serverOf(error: unknown): ServerName {
  const code = error !== null && typeof error === 'object' && 'code' in error ? String(error.code) : '';
  return SERVER_OF_CODE.find(([beginning]) => code.startsWith(beginning))?.[1] ?? 'other';
}
