/**
 * Encodes every ordinary film of the folder of real films, verifies it, and lets a check of plain ffmpeg judge: `node tools/check-films.ts [NAME…]`.
 * The folder is SCENELINE_MEDIA, else `../shared/media` beside the repository. Films that are not there are named and left out.
 */
import { checkFilm, type FilmOutcome } from '../test/e2e/check-film.ts';
import { mediaPath } from '../test/support/media.ts';

const FILMS = [
  'bbb-1080p30-13s.mp4',
  'bbb-360s-to-420s-720p24.mp4',
  'bbb-960x540p60-vp8.webm',
  'bbb-full-596s-252p24.mp4',
  'bbb-trailer-360p25-vp8-vorbis.webm',
  'caminandes-llama-drama-30s-180p24-av1-opus.webm',
  'elephants-dream-0s-to-72s-360p24-2audio.mp4',
  'nasa-13013-multitrack.mp4',
  'pyscenedetect-fades-10s.mp4',
  'pyscenedetect-testvideo-24s-720p.mp4',
  'sintel-120s-to-150s-1080p24-sdr-hevc10-5.1.ts',
  'sintel-60s-to-90s-1080p24-hdr10-hevc10-5.1.ts',
  'tears-of-steel-0s-to-42s-500x208.mkv',
];

const wanted = process.argv.slice(2);
const outcomes: FilmOutcome[] = [];
for (const film of FILMS) {
  if (wanted.length > 0 && !wanted.some((name) => film.includes(name))) continue;
  const source = mediaPath(`real/${film}`);
  if (source === null) {
    process.stderr.write(`${film} is not there\n`);
    continue;
  }
  process.stderr.write(`${film} …\n`);
  const outcome = await checkFilm(film, source);
  for (const fault of outcome.faults) process.stderr.write(`  ${fault}\n`);
  outcomes.push(outcome);
}

const rows = outcomes.map(({ film, frames, files, seconds, psnrMin, faults }) => [
  film,
  String(frames),
  String(files),
  `${seconds.encode.toFixed(1)} s`,
  `${seconds.verify.toFixed(1)} s`,
  `${seconds.check.toFixed(1)} s`,
  `${psnrMin.toFixed(1)} dB`,
  faults.length === 0 ? 'agrees' : `${faults.length} faults`,
]);
const table = [['FILM', 'FRAMES', 'FILES', 'ENCODE', 'VERIFY', 'CHECK', 'WORST FRAME', 'VERDICT'], ...rows];
const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
for (const row of table)
  process.stdout.write(
    `${row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()}\n`,
  );
if (outcomes.length === 0 || outcomes.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
