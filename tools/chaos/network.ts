import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ServicePlace } from '../../test/services/service-place.ts';

const run = promisify(execFile);

/** RFC 1918. Nobody outside the namespaces can reach these addresses, nor be reached from them: the namespaces have no other cable. */
const SUBNET = '10.77.0';
export const HUB_ADDRESS = `${SUBNET}.1`;
const BRIDGE = 'br0';
const FIRST_HOST = 11;
const END_LIMIT_MS = 10_000;

/** A network namespace with one cable to the hub. */
export type Station = ServicePlace & {
  readonly label: string;
  /** The hub's end of its cable. */
  readonly port: string;
};

/** Names and addresses of a hub, in whose namespace the bridge is, and of stations around it. Pure. */
export function planNetwork(id: string, labels: readonly string[]): { hub: string; stations: Station[] } {
  const stations = labels.map((label, i) => ({
    label,
    address: `${SUBNET}.${FIRST_HOST + i}`,
    enter: ['ip', 'netns', 'exec', namespaceOf(id, label)],
    port: `p${i + 1}`,
  }));
  return { hub: namespaceOf(id, 'hub'), stations };
}

/** Makes the namespaces, their cables and the bridge. Needs root and iproute2; touches nothing of the machine's own network. */
export async function layNetwork(id: string, labels: readonly string[]): Promise<void> {
  const { hub, stations } = planNetwork(id, labels);
  await ip('netns', 'add', hub);
  await ip('-n', hub, 'link', 'add', BRIDGE, 'type', 'bridge');
  await ip('-n', hub, 'addr', 'add', `${HUB_ADDRESS}/24`, 'dev', BRIDGE);
  for (const link of ['lo', BRIDGE]) await ip('-n', hub, 'link', 'set', link, 'up');
  for (const { label, address, port } of stations) {
    const name = namespaceOf(id, label);
    await ip('netns', 'add', name);
    await ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    await ip('-n', hub, 'link', 'set', port, 'master', BRIDGE, 'up');
    await ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    for (const link of ['lo', 'eth0']) await ip('-n', name, 'link', 'set', link, 'up');
  }
}

/** Ends what still runs in the namespaces and removes them, also half a network. */
export async function removeNetwork(id: string, labels: readonly string[]): Promise<void> {
  for (const name of [...labels.map((label) => namespaceOf(id, label)), namespaceOf(id, 'hub')]) {
    for (const endMs = Date.now() + END_LIMIT_MS; Date.now() < endMs; await sleep(50)) {
      const pids = await pidsIn(name);
      if (pids.length === 0) break;
      for (const pid of pids) endProcess(pid);
    }
    await ip('netns', 'del', name).catch(() => {});
  }
}

/** Pulls the cable of a station or puts it back; to be called in the hub's namespace. The station's own end stays up: nobody is told. */
export async function setCable({ port }: Station, state: 'up' | 'down'): Promise<void> {
  await ip('link', 'set', port, state);
}

function namespaceOf(id: string, label: string): string {
  return `sceneline-${id}-${label}`;
}

async function pidsIn(namespace: string): Promise<number[]> {
  const { stdout } = await run('ip', ['netns', 'pids', namespace]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  await run('ip', args);
}
