/**
 * Takes every odd and every broken file of the folder of films through `encode`, `verify` and a check of plain ffmpeg: `node tools/check-sources.ts [NAME…]`.
 * Without names the table is written to docs/sources.md. The folder is SCENELINE_MEDIA, else `../shared/media` beside the repository.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_CODES } from '../src/model/error-codes.ts';
import { checkSource, inspectWhole, type SourceOutcome } from '../test/e2e/check-source.ts';
import { mediaPath } from '../test/support/media.ts';
import { ffmpeg } from '../test/support/stage-context.ts';

const PAGE = join(import.meta.dirname, '../docs/sources.md');
/** Six minutes of 4K: inspected whole, its beginning encoded. */
const LONG = '4k60-av1-362s-lowbitrate.mp4';
const BEGINNING_SECONDS = 5;

const SECTIONS = [
  { folder: 'odd', title: 'Odd but valid' },
  { folder: 'broken', title: 'Broken' },
] as const;

async function checkFile(name: string, path: string): Promise<SourceOutcome[]> {
  if (name !== LONG) return [await checkSource(name, path)];
  const place = await mkdtemp(join(tmpdir(), 'sceneline-beginning-'));
  try {
    const beginning = join(place, 'beginning.mp4');
    await ffmpeg(['-i', path, '-t', String(BEGINNING_SECONDS), '-c', 'copy', beginning]);
    return [await inspectWhole(`${name} (whole)`, path), await checkSource(`${name} (first ${BEGINNING_SECONDS} s)`, beginning)];
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function row({ name, outcome, findings, check, faults }: SourceOutcome): string {
  const cells = [
    name,
    faults.length > 0 ? '**fault**' : `${outcome}${check ? `, ${check.sourceFrames > 0 ? `${check.sourceFrames} frames` : 'sound only'}` : ''}`,
  ];
  const reasons = findings.filter(({ severity }) => severity === 'refuse');
  const said = reasons.length > 0 ? reasons.map(({ code, message }) => `${code} ${message}`) : summary(findings);
  return `| ${[...cells, said.join('; ') || 'none', proof({ outcome, check, faults })].map(cell).join(' | ')} |`;
}

/** Codes with their titles, and how often each. */
function summary(findings: SourceOutcome['findings']): string[] {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  return codes.map((code) => {
    const times = findings.filter((finding) => finding.code === code).length;
    return `${code} ${ERROR_CODES[code].title}${times > 1 ? ` (${times})` : ''}`;
  });
}

function proof({ outcome, check, faults }: Pick<SourceOutcome, 'outcome' | 'check' | 'faults'>): string {
  if (faults.length > 0) return faults.join('; ').slice(0, 400);
  if (outcome !== 'encoded' || check === null) return '–';
  if (check.renditions.length === 0) return 'sound in place';
  return check.renditions
    .map(({ frames, psnrMin, psnrMean }) => `${frames} frames in place, ${psnrMean.toFixed(1)} dB, worst ${psnrMin.toFixed(1)}`)
    .join('; ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}

const wanted = process.argv.slice(2);
const lines = [
  '# What becomes of odd and broken files',
  '',
  'Made by `tools/check-sources.ts` from the films of `SCENELINE_MEDIA`. Each file is encoded with one small rung. `verify` proves the finished title again, and a check of plain ffmpeg, which shares no',
  "line with the program, counts the frames, compares every presentation time with the master and every picture with the master's (luma PSNR at the size of the rung), its neighbours and the sound.",
  'A file is refused with its reasons, or encoded and proven; anything else is a fault.',
];
let faulty = 0;
let files = 0;
for (const { folder, title } of SECTIONS) {
  const place = mediaPath(folder);
  if (place === null) throw new Error(`the folder ${folder} of films is not there`);
  lines.push('', `## ${title}`, '', '| file | outcome | findings | proof |', '|---|---|---|---|');
  for (const name of (await readdir(place)).sort()) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    process.stderr.write(`${folder}/${name} …`);
    for (const outcome of await checkFile(name, join(place, name))) {
      process.stderr.write(` ${outcome.outcome}, ${outcome.seconds.toFixed(1)} s\n${outcome.faults.map((fault) => `  ${fault}\n`).join('')}`);
      files++;
      if (outcome.faults.length > 0) faulty++;
      lines.push(row(outcome));
    }
  }
}
lines.push('', `${files} rows, ${faulty} with a fault.`, '');
if (wanted.length === 0) await writeFile(PAGE, lines.join('\n'));
else process.stdout.write(lines.join('\n'));
if (files === 0 || faulty > 0) process.exitCode = 1;
