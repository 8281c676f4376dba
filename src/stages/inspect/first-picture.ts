import type { LightFacts } from '../../media/hdr.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import { isHdr } from '../../model/source.ts';
import { integerAt, objectsAt, textAt } from './json-access.ts';
import { readLight } from './light.ts';
import { MAX_SIDE_DATA, parseRoot } from './probe-document.ts';
import type { ProbedFacts } from './source-facts.ts';

/** Codecs whose pictures may be interlaced although neither container nor stream says so. */
const MAY_BE_INTERLACED = new Set(['dnxhd', 'prores', 'dvvideo', 'mpeg2video', 'mpeg4', 'vc1', 'mjpeg', 'rawvideo', 'v210', 'ffv1', 'h264']);

/** What the first decoded picture says that the stream may leave out. */
export type FirstPicture = { readonly isInterlaced: boolean; readonly light: LightFacts | null };

/** Whether the first picture has to be asked: the light of an HDR master is often in the coded pictures only, and so is whether DNxHD is interlaced. */
export function wantsFirstPicture({ facts: { video }, videoStreams }: ProbedFacts): boolean {
  if (video === null) return false;
  return (isHdr(video.color) && video.light === null) || (hidesFields(videoStreams[0]) && MAY_BE_INTERLACED.has(video.codec));
}

/** Arguments of ffprobe that decode and show the first picture. */
export function firstPictureArgs(source: MediaInput, streamIndex: number): readonly string[] {
  return ['-of', 'json=c=1', '-select_streams', String(streamIndex), '-read_intervals', '%+#1', '-show_frames', ...sourceArguments(source)];
}

/** Reads ffprobe's JSON. Throws SL-301 when it is not a JSON object. */
export function parseFirstPicture(text: string): FirstPicture {
  const frame = objectsAt(parseRoot(text), 'frames', 1)[0] ?? {};
  return { isInterlaced: integerAt(frame, 'interlaced_frame') === 1, light: readLight(objectsAt(frame, 'side_data_list', MAX_SIDE_DATA)) };
}

/** The facts with what the first picture adds to them. */
export function withFirstPicture(probed: ProbedFacts, picture: FirstPicture): ProbedFacts {
  const { facts, videoStreams } = probed;
  if (facts.video === null) return probed;
  const fieldOrder = picture.isInterlaced && hidesFields(videoStreams[0]) ? 'interlaced' : facts.video.fieldOrder;
  return { ...probed, facts: { ...facts, video: { ...facts.video, fieldOrder, light: facts.video.light ?? picture.light } } };
}

function hidesFields(stream: ProbedFacts['videoStreams'][number]): boolean {
  return ['', 'unknown'].includes(textAt(stream, 'field_order'));
}
