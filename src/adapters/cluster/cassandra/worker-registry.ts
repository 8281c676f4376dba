import { z } from 'zod';
import type { WorkerNotice, WorkerRegistry } from '../../../ports/job-dispatch.ts';
import type { CassandraSession } from './session.ts';

/** How long a notice stays when it is not repeated; the server counts. */
const KEPT_SECONDS = 60;

const noticeSchema = z.object({ encoderBuild: z.string(), classes: z.array(z.string()), slots: z.number().int().min(0) });

/** A row for each worker that vanishes by itself. Only its worker writes it, so no two clocks are compared. */
export class CassandraWorkerRegistry implements WorkerRegistry {
  readonly #session: CassandraSession;

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  async announce({ worker, ...notice }: WorkerNotice): Promise<void> {
    const query = `INSERT INTO worker (all_workers, worker, notice) VALUES (0, :worker, :notice) USING TTL ${KEPT_SECONDS}`;
    await this.#session.write(query, { worker, notice: JSON.stringify(notice) });
  }

  /** Says that it takes nothing more, until the notice is gone. */
  async leave(worker: string): Promise<void> {
    await this.announce({ worker, encoderBuild: '', classes: [], slots: 0 });
  }

  async list(): Promise<readonly WorkerNotice[]> {
    const rows = await this.#session.read('SELECT worker, notice FROM worker WHERE all_workers = 0', {});
    return rows.flatMap(({ worker, notice }) => {
      const parsed = noticeSchema.safeParse(JSON.parse(notice));
      return parsed.success && parsed.data.slots > 0 ? [{ worker, ...parsed.data }] : [];
    });
  }
}
