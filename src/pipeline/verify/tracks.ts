import { join } from 'node:path';
import { topLevelBoxes } from '../../media/isobmff/boxes.ts';
import type { FileSources } from '../../media/isobmff/byte-source.ts';
import { onlySampleEntry, readMovie } from '../../media/isobmff/movie.ts';
import { readSampleEntry, type SampleEntryFacts } from '../../media/isobmff/sample-entry.ts';
import type { Report } from '../../model/report.ts';
import type { Claims } from './claims.ts';
import type { FaultList } from './faults.ts';
import type { PackagedTrack } from './prove-package-folder.ts';

/** A track of a finished file, as far as its header tells. */
export type TitleTrack = {
  readonly file: string;
  readonly kind: 'video' | 'audio';
  /** Among the tracks of its kind in the file. */
  readonly index: number;
  readonly facts: SampleEntryFacts;
  /** Which audio of the plan it is; null for pictures. */
  readonly planned: Claims['audio'][number] | null;
  /** Null in a rendition that is downloaded as a whole. */
  readonly packaged: PackagedTrack | null;
};

/** Reads the headers of all renditions and packaged tracks and holds them to the report. Files that cannot be read are faults and left out. */
export async function findTracks(
  input: { readonly dir: string; readonly claims: Claims; readonly packaged: readonly PackagedTrack[]; readonly files: FileSources },
  faults: FaultList,
): Promise<TitleTrack[]> {
  const { dir, claims, packaged, files } = input;
  const found: TitleTrack[] = [];
  for (const rendition of claims.report.renditions) {
    found.push(...((await faults.attempt(rendition.file, () => renditionTracks({ dir, claims, rendition, files }, faults))) ?? []));
  }
  for (const track of packaged) {
    const { kind } = track.announced;
    const facts = await faults.attempt(track.file, () => headerFacts(dir, track.file, files));
    if (facts?.length !== 1 || facts[0].kind !== kind) faults.add(track.file, `is no single ${kind} track`);
    else {
      const planned = kind === 'audio' ? (claims.audio.find(({ name }) => track.file.endsWith(`/${name}.mp4`)) ?? null) : null;
      if (kind === 'video' || planned) found.push({ file: track.file, kind, index: 0, facts: facts[0], planned, packaged: track });
    }
  }
  return found;
}

async function headerFacts(dir: string, file: string, files: FileSources): Promise<SampleEntryFacts[]> {
  const movie = await readMovie(await files.source(insideOf(dir, file)));
  return movie.tracks.map((track) => readSampleEntry(onlySampleEntry(track)));
}

type RenditionInput = { readonly dir: string; readonly claims: Claims; readonly rendition: Report['renditions'][number]; readonly files: FileSources };

async function renditionTracks({ dir, claims, rendition, files }: RenditionInput, faults: FaultList): Promise<TitleTrack[]> {
  const { file } = rendition;
  const source = await files.source(insideOf(dir, file));
  const movie = await readMovie(source);
  for await (const box of topLevelBoxes(source)) {
    if (box.type === 'mdat' && box.start < movie.moovRange.start) faults.add(file, 'has its header behind the media, so it does not play while it arrives');
  }
  const brand = rendition.container === 'm4v' ? 'M4V ' : 'isom';
  if (movie.brands[0] !== brand || !file.endsWith(`.${rendition.container}`))
    faults.add(file, `has brand ${movie.brands[0]} and is said to be ${rendition.container}`);
  const facts = movie.tracks.map((track) => readSampleEntry(onlySampleEntry(track)));
  const [videos, sounds] = [facts.filter(({ kind }) => kind === 'video'), facts.filter(({ kind }) => kind === 'audio')];
  if (videos.length !== 1) throw new RangeError(`${videos.length} picture tracks instead of one`);
  if (sounds.length !== claims.audio.length) faults.add(file, `has ${sounds.length} sound tracks instead of ${claims.audio.length}`);
  checkClaimedFacts(rendition, facts, faults);
  if (rendition.bytes !== source.sizeBytes) faults.add(file, `has ${source.sizeBytes} bytes and its rendition says ${rendition.bytes}`);
  return [
    { file, kind: 'video', index: 0, facts: videos[0], planned: null, packaged: null },
    ...sounds
      .slice(0, claims.audio.length)
      .map((it, i): TitleTrack => ({ file, kind: 'audio', index: i, facts: it, planned: claims.audio[i], packaged: null })),
  ];
}

function checkClaimedFacts(rendition: Report['renditions'][number], facts: readonly SampleEntryFacts[], faults: FaultList): void {
  const [video] = facts.filter(({ kind }) => kind === 'video');
  const { file, width, height } = rendition;
  const codec = facts.map((it) => it.codec).join(',');
  if (codec !== rendition.codec) faults.add(file, `is ${codec} and the report says ${rendition.codec}`);
  if (video.widthPx !== width || video.heightPx !== height) faults.add(file, `is ${video.widthPx}x${video.heightPx} and the report says ${width}x${height}`);
}

/** A report must not send the proof anywhere else. */
export function insideOf(dir: string, file: string): string {
  if (!/^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*){0,3}$/.test(file)) throw new RangeError(`${JSON.stringify(file.slice(0, 80))} is no file of a title`);
  return join(dir, file);
}
