/** A line that ffmpeg's filter `showinfo` wrote itself: text of a film that looks like one does not begin so (`src/adapters/ffmpeg/tool-log.ts`). */
const LINE = /^\[Parsed_showinfo_\d+ @ 0x[0-9a-f]+\] \[info\] (.*)$/gm;

/** What `showinfo` says in a log, line by line, without the name of who speaks. */
export function showinfoLines(log: string): string[] {
  return Array.from(log.matchAll(LINE), ([, words]) => words);
}
