import type { ErrorCode } from '../../model/error-codes.ts';
import type { Finding, Place, Severity } from '../../model/finding.ts';
import { MOST_PIXELS } from '../../model/media-input.ts';
import { isHdr, isWide, type VideoTrack } from '../../model/source.ts';
import { completeColor } from './color.ts';
import { integerAt, type JsonObject, numberAt, objectAt, textAt } from './json-access.ts';
import { FASTEST_FPS, LONGEST_FILM_SECONDS, MOST_PICTURES, MOST_TRACKS } from './limits.ts';
import { readOrientation } from './orientation.ts';
import { pixelFormatFacts } from './pixel-format.ts';
import { type ProbedFacts, sideDataOf } from './source-facts.ts';

/** Tracks that a sentence names. */
const MOST_NAMED = 10;
const SMALLEST_SIDE_PX = 16;
const LARGEST_SIDE_PX = 16_384;

export function finding(severity: Severity, code: ErrorCode, message: string, place: Place = {}): Finding {
  return { code, severity, place, message };
}

/** Judges what can be judged without reading a packet: all reasons, not just the first. */
export function judgeFacts(probed: ProbedFacts): Finding[] {
  const { facts } = probed;
  const findings: Finding[] = [];
  if (probed.streamCount > MOST_TRACKS)
    findings.push(finding('refuse', 'SL-270', `The file has ${probed.streamCount} tracks; at most ${MOST_TRACKS} are read.`));
  if (facts.video === null) {
    if (facts.audio.length === 0) findings.push(finding('refuse', 'SL-203', 'The file has no picture track and no sound.'));
    else findings.push(finding('warn', 'SL-250', 'The file has no picture track; the title is sound only.'));
  } else {
    findings.push(...refusals(facts.video, probed.videoStreams[0]), ...videoWarnings(facts.video, probed.videoStreams[0]));
  }
  if (facts.otherVideo.length > 0) {
    findings.push(choiceOfTrack(facts.video!, facts.otherVideo));
  }
  const filmSeconds = probed.videoStreams.length === 0 ? null : numberAt(probed.videoStreams[0], 'start_time');
  for (const { streamIndex, startSeconds } of facts.audio) {
    if (filmSeconds === null || Math.abs(startSeconds - filmSeconds) <= LONGEST_FILM_SECONDS) continue;
    findings.push(finding('refuse', 'SL-270', 'This sound track begins more than a day away from the picture.', { streamIndex }));
  }
  for (const streamIndex of probed.skippedAudio) {
    findings.push(finding('warn', 'SL-233', 'This sound track has no known codec and is left out.', { streamIndex }));
  }
  for (const { streamIndex, codec } of probed.skippedText) {
    findings.push(finding('warn', 'SL-232', `Subtitles of the kind ${codec || 'unknown'} cannot become text and are left out.`, { streamIndex }));
  }
  if (facts.video !== null && facts.audio.length === 0) findings.push(finding('info', 'SL-238', 'The film has no sound.'));
  return findings;
}

/** Refuses a film that the ffmpeg found cannot prepare for an encoder. */
export function judgeTools(video: VideoTrack | null, filters: ReadonlySet<string>): Finding[] {
  if (video === null) return [];
  const colors = isHdr(video.color) ? ['zscale', 'tonemap'] : isWide(video.color) ? ['zscale'] : [];
  const needed = [...colors, ...(video.fieldOrder === 'interlaced' ? ['bwdif'] : [])];
  const missing = needed.filter((name) => !filters.has(name));
  if (missing.length === 0) return [];
  return [
    finding('refuse', 'SL-212', `The ffmpeg found has no filter ${missing.join(' and ')}, which this picture needs.`, { streamIndex: video.streamIndex }),
  ];
}

/** Judges how long a film is and how fast its pictures follow each other; nothing when that is bearable. */
export function judgeTimes(spanSeconds: number, pictureCount: number, streamIndex: number): Finding[] {
  const refuse = (message: string) => [finding('refuse', 'SL-270', message, { streamIndex })];
  if (spanSeconds > LONGEST_FILM_SECONDS)
    return refuse(`From the first to the last of its times the film lasts ${(spanSeconds / 3600).toFixed(1)} h; at most 24 h.`);
  if (pictureCount > MOST_PICTURES) return refuse(`The film has more than ${MOST_PICTURES} pictures.`);
  const isTooFast = pictureCount > 2 && pictureCount - 2 > FASTEST_FPS * spanSeconds;
  return isTooFast ? refuse(`${pictureCount} pictures in ${spanSeconds.toFixed(6)} s are more than ${FASTEST_FPS} a second.`) : [];
}

