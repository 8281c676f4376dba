/**
 * The schema, one entry per version; entries are never changed once released: a change is a new entry. Each creates tables.
 *
 * Three kinds of tables:
 * - *Decided* (`title`, `job`, `job_bucket`, `job_revision`, `exclusive_key`, `result`, `open_day`): every cell is written by lightweight
 *   transactions only, and each of those leaves its `write_id` there, so that after an unknown outcome "did mine win?" has an answer.
 * - *Immutable* (all others): plain rows that are never changed; writing one twice writes the same.
 * Nothing is deleted and no cell is set to null, so that no read meets a tombstone. Times ending in `_ms` are milliseconds since 1970 and decide
 * nothing. `body`, `result`, `evidence` and `event` are JSON, or the address of JSON in `long_text` (see long-text.ts).
 */
export type TableStep = { readonly table: string; readonly columns: string; readonly order?: string };

export const MIGRATIONS: readonly (readonly TableStep[])[] = [
  [
    {
      // The title in the static columns, its events as rows: both change in one conditional batch, which must stay in one partition of one table.
      table: 'title',
      columns: `title_id text, at_rev int, n int,
        rev int STATIC, state text STATIC, created_ms double STATIC, live_day text STATIC, body text STATIC, write_id text STATIC, create_id text STATIC,
        event_id text, event text, settled boolean, settle_id text,
        PRIMARY KEY ((title_id), at_rev, n)`,
    },
    {
      table: 'title_by_day',
      columns: 'day text, shard int, created_ms double, title_id text, PRIMARY KEY ((day, shard), created_ms, title_id)',
      order: 'created_ms DESC, title_id DESC',
    },
    { table: 'title_day', columns: 'all_days int, day text, PRIMARY KEY ((all_days), day)', order: 'day DESC' },
    { table: 'title_name', columns: 'shard int, title_id text, PRIMARY KEY ((shard), title_id)' },
    { table: 'title_live', columns: 'day text, shard int, title_id text, PRIMARY KEY ((day, shard), title_id)' },
    { table: 'title_event', columns: 'day text, slot int, title_id text, at_rev int, at_ms double, PRIMARY KEY ((day, slot), title_id, at_rev)' },
    { table: 'open_day', columns: 'purpose text, day text, closed boolean, write_id text, PRIMARY KEY ((purpose), day)' },
    {
      // The job in the static columns, its attempts as rows: a claim or an end changes both in one step, in a partition that only this job's claims contend for.
      table: 'job',
      columns: `job_id text, number int,
        title_id text STATIC, revision text STATIC, kind text STATIC, part_index int STATIC, part_codec text STATIC, exclusive_key text STATIC,
        priority double STATIC, enqueued_ms double STATIC, enqueued_n int STATIC,
        state text STATIC, version int STATIC, fence int STATIC, beat int STATIC, failures int STATIC, losses int STATIC, result text STATIC,
        worker text STATIC, delivery text STATIC, lease_ms double STATIC, attempt_id text STATIC, write_id text STATIC,
        own_id text, own_worker text, started_ms double, ended_ms double, outcome text, frames double, cpu_seconds double, evidence text, end_id text,
        PRIMARY KEY ((job_id), number)`,
    },
    { table: 'job_revision', columns: 'title_id text, revision text, created_ms double, write_id text, PRIMARY KEY ((title_id), revision)' },
    {
      table: 'job_bucket',
      columns:
        'title_id text, revision text, kind text, bucket int, version int, closed_jobs int, write_id text, PRIMARY KEY ((title_id, revision), kind, bucket)',
    },
    {
      table: 'job_list',
      columns: `title_id text, revision text, kind text, bucket int, part_index int, part_codec text, job_id text,
        exclusive_key text, priority double, enqueued_ms double, enqueued_n int,
        PRIMARY KEY ((title_id, revision, kind, bucket), part_index, part_codec, job_id)`,
    },
    {
      table: 'job_touch',
      columns: 'title_id text, revision text, kind text, slice int, job_id text, version int, PRIMARY KEY ((title_id, revision, kind, slice), job_id, version)',
    },
    {
      table: 'job_done',
      columns: `title_id text, revision text, kind text, bucket int, part_index int, part_codec text, job_id text,
        exclusive_key text, priority double, fence int, failures int, losses int, result text,
        PRIMARY KEY ((title_id, revision, kind, bucket), part_index, part_codec, job_id)`,
    },
    { table: 'exclusive_key', columns: 'exclusive_key text, job_id text, fence int, write_id text, PRIMARY KEY (exclusive_key)' },
    { table: 'result', columns: 'owner text, prefix text, address text, object_key text, body text, write_id text, PRIMARY KEY ((owner, prefix), address)' },
    { table: 'result_prefix', columns: 'owner text, prefix text, PRIMARY KEY ((owner), prefix)' },
    { table: 'long_text', columns: 'digest text, piece int, body blob, PRIMARY KEY ((digest, piece))' },
  ],
];

/** Where the number of applied migrations stands, and who applies them just now. */
export const SCHEMA_HEAD: TableStep = { table: 'schema_head', columns: 'id int, version int, holder text, beat int, write_id text, PRIMARY KEY (id)' };
