import { ticksToSeconds } from '../../media/time.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Chunk, Plan } from '../../model/plan.ts';
import type { Report } from '../../model/report.ts';
import type { Shot } from '../../model/shot.ts';
import { sidecarFindings } from '../../model/sidecar.ts';
import type { Title } from '../../model/title.ts';
import type { ExtractedText } from '../../stages/package/text.ts';
import type { CostLedger } from '../cost.ts';

/** A rendition as its assemble job left it. */
export type RenditionRecord = Report['renditions'][number];

/** `report.json` of a title: what it was made from, how, what was proven, what it cost. Pure. */
export function buildReport(input: {
  title: Title;
  plan: Plan;
  inspection: Inspection;
  renditions: readonly RenditionRecord[];
  packaged: { readonly hls: string; readonly dash: string; readonly tracks: readonly { readonly [key: string]: unknown }[] };
  texts: readonly ExtractedText[];
  files: Report['files'];
  cost: CostLedger;
}): Report {
  const { title, plan, inspection } = input;
  const { seal, sidecars = [] } = title.order;
  const made = new Set(input.texts.flatMap((text) => ('text' in text ? [text.text.rendition.name] : [])));
  const leftOut = input.texts.flatMap((text) => ('leftOut' in text ? [text.leftOut] : []));
  return {
    generator: 'sceneline',
    version: 1,
    title: title.id,
    revision: title.revision,
    protection: title.protection,
    source: {
      path: seal.path,
      sha256: seal.sha256,
      sizeBytes: seal.sizeBytes,
      facts: { ...inspection.facts, crop: inspection.crop, black: inspection.black, frozen: inspection.frozen },
      frames: inspection.frameCount,
      timeBase: plan.timeBase,
      audio: inspection.audio.map((track) => ({ ...track })),
      sidecars: sidecars.map((sidecar) => ({ ...sidecar })),
    },
    encoderBuild: title.order.encoderBuild,
    findings: [...sidecarFindings(sidecars), ...inspection.findings, ...leftOut].map((finding) => ({ ...finding, place: { ...finding.place } })),
    shots: inspection.shots.map((shot) => ({ ...shot })),
    chunks: describeChunks(plan.chunks, inspection.shots, plan),
    plan: {
      videoStartTicks: plan.videoStartTicks,
      firstPtsTicks: plan.firstPtsTicks,
      audio: plan.audio.map((track) => ({ ...track })),
      text: plan.text.filter(({ name }) => made.has(name)).map((track) => ({ ...track })),
    },
    renditions: [...input.renditions],
    package: { hls: input.packaged.hls, dash: input.packaged.dash, tracks: input.packaged.tracks.map((track) => ({ ...track })) },
    files: [...input.files],
    cost: { ...input.cost },
  };
}

/** Chunks with the shots they overlap; one pass over both lists. */
function describeChunks(chunks: readonly Chunk[], shots: readonly Shot[], plan: Plan): Report['chunks'] {
  const startOf = shotClock(shots, plan);
  let first = 0;
  return chunks.map((chunk) => {
    while (first < shots.length && shots[first].endFrameExclusive <= chunk.startFrame) first++;
    const inside: Shot[] = [];
    for (let i = first; i < shots.length && shots[i].startFrame < chunk.endFrameExclusive; i++) inside.push(shots[i]);
    const { startFrame, endFrameExclusive } = chunk;
    return { startFrame, endFrameExclusive, startSeconds: startOf(chunk), idrFrames: [...chunk.idrFrames], shots: inside.map((shot) => ({ ...shot })) };
  });
}

/** Seconds at which a chunk starts: a shot's own where it starts with one, else by the film's average pace. */
function shotClock(shots: readonly Shot[], plan: Plan): (chunk: Chunk) => number {
  const known = new Map(shots.map((shot) => [shot.startFrame, shot.startSeconds]));
  const secondsPerFrame = ticksToSeconds(plan.endPtsTicks - plan.firstPtsTicks, plan.timeBase) / plan.frameCount;
  return (chunk) => known.get(chunk.startFrame) ?? Number((chunk.startFrame * secondsPerFrame).toFixed(6));
}
