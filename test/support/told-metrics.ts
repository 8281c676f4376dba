import type { JobKind } from '../../src/model/job.ts';
import type { SteeringNote } from '../../src/pipeline/steer-titles.ts';
import { type ControlMetrics, controlMetrics } from '../../src/roles/cluster/metrics/control-metrics.ts';
import { Registry } from '../../src/roles/cluster/metrics/registry.ts';
import { type RoleMetrics, roleMetrics } from '../../src/roles/cluster/metrics/role-metrics.ts';
import { type WorkerMetrics, workerMetrics } from '../../src/roles/cluster/metrics/worker-metrics.ts';
import { jobOfKind } from '../pipeline/samples.ts';
import type { Scrape } from './promql.ts';

export type ToldControl = { readonly registry: Registry; readonly role: RoleMetrics; readonly metrics: ControlMetrics };
export type ToldWorker = { readonly registry: Registry; readonly role: RoleMetrics; readonly metrics: WorkerMetrics };

/** A round in which a class has so many jobs and slots. */
export function roundOf(figures: { ready?: number; offered?: number; slots?: number } = {}, jobClass = 'b-h264-any'): SteeringNote {
  const byClass = new Map([[jobClass, { ready: 0, offered: 0, slots: 4, ...figures }]]);
  return { type: 'round', byClass };
}

/** One control and one worker that tell real metrics of what they are made to hear, read every 15 seconds as Prometheus would. */
export class ToldFleet {
  readonly control: ToldControl;
  readonly worker: ToldWorker;
  readonly scrapes: Scrape[] = [];
  nowSeconds = 0;

  constructor() {
    const [ofControl, ofWorker] = [new Registry(), new Registry()];
    const controlRole = roleMetrics(ofControl, 'control', import.meta.dirname);
    const workerRole = roleMetrics(ofWorker, 'worker', import.meta.dirname, { encoder_build: 'b' });
    this.control = { registry: ofControl, role: controlRole, metrics: controlMetrics(ofControl, controlRole) };
    this.worker = { registry: ofWorker, role: workerRole, metrics: workerMetrics(ofWorker, workerRole, 4) };
  }

  /** Lets time pass; `each` happens before every reading. */
  async pass(seconds: number, each: (fleet: ToldFleet) => void = () => {}): Promise<void> {
    for (const endSeconds = this.nowSeconds + seconds; this.nowSeconds < endSeconds; ) {
      this.nowSeconds += 15;
      each(this);
      for (const [instance, { registry }] of [['c', this.control] as const, ['w', this.worker] as const]) {
        this.scrapes.push({ atSeconds: this.nowSeconds, instance, text: await registry.text() });
      }
    }
  }

  /** Control has the turn and makes a round. */
  round(figures: { ready?: number; offered?: number; slots?: number } = {}): void {
    const { metrics } = this.control;
    if (!metrics.hasTurn) metrics.hear({ type: 'turn', isOurs: true });
    metrics.hear(roundOf(figures));
    metrics.hear({ type: 'swept', byState: new Map([['encoding', 1]]) });
    metrics.backlog({ pendingEvents: 0, deadLetters: new Map([['b-h264-any', 0]]) });
  }

  /** The worker does a job. */
  job(outcome: 'done' | 'failed' | 'lost' = 'done', { kind = 'encode' as JobKind, losses = 0 } = {}): void {
    const job = jobOfKind(kind, { losses });
    this.worker.metrics.hear({ type: 'started', job });
    this.worker.metrics.hear({ type: 'settled', job, outcome, wallMs: 1000 });
  }
}
