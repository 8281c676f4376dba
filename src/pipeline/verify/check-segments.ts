import type { MpdRepresentation } from '../../media/dash/parse-mpd.ts';
import type { VideoRange } from '../../media/hdr.ts';
import type { MultivariantPlaylist } from '../../media/hls/parse.ts';
import type { VideoFault } from './check-video.ts';
import type { TrackReading } from './read-video.ts';

/** What index and manifests say of a track's segments. */
export type AnnouncedSegments = {
  readonly timescale: number;
  readonly segments: readonly { readonly offsetBytes: number; readonly sizeBytes: number; readonly startTicks: number; readonly durationTicks: number }[];
};

/** Holds the segments that index and manifests announce to the fragments in the file: each is one fragment, begins with an IDR, and stands at its time. Pure. */
export function checkSegments(reading: TrackReading, announced: AnnouncedSegments): VideoFault[] {
  const { fragments, track, syncSamples } = reading;
  const { segments, timescale } = announced;
  if (timescale !== track.timescale) return [{ message: `its index has timescale ${timescale} and its media ${track.timescale}` }];
  if (fragments.length !== segments.length) return [{ message: `has ${fragments.length} fragments and ${segments.length} segments are announced` }];
  const syncs = new Set(syncSamples);
  const starts = fragments.map((fragment) => startOf(reading, fragment.firstSample));
  for (const [i, fragment] of fragments.entries()) {
    const segment = segments[i];
    const frame = fragment.firstSample;
    if (segment.offsetBytes !== fragment.moofStart)
      return [{ frame, message: `segment ${i} is announced at byte ${segment.offsetBytes}; its IDR's fragment begins at ${fragment.moofStart}` }];
    if (!syncs.has(frame)) return [{ frame, message: `segment ${i} does not begin with an IDR` }];
    if (segment.startTicks !== Math.max(0, starts[i]))
      return [{ frame, message: `segment ${i} is announced at tick ${segment.startTicks} and begins at ${starts[i]}` }];
    if (i + 1 < fragments.length && segment.startTicks + segment.durationTicks !== starts[i + 1])
      return [
        { frame, message: `segment ${i} is announced to end at tick ${segment.startTicks + segment.durationTicks}; the next begins at ${starts[i + 1]}` },
      ];
  }
  const end = segments[segments.length - 1].startTicks + segments[segments.length - 1].durationTicks;
  const last = reading.ptsTicks.reduce((most, pts, i) => (pts > reading.ptsTicks[most] ? i : most), 0);
  return end > startOf(reading, last) ? [] : [{ message: `its index ends at tick ${end}, before its last picture or sound` }];
}

/** Place of a sample on the title's timeline, ticks of its track. */
function startOf({ ptsTicks, mediaTimeTicks, start, track }: TrackReading, sample: number): number {
  return ptsTicks[sample] - mediaTimeTicks + Math.round((start.ticks * track.timescale) / start.timescale);
}

/** Holds what the MPD and the multivariant playlist say of a picture or sound track to its sample description. Pure. */
export function checkAnnouncement(
  reading: TrackReading,
  manifests: {
    readonly representation: MpdRepresentation | null;
    readonly mpdRange: VideoRange | null;
    readonly variant: MultivariantPlaylist['variants'][number] | null;
  },
): VideoFault[] {
  const { facts } = reading;
  const { representation, variant } = manifests;
  const faults: VideoFault[] = [];
  if (representation && representation.codecs !== facts.codec) faults.push({ message: `is ${facts.codec} and the MPD says ${representation.codecs}` });
  if (facts.kind === 'audio') return faults;
  const size = `${facts.widthPx}x${facts.heightPx}`;
  if (representation && `${representation.widthPx}x${representation.heightPx}` !== size) {
    faults.push({ message: `is ${size} and the MPD says ${representation.widthPx}x${representation.heightPx}` });
  }
  const range = facts.videoRange ?? 'SDR';
  if (representation && (manifests.mpdRange ?? 'SDR') !== range) faults.push({ message: `is ${range} and the MPD says ${manifests.mpdRange ?? 'SDR'}` });
  if (variant === null) return [...faults, { message: 'is no variant of the HLS playlist' }];
  const codecs = (variant.attributes.get('CODECS') ?? '').split(',');
  if (!codecs.includes(facts.codec)) faults.push({ message: `is ${facts.codec} and the HLS playlist says ${codecs.join(',')}` });
  const said = variant.attributes.get('VIDEO-RANGE') ?? 'SDR';
  if (said !== range) faults.push({ message: `is ${range} and the HLS playlist says ${said}` });
  const resolution = variant.attributes.get('RESOLUTION');
  if (resolution !== size) faults.push({ message: `is ${size} and the HLS playlist says ${resolution}` });
  return faults;
}