function refusals(video: VideoTrack, stream: JsonObject): Finding[] {
  const place = { streamIndex: video.streamIndex };
  const found: Finding[] = [];
  if (isEncrypted(stream)) found.push(finding('refuse', 'SL-205', 'The picture track is encrypted.', place));
  if (video.codec === '' || video.pixelFormat === '' || video.widthPx === 0 || video.heightPx === 0) {
    found.push(finding('refuse', 'SL-204', `The picture track (${video.codec || 'unknown codec'}) cannot be decoded.`, place));
  } else if (Math.min(video.widthPx, video.heightPx) < SMALLEST_SIDE_PX || Math.max(video.widthPx, video.heightPx) > LARGEST_SIDE_PX) {
    found.push(finding('refuse', 'SL-211', `A picture of ${video.widthPx}×${video.heightPx} pixels cannot be encoded.`, place));
  }
  if (video.widthPx * video.heightPx > MOST_PIXELS) {
    found.push(finding('refuse', 'SL-270', `A picture of ${video.widthPx}×${video.heightPx} pixels is larger than 8K.`, place));
  }
  if (video.timeBase.num === 0) found.push(finding('refuse', 'SL-206', 'The picture track has no valid time base.', place));
  const dolby = dolbyVision(stream);
  if (dolby !== null && !dolby.hasBaseLayer) {
    found.push(finding('refuse', 'SL-210', `The picture is Dolby Vision profile ${dolby.name}, which has no base layer for other players.`, place));
  }
  return found;
}

/** Compatibility 0 means that the base layer alone shows wrong colours: profile 5, and profile 10 of AV1 without one (Dolby Vision Profiles and Levels, section 2). */
function dolbyVision(stream: JsonObject): { readonly name: string; readonly hasBaseLayer: boolean } | null {
  const record = sideDataOf(stream).find((item) => textAt(item, 'side_data_type') === 'DOVI configuration record');
  if (record === undefined) return null;
  const profile = integerAt(record, 'dv_profile');
  const compatibility = integerAt(record, 'dv_bl_signal_compatibility_id');
  const name = `${profile ?? 'unknown'}${compatibility === null ? '' : `.${compatibility}`}`;
  return { name, hasBaseLayer: profile !== 5 && compatibility !== 0 };
}

function choiceOfTrack(film: VideoTrack, others: readonly VideoTrack[]): Finding {
  const left = others.slice(0, MOST_NAMED).map((track) => track.streamIndex);
  const message = `The file has more picture tracks (${[...left, ...(others.length > MOST_NAMED ? ['…'] : [])].join(', ')}); track ${film.streamIndex}, ${film.widthPx}×${film.heightPx}, is used.`;
  return finding('warn', 'SL-224', message, { streamIndex: film.streamIndex });
}

/** WebM marks its encrypted tracks with a key id; MP4 tracks carry the data that a licence is asked for with. */
function isEncrypted(stream: JsonObject): boolean {
  const kinds = sideDataOf(stream).map((item) => textAt(item, 'side_data_type'));
  return textAt(objectAt(stream, 'tags'), 'enc_key_id') !== '' || kinds.includes('Encryption initialization data') || kinds.includes('Encryption info');
}

function videoWarnings(video: VideoTrack, stream: JsonObject): Finding[] {
  const place = { streamIndex: video.streamIndex };
  const found: Finding[] = [];
  const note = (severity: Severity, code: ErrorCode, message: string) => found.push(finding(severity, code, message, place));
  const format = pixelFormatFacts(video.pixelFormat, integerAt(stream, 'bits_per_raw_sample'));
  if (video.fieldOrder === 'interlaced') note('warn', 'SL-222', 'The picture is interlaced and is deinterlaced, one picture out for each one in.');
  if (isWide(video.color)) note('info', 'SL-243', `The picture has colours of ${video.color.primaries}; they are converted to BT.709.`);
  if (isHdr(video.color)) note('warn', 'SL-223', `The picture is HDR (${video.color.transfer}) and is tone-mapped for SDR rungs.`);
  const dolby = dolbyVision(stream);
  if (dolby?.hasBaseLayer) note('warn', 'SL-223', `The picture is Dolby Vision profile ${dolby.name}; only its base layer is used.`);
  if (video.widthPx % 2 === 1 || video.heightPx % 2 === 1)
    note('warn', 'SL-228', `The picture is ${video.widthPx}×${video.heightPx} pixels; sizes must be even.`);
  if (video.sampleAspect.num !== video.sampleAspect.den) {
    note('warn', 'SL-229', `Pixels are ${video.sampleAspect.num}:${video.sampleAspect.den}; the picture is scaled to square ones.`);
  }
  if (video.rotationDegrees !== 0) note('warn', 'SL-230', `The picture is stored turned and is turned ${video.rotationDegrees}° clockwise.`);
  if (video.isMirrored) note('warn', 'SL-230', 'The picture is stored mirrored and is mirrored back.');
  if (readOrientation(stream, sideDataOf(stream)).isUnusual) note('warn', 'SL-231', 'The file asks for a skewed picture; that is not done.');
  if (format.hasAlpha || textAt(objectAt(stream, 'tags'), 'alpha_mode') === '1') note('warn', 'SL-240', 'The picture has transparency, which is dropped.');
  if (video.pixelFormat !== '' && !format.isPlain) note('info', 'SL-239', `The picture is ${video.pixelFormat}; SDR rungs have 8 bits and 4:2:0.`);
  if (assumesColor(video, stream)) {
    const { primaries, transfer, matrix } = video.color;
    note('info', 'SL-236', `Colour tags are missing; ${primaries}, ${transfer}, ${matrix} are assumed.`);
  }
  return found;
}

function assumesColor(video: VideoTrack, stream: JsonObject): boolean {
  const raw = {
    primaries: textAt(stream, 'color_primaries'),
    transfer: textAt(stream, 'color_transfer'),
    matrix: textAt(stream, 'color_space'),
    range: textAt(stream, 'color_range'),
  };
  return completeColor(raw, video.pixelFormat, video.heightPx).isAssumed;
}
