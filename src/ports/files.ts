/**
 * The only way our own code makes files durable. A test adapter forgets everything that was not synced here.
 * Paths are absolute.
 */
export interface Files {
  /** Flushes a file's content. */
  syncFile(path: string): Promise<void>;
  /** Flushes a folder's entries: what was created, renamed or removed in it. */
  syncFolder(path: string): Promise<void>;
  /** Takes the place of a file or an empty folder; fails (EEXIST, ENOTEMPTY) when a folder with something in it is there. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; fails (EEXIST) when the name is taken. */
  link(from: string, to: string): Promise<void>;
  /** With its missing parents; one that exists is no error. */
  mkdir(path: string): Promise<void>;
  /** A file, or a folder with all in it; missing is no error. */
  remove(path: string): Promise<void>;
}
