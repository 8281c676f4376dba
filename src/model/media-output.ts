/**
 * Output options of ffmpeg for a pipe. By itself it writes each packet as it comes, and whoever reads is woken for every line; with these it writes
 * some 45 lines at a time, so that what they say is still early news.
 */
export const LINES_TOGETHER = ['-flush_packets', '0', '-blocksize', '4096'] as const;

/** The same for small pictures and sound, which nobody waits for: 32 KiB at a time. */
export const BYTES_TOGETHER = ['-flush_packets', '0'] as const;
