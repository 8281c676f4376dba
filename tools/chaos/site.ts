import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ClusterPlace } from '../../test/cluster/cluster-place.ts';
import { Crew, type Member } from '../../test/cluster/crew.ts';
import { freePort } from '../../test/services/free-port.ts';
import { TcpProxy } from '../../test/services/tcp-proxy.ts';
import { HUB_ADDRESS, planNetwork, type Station } from './network.ts';

const run = promisify(execFile);

const DATABASES = ['cassandra-1', 'cassandra-2', 'cassandra-3'];
const CONTROLS = ['control-1', 'control-2'];
const WORKERS = ['worker-1', 'worker-2', 'worker-3', 'worker-4'];
/** The worker whose scratch folder is a small file system of its own. */
export const SMALL_DISK_WORKER = 'worker-4';
const SMALL_DISK_MIB = 256;

export const STATION_LABELS: readonly string[] = [...DATABASES, 'kafka', 's3', ...CONTROLS, ...WORKERS];

/** Servers and processes of ours, each in its own network namespace. This process is in the hub's. */
export class Site {
  readonly place: ClusterPlace;
  readonly crew = new Crew();
  /** On everybody's way to S3. */
  readonly wireToS3: TcpProxy;
  readonly #stations: readonly Station[];

  private constructor(place: ClusterPlace, stations: readonly Station[], wireToS3: TcpProxy) {
    this.place = place;
    this.#stations = stations;
    this.wireToS3 = wireToS3;
  }

  static async start(id: string): Promise<Site> {
    const { stations } = planNetwork(id, STATION_LABELS);
    const at = (label: string) => stations.find((station) => station.label === label)!;
    const place = await ClusterPlace.start({ kafka: { place: at('kafka') }, cassandra: { places: DATABASES.map(at) }, s3: at('s3') });
    const port = await freePort();
    const site = new Site(place, stations, await TcpProxy.start(port, () => `${at('s3').address}:${place.s3.port}`, HUB_ADDRESS));
    for (const label of [...CONTROLS, ...WORKERS]) await place.configure(label, { endpoint: `http://${HUB_ADDRESS}:${port}` });
    // In the mount namespace that this process has to itself, so it goes with us.
    await mkdir(site.smallDisk);
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_MIB}m`, 'none', site.smallDisk]);
    for (const label of [...CONTROLS, ...WORKERS]) site.startMember(label);
    await site.crew.allThere();
    return site;
  }

  get smallDisk(): string {
    return join(this.place.root, `scratch-${SMALL_DISK_WORKER}`);
  }

  station(label: string): Station {
    return this.#stations.find((station) => station.label === label)!;
  }

  /** Starts the process of a station, also again. */
  startMember(label: string): Member {
    const role = CONTROLS.includes(label) ? 'control' : 'worker';
    const args = role === 'worker' ? ['worker', '--slots', '1'] : ['control'];
    return this.crew.add(role, label, this.place.start(args, label, {}, this.station(label).enter));
  }

  async stop(): Promise<void> {
    await run('umount', ['--lazy', this.smallDisk]);
    await this.place.stop();
    await this.wireToS3.stop();
  }
}
