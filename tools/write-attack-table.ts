/** Writes the table of tricks into docs/security.md, with what this machine's ffmpeg does: `node tools/write-attack-table.ts`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attackTable, tryTricks } from '../test/hostile/attack-table.ts';
import { tinyFilm } from '../test/hostile/tiny-film.ts';
import { mediaTools } from '../test/support/stage-context.ts';

const PAGE = join(import.meta.dirname, '../docs/security.md');
const PLACE = /(?<=<!-- attacks -->\n)[\s\S]*(?=<!-- end of attacks -->)/;

const folder = mkdtempSync(join(tmpdir(), 'sceneline-attacks-'));
try {
  const rows = await tryTricks(folder, await tinyFilm(folder));
  const { major, minor } = (await mediaTools()).abilities;
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(PAGE, page.replace(PLACE, `With ffmpeg ${major}.${minor}:\n\n${attackTable(rows)}\n\n`));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
