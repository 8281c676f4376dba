import { DatabaseSync } from 'node:sqlite';

/** Holds the write lock of a database for some milliseconds, then commits an event. */
const [path, holdMs] = process.argv.slice(2);
const db = new DatabaseSync(path);
db.exec("BEGIN IMMEDIATE; INSERT INTO event (id, body) VALUES ('theirs', '{}')");
process.stdout.write('locked\n', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(holdMs));
  db.exec('COMMIT');
  db.close();
});
