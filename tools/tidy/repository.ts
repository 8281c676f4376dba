import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export type Problem = { readonly rule: string; readonly where: string; readonly line?: number; readonly text: string };

/** Folders that are ours. */
const FOLDERS = ['bin', 'src', 'edge', 'console', 'test', 'tools', 'bench', 'docs', 'schemas', 'deploy', '.ci'];
const TEXT_FILE = /\.(?:ts|md|sh|json|html|css|mjs|ya?ml)$|^(?:sceneline|LICENSE|\.npmrc|\.gitignore|\.dockerignore|Dockerfile|\.ci\/run)$/;

/** The text files of a repository by path relative to its root. */
export class Repository {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #others: ReadonlySet<string>;

  constructor(texts: ReadonlyMap<string, string>, others: ReadonlySet<string> = new Set()) {
    this.#texts = texts;
    this.#others = others;
  }

  /** Reads the files of a work tree. */
  static read(root: string): Repository {
    const texts = new Map<string, string>();
    const others = new Set<string>();
    const top = readdirSync(root).filter((name) => statSync(join(root, name)).isFile());
    const below = FOLDERS.flatMap((folder) => filesBelow(root, folder));
    for (const path of [...top, ...below].sort()) {
      if (TEXT_FILE.test(path)) texts.set(path, readFileSync(join(root, path), 'utf8'));
      else others.add(path);
    }
    return new Repository(texts, others);
  }

  /** Whether there is such a file or folder. */
  has(path: string): boolean {
    const clean = path.replace(/\/$/, '');
    if (clean === '.' || this.#texts.has(clean) || this.#others.has(clean)) return true;
    return [...this.#texts.keys(), ...this.#others].some((file) => file.startsWith(`${clean}/`));
  }

  text(path: string): string {
    return this.#texts.get(path) ?? '';
  }

  /** TypeScript files. */
  sources(): [string, string][] {
    return [...this.#texts].filter(([path]) => path.endsWith('.ts'));
  }

  files(): [string, string][] {
    return [...this.#texts];
  }
}

function filesBelow(root: string, folder: string): string[] {
  try {
    const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
