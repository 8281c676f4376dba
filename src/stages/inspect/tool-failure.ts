import { ScenelineError } from '../../model/errors.ts';

/**
 * The tool's own last words when it ended by itself with an error status, or the limit that it reached: the file's fault, so a finding.
 * Null when it hung, crashed or never ran: ours or the machine's, so a failure of the job.
 */
export function refusalOfTool(error: unknown): string | null {
  if (isTooMuch(error)) return error.message;
  if (!(error instanceof ScenelineError) || error.code !== 'SL-301') return null;
  const { exitStatus, stderrTail } = error.evidence ?? {};
  if (!/^exit [1-9]\d*$/.test(exitStatus ?? '')) return null;
  const lines = (stderrTail ?? '').split('\n').filter((line) => /\[(error|fatal)\]/.test(line));
  return lines.length === 0 ? 'no reason given' : plainWords(lines.at(-1)!);
}

/** What the tool calls some of the formats that are not allowed, in words. */
const FORMAT_WORDS: { readonly [demuxer: string]: string } = {
  gif: 'GIF',
  wv: 'WavPack',
  image2: 'still pictures',
  hls: 'a playlist',
  dash: 'a manifest',
  concat: 'a list of files',
};

/** The format of a file that the tool did not open because it is not among those allowed (`-format_whitelist`); null when that was not why it failed. */
export function formatNotAllowed(error: unknown): string | null {
  if (!(error instanceof ScenelineError)) return null;
  const demuxer = /^\[([\w,]{1,100}) @ 0x[0-9a-f]+\] \[error\] Format not on whitelist/m.exec(error.evidence?.stderrTail ?? '')?.[1];
  if (demuxer === undefined) return null;
  const still = /^(\w+)_pipe$/.exec(demuxer)?.[1];
  return still === undefined ? (FORMAT_WORDS[demuxer] ?? demuxer) : `${still.toUpperCase()} pictures`;
}

/** True when the tool took more than its limits: the file asks for more than a film needs. */
export function isTooMuch(error: unknown): error is ScenelineError {
  return error instanceof ScenelineError && error.code === 'SL-350';
}

/** A log line without addresses, marks and paths. */
function plainWords(line: string): string {
  return line
    .replace(/^(\[[^\]]*\] *)+/, '')
    .replace(/file:\S*\/\S*?: /g, '')
    .slice(0, 160)
    .trim();
}
