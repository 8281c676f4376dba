import { printableJson } from '../cli/terminal.ts';

/** Facts of one line. Nothing secret is ever put here. */
export type Facts = { readonly [name: string]: string | number | boolean | null | undefined };

/** Writes one JSON document a line to standard error, as log collectors want it. */
export function log(level: 'info' | 'warn' | 'error', message: string, facts: Facts = {}): void {
  process.stderr.write(`${printableJson({ time: new Date().toISOString(), level, message, ...facts })}\n`);
}

/** What is worth saying of something thrown. */
export function troubleFacts(error: unknown): Facts {
  const code = error !== null && typeof error === 'object' && 'code' in error ? String(error.code) : undefined;
  return { code, reason: error instanceof Error ? error.message : String(error) };
}
