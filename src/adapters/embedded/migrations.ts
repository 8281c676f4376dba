/**
 * The schema of the state database, one entry per version. Entries are never changed once released: a change is a new entry.
 * `PRAGMA user_version` holds how many were applied. Times are milliseconds since 1970; `body`, `result` and `evidence` are JSON.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE title (
    id TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    day TEXT NOT NULL,
    state TEXT NOT NULL,
    live INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX title_by_day ON title (day, created_ms, id);
  CREATE INDEX title_by_day_state ON title (day, state, created_ms, id);
  CREATE INDEX title_live ON title (id) WHERE live = 1;

  CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
  CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;

  CREATE TABLE job (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title_id TEXT NOT NULL,
    revision TEXT NOT NULL,
    kind TEXT NOT NULL,
    part_index INTEGER NOT NULL,
    part_codec TEXT NOT NULL,
    exclusive_key TEXT,
    priority REAL NOT NULL,
    state TEXT NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    attempt_id TEXT,
    worker TEXT,
    lease_until_ms INTEGER
  ) STRICT;
  CREATE INDEX job_ready ON job (title_id, priority DESC, seq) WHERE state = 'ready';
  CREATE INDEX job_running ON job (exclusive_key) WHERE state = 'running';
  CREATE INDEX job_done ON job (title_id, revision, kind, part_index, part_codec, id) WHERE state = 'done';
  CREATE INDEX job_open ON job (title_id, revision, state) WHERE state <> 'done';

  CREATE TABLE job_count (
    title_id TEXT NOT NULL,
    revision TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    PRIMARY KEY (title_id, revision, kind, state)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER job_counted_new AFTER INSERT ON job BEGIN
    INSERT INTO job_count VALUES (new.title_id, new.revision, new.kind, new.state, 1)
      ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  END;
  CREATE TRIGGER job_counted_moved AFTER UPDATE OF state ON job WHEN new.state <> old.state BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE title_id = old.title_id AND revision = old.revision AND kind = old.kind AND state = old.state;
    INSERT INTO job_count VALUES (new.title_id, new.revision, new.kind, new.state, 1)
      ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  END;

  CREATE TABLE attempt (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    job_seq INTEGER NOT NULL REFERENCES job (seq),
    number INTEGER NOT NULL,
    attempt_id TEXT NOT NULL,
    title_id TEXT NOT NULL,
    worker TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome TEXT NOT NULL,
    frames INTEGER NOT NULL DEFAULT 0,
    cpu_seconds REAL NOT NULL DEFAULT 0,
    evidence TEXT,
    UNIQUE (job_seq, number)
  ) STRICT;
  CREATE INDEX attempt_by_title ON attempt (title_id, seq);

  CREATE TABLE result (
    owner TEXT NOT NULL,
    address TEXT NOT NULL,
    object_key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (owner, address)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  DROP INDEX job_ready;
  CREATE INDEX job_ready ON job (title_id, losses > 1, priority DESC, seq) WHERE state = 'ready';
  `,
  `
  DROP INDEX job_ready;
  CREATE INDEX job_ready ON job (title_id, losses > 0, priority DESC, seq) WHERE state = 'ready';
  `,
];
