import type { MediaRun } from '../../ports/media-tools.ts';

/** Side information that nothing depends on. */
const HARMLESS = /SEI type \d+ size/;
const ERROR_LINE = /^(?:\[([^\]@]+) @ 0x[0-9a-f]+\] )?(?:\[[^\]]+ @ 0x[0-9a-f]+\] )*\[(?:error|fatal|panic)\] /;
const CORRUPT_DATA = /^(?:\[[^\]]+ @ 0x[0-9a-f]+\] )*\[warning\] .*(?:corrupt decoded frame|corrupt input packet) in stream/;
const REPEATED = /^ +Last message repeated (\d{1,9}) times/;

/**
 * How often a decoder reported an error in a run, or data was marked corrupt. What the demuxer says about the file is not counted.
 * @param container the demuxer's names as ffprobe gives them.
 */
export function countComplaints(run: Pick<MediaRun, 'errorLines' | 'log'>, container: string): number {
  return Math.max(countIn(run.errorLines, container), countIn(run.log.split('\n'), container));
}

function countIn(lines: readonly string[], container: string): number {
  let count = 0;
  let isComplaint = false;
  for (const line of lines) {
    const repeated = REPEATED.exec(line);
    if (repeated) {
      if (isComplaint) count += Number(repeated[1]);
      continue;
    }
    const match = ERROR_LINE.exec(line);
    isComplaint = CORRUPT_DATA.test(line) || (match !== null && match[1] !== container && !HARMLESS.test(line));
    if (isComplaint) count++;
  }
  return count;
}
