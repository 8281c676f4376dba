import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reading } from './read-films.ts';

/** Thresholds of `scdet` that are tried; 10 is its own. */
export const SCDET_THRESHOLDS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14] as const;

/** First frames of shots as `scdet` has them at a threshold. */
export function scdetBorders({ scdetScores }: Reading, threshold: number): number[] {
  return scdetScores.flatMap((score, frame) => (frame > 0 && score >= threshold ? [frame] : []));
}

/** What of PySceneDetect is tried: its best detector with the defaults, and with shots as short as six frames allowed. */
export const PYSCENEDETECT_WAYS: readonly (readonly string[])[] = [['detect-adaptive'], ['detect-adaptive', '--min-scene-len', '6']];

/** The interpreter that may have PySceneDetect: SCENELINE_PYTHON, else `python3`. */
const PYTHON = process.env.SCENELINE_PYTHON ?? 'python3';

/** PySceneDetect's version; null where it is not installed. */
export async function pySceneDetectVersion(): Promise<string | null> {
  const { code, stdout } = await python(['-c', 'import scenedetect, cv2; print(scenedetect.__version__)']);
  return code === 0 ? stdout.trim() : null;
}

/** First frames of shots as PySceneDetect has them. Throws when it fails. */
export async function pySceneDetectBorders({ copyPath }: Reading, way: readonly string[]): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-peer-'));
  try {
    const { code, stderr } = await python(['-m', 'scenedetect', '-q', '-i', copyPath, '-o', folder, ...way, 'list-scenes', '-s', '-q']);
    if (code !== 0) throw new Error(`PySceneDetect ended with ${code}: ${stderr.slice(-1000)}`);
    const list = (await readdir(folder)).find((file) => file.endsWith('.csv'));
    if (list === undefined) throw new Error('PySceneDetect left no list of scenes');
    return sceneStarts(await readFile(join(folder, list), 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Its list counts frames from 1; the first scene starts with the film. */
function sceneStarts(csv: string): number[] {
  const [header, ...rows] = csv.trim().split('\n');
  const column = header.split(',').indexOf('Start Frame');
  if (column < 0) throw new Error(`PySceneDetect wrote another list: ${header}`);
  return rows.slice(1).map((row) => Number(row.split(',')[column]) - 1);
}

function python(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  return new Promise((done) => {
    child.once('error', (error) => done({ code: null, ...said, stderr: error.message }));
    child.once('close', (code) => done({ code, ...said }));
  });
}
