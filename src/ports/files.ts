/**
 * The only way our own code makes files durable. A test adapter forgets everything that was not synced here.
 * Paths are absolute.
 */
export interface Files {
  /** Flushes a file's content. */
  syncFile(path: string): Promise<void>;
  /** Flushes a folder's entries: what was created, renamed or removed in it. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  mkdir(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}
