import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSources } from '../../../src/media/isobmff/byte-source.ts';
import { type MovieTrack, onlySampleEntry, readMovie } from '../../../src/media/isobmff/movie.ts';
import { writePieces } from '../../../src/media/isobmff/pieces.ts';
import { layoutProgressive, type ProgressiveTrack } from '../../../src/media/isobmff/progressive.ts';
import type { Sample, TrackSamples } from '../../../src/media/isobmff/sample.ts';
import { finishSampleEntry, readSampleEntry } from '../../../src/media/isobmff/sample-entry.ts';
import { tableSamples } from '../../../src/media/isobmff/sample-tables.ts';
import { parseReport, type Report } from '../../../src/model/report.ts';

const FFMPEG = process.env.SCENELINE_FFMPEG ?? 'ffmpeg';
const X264 = 'keyint=infinite:min-keyint=1:scenecut=0:open-gop=0:stitchable=1:cpu-independent=1:threads=1';

/** Edits what a muxer is about to write of one track. */
export type TrackEdit = (track: ProgressiveTrack) => ProgressiveTrack;

/** A copy of a finished title in which faults are planted; the report is put right afterwards, so that no hash gives them away. */
export class TitleCopy {
  readonly dir: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.dir = join(folder, 'title');
  }

  static async of(titleDir: string): Promise<TitleCopy> {
    const copy = new TitleCopy(await mkdtemp(join(tmpdir(), 'sceneline-copy-')));
    await cp(titleDir, copy.dir, { recursive: true });
    return copy;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  path(file: string): string {
    return join(this.dir, file);
  }

  async report(): Promise<Report> {
    return parseReport(await readFile(this.path('report.json'), 'utf8'));
  }

  async writeReport(report: Report): Promise<void> {
    await writeFile(this.path('report.json'), JSON.stringify(report));
  }

  /** Makes every size, hash and codec of the report true again. */
  async mendReport(): Promise<void> {
    const report = await this.report();
    const facts = async (file: string) => ({ sizeBytes: (await stat(this.path(file))).size, sha256: await sha256(this.path(file)) });
    const files = await Promise.all(report.files.map(async ({ file }) => ({ file, ...(await facts(file)) })));
    const renditions = await Promise.all(
      report.renditions.map(async (rendition) => {
        const { sizeBytes, sha256: hash } = await facts(rendition.file);
        return { ...rendition, bytes: sizeBytes, sha256: hash, codec: await codecsOf(this.path(rendition.file)) };
      }),
    );
    await this.writeReport({ ...report, files, renditions });
  }

  async truncate(file: string, share: number): Promise<void> {
    const { size } = await stat(this.path(file));
    await truncate(this.path(file), Math.floor(size * share));
  }

  async patch(file: string, at: number, bytes: Uint8Array): Promise<void> {
    const handle = await open(this.path(file), 'r+');
    await handle.write(bytes, 0, bytes.byteLength, at);
    await handle.close();
  }

  /** Encodes a rendition's pictures again after a filter, with IDRs at the planned times, and puts them in the place of its own. Everything else stays. */
  async refilm(file: string, filter: string): Promise<void> {
    const report = await this.report();
    const fps = report.source.timeBase.den / report.source.timeBase.num / (await this.#frameTicks(file));
    const idr = report.chunks.flatMap((chunk) => chunk.idrFrames).slice(1);
    const made = join(this.#folder, 'refilmed.mp4');
    const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-profile:v', 'high', '-level', '3.0', '-forced-idr', '1', '-x264-params', X264];
    const forced = idr.length > 0 ? ['-force_key_frames', idr.map((frame) => ((frame - 0.5) / fps).toFixed(6)).join(',')] : [];
    const timing = ['-fps_mode', 'passthrough', '-enc_time_base', `${report.source.timeBase.num}:${report.source.timeBase.den}`];
    const scale = ['-video_track_timescale', String(report.source.timeBase.den)];
    execFileSync(FFMPEG, ['-v', 'error', '-y', '-i', this.path(file), '-map', '0:v', '-vf', filter, ...timing, ...codec, ...forced, ...scale, made]);
    await this.#remux(file, { video: made });
  }

  /** Replaces the sound of a rendition by itself after a filter. */
  async resound(file: string, filter: string): Promise<void> {
    const made = join(this.#folder, 'resounded.mp4');
    const encode = ['-c:a', 'aac', '-b:a', '160k', '-f', 'mp4'];
    execFileSync(FFMPEG, ['-v', 'error', '-y', '-i', this.path(file), '-map', '0:a', '-af', filter, ...encode, made]);
    await this.#remux(file, { audio: made });
  }

  /** Writes a rendition anew with a changed picture track. */
  async rewrite(file: string, editVideo: TrackEdit): Promise<void> {
    await this.#remux(file, { editVideo });
  }

  async #frameTicks(file: string): Promise<number> {
    const files = new FileSources();
    try {
      const [video] = await readTracks(files, this.path(file), 'vide');
      return video.samples.durationsTicks[2];
    } finally {
      await files.close();
    }
  }

  async #remux(file: string, change: { video?: string; audio?: string; editVideo?: TrackEdit }): Promise<void> {
    const files = new FileSources();
    try {
      const own = [await readTracks(files, this.path(file), 'vide'), await readTracks(files, this.path(file), 'soun')];
      const videos = change.video ? withPlaceOf(await readTracks(files, change.video, 'vide'), own[0]) : own[0];
      const sounds = change.audio ? withLengthOf(await readTracks(files, change.audio, 'soun'), own[1]) : own[1];
      const tracks = [...videos.map(change.editVideo ?? ((track) => track)), ...sounds];
      const target = join(this.#folder, 'remuxed');
      await writePieces(target, layoutProgressive({ brand: file.endsWith('.m4v') ? 'm4v' : 'mp4', title: '', chapters: [], tracks }).pieces());
      await cp(target, this.path(file));
    } finally {
      await files.close();
    }
  }
}

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function codecsOf(path: string): Promise<string> {
  const files = new FileSources();
  try {
    const movie = await readMovie(await files.source(path));
    return movie.tracks.map((track) => readSampleEntry(onlySampleEntry(track)).codec).join(',');
  } catch {
    return 'unknown';
  } finally {
    await files.close();
  }
}

async function readTracks(files: FileSources, path: string, handler: 'vide' | 'soun'): Promise<ProgressiveTrack[]> {
  const source = await files.source(path);
  const movie = await readMovie(source);
  const shownTicks = (track: MovieTrack) => Math.floor(((track.edits.at(-1)?.durationTicks ?? 0) * track.timescale) / movie.timescale);
  return movie.tracks
    .filter((track) => track.handler === handler)
    .map((track) => {
      const samples = [...tableSamples(track.tables, source.sizeBytes)];
      const last = samples[samples.length - 1];
      const { timescale, language, handlerName, isEnabled, alternateGroup, widthPx, heightPx } = track;
      return {
        kind: handler === 'vide' ? 'video' : 'audio',
        sampleEntry: finishSampleEntry(onlySampleEntry(track)),
        ...{ timescale, language, extendedLanguage: null, handlerName, isEnabled, alternateGroup, widthPx, heightPx },
        samples: columnsOf(samples, source),
        startTicks: track.edits.length > 1 ? Math.floor((track.edits[0].durationTicks * timescale) / movie.timescale) : 0,
        mediaTimeTicks: track.edits.at(-1)?.mediaTimeTicks ?? 0,
        presentedTicks: shownTicks(track) || last.dtsTicks + last.durationTicks,
      } satisfies ProgressiveTrack;
    });
}

function columnsOf(samples: readonly Sample[], source: TrackSamples['extents'][number]['source']): TrackSamples {
  const syncs = samples.flatMap((sample, i) => (sample.isSync ? [i] : []));
  const offsets = samples.map((sample) => sample.ptsTicks - sample.dtsTicks);
  return {
    sizesBytes: Uint32Array.from(samples, (sample) => sample.sizeBytes),
    durationsTicks: Uint32Array.from(samples, (sample) => sample.durationTicks),
    compositionOffsetsTicks: offsets.some((offset) => offset !== 0) ? Uint32Array.from(offsets) : null,
    syncSamples: syncs.length === samples.length ? null : Uint32Array.from(syncs),
    extents: samples.map((sample) => ({ source, startBytes: sample.offsetBytes, sampleCount: 1 })),
  };
}

/** New pictures at the old ones' place on the title's timeline. */
function withPlaceOf(made: readonly ProgressiveTrack[], own: readonly ProgressiveTrack[]): ProgressiveTrack[] {
  return made.map((track, i) => ({ ...track, startTicks: own[i].startTicks, presentedTicks: own[i].presentedTicks }));
}

/** New sound cut to exactly the old one's length. */
function withLengthOf(made: readonly ProgressiveTrack[], own: readonly ProgressiveTrack[]): ProgressiveTrack[] {
  return made.map((track, i) => {
    const wanted = own[i].presentedTicks + track.mediaTimeTicks;
    const units = Math.ceil(wanted / 1024);
    const durationsTicks = new Uint32Array(units).fill(1024);
    durationsTicks[units - 1] = wanted - (units - 1) * 1024;
    const samples = { ...track.samples, sizesBytes: track.samples.sizesBytes.slice(0, units), durationsTicks, extents: track.samples.extents.slice(0, units) };
    const { language, handlerName, isEnabled, alternateGroup } = own[i];
    return { ...track, language, handlerName, isEnabled, alternateGroup, samples, presentedTicks: own[i].presentedTicks };
  });
}
