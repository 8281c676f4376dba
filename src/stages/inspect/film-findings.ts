import { type TimeBase, ticksToSeconds } from '../../media/time.ts';
import type { Finding, Place } from '../../model/finding.ts';
import type { FilmMeasures } from './film-measures.ts';
import type { AudioFindings } from './inspect-audio.ts';
import { LONGEST_FILM_SECONDS } from './limits.ts';
import { finding, judgeTimes } from './probe-findings.ts';

/** More places of one kind than this are summed up. */
const MOST_PLACES = 20;
/** A film that lacks more of its pictures than this is no film. */
const LARGEST_MISSING_SHARE = 0.1;

type Film = { readonly measures: FilmMeasures; readonly timeBase: TimeBase; readonly streamIndex: number; readonly isInterlaced: boolean };

/** Judges a film by its frames: what could not be known before all were decoded. */
export function judgeFilm(film: Film, isListTrusted: boolean): Finding[] {
  const { measures } = film;
  const place = { streamIndex: film.streamIndex };
  const found: Finding[] = [];
  if (measures.turns) return [finding('refuse', 'SL-214', 'In mid-film the pictures ask to be turned or mirrored otherwise than before.', place)];
  const spanSeconds = ticksToSeconds(measures.endPtsTicks - measures.firstPtsTicks, film.timeBase);
  if (measures.frameCount === 0) return [finding('refuse', 'SL-207', 'No picture of the film can be decoded.', place)];
  found.push(...judgeTimes(spanSeconds, measures.frameCount, film.streamIndex));
  if (!measures.timesAscend) found.push(finding('refuse', 'SL-206', 'Times of pictures run backwards.', place));
  found.push(...changeFindings(film));
  const listedCount = measures.frameCount + measures.missingCount;
  if (measures.missingCount > LARGEST_MISSING_SHARE * listedCount) {
    found.push(finding('refuse', 'SL-209', `${measures.missingCount} of ${listedCount} pictures cannot be decoded.`, place));
  } else if (measures.missingCount > 0) {
    found.push(finding('warn', 'SL-235', `${measures.missingCount} pictures that the container lists cannot be decoded.`, place));
  }
  found.push(...damageFindings(film), ...paceFindings(film));
  if (isListTrusted && measures.isListingWrong) {
    found.push(finding('info', 'SL-237', 'In places the container does not list the pictures as they decode; what decodes counts.', place));
  }
  return found;
}

/** A size is believed when pictures outside all damage have it; pictures of other sizes cannot be deinterlaced with each other. */
function sizeFinding({ measures, streamIndex, isInterlaced }: Film): Finding {
  const refused = (message: string) => finding('refuse', 'SL-211', message, { streamIndex });
  if (!measures.isEverySizeVouched) return refused('The picture changes its size or sampling where the film is damaged.');
  if (isInterlaced || measures.changes.interlacedPtsTicks !== null) return refused('The picture changes its size or sampling in the film and is interlaced.');
  return finding('warn', 'SL-242', 'The picture changes its size or sampling in the film; all of it is fitted into the size of its beginning.', {
    streamIndex,
  });
}

/** What changes in mid-film, said by key pictures: a place is at most a few seconds late. */
function changeFindings(film: Film): Finding[] {
  const { measures, timeBase, streamIndex, isInterlaced } = film;
  const { shapePtsTicks, colorPtsTicks, interlacedPtsTicks } = measures.changes;
  const at = (ptsTicks: number): Place => ({ streamIndex, startSeconds: secondsOf(ptsTicks - measures.firstPtsTicks, ptsTicks, timeBase).startSeconds });
  const found: Finding[] = measures.keepsSize ? [] : [sizeFinding(film)];
  if (shapePtsTicks !== null && measures.keepsSize) {
    const message = 'The pixels change their shape in the film; all of it is fitted into the shape of its beginning.';
    found.push(finding('warn', 'SL-242', message, at(shapePtsTicks)));
  }
  if (colorPtsTicks !== null) found.push(finding('refuse', 'SL-213', 'Matrix or range of the colours change in the film.', at(colorPtsTicks)));
  if (interlacedPtsTicks !== null && !isInterlaced) {
    found.push(finding('warn', 'SL-222', 'Part of the film is interlaced and is deinterlaced, one picture out for each one in.', at(interlacedPtsTicks)));
  }
  return found;
}

function damageFindings({ measures, timeBase, streamIndex }: Film): Finding[] {
  const zero = measures.firstPtsTicks;
  return limited(
    measures.damaged.map(({ startFrame, endFrameExclusive, startPtsTicks, endPtsTicks }) => {
      const seconds = secondsOf(startPtsTicks - zero, endPtsTicks - zero, timeBase);
      const place = { streamIndex, startFrame, endFrameExclusive, ...seconds };
      return finding('warn', 'SL-234', `The decoder reports errors in frames ${startFrame} to ${endFrameExclusive - 1}.`, place);
    }),
    (more) => finding('warn', 'SL-234', `The decoder reports errors in ${more} more places.`, { streamIndex }),
  );
}

function paceFindings({ measures, timeBase, streamIndex }: Film): Finding[] {
  const zero = measures.firstPtsTicks;
  const gaps = measures.pace.gaps.map(({ frame, startPtsTicks, endPtsTicks }) => {
    const seconds = secondsOf(startPtsTicks - zero, endPtsTicks - zero, timeBase);
    const place = { streamIndex, startFrame: frame, endFrameExclusive: frame + 1, ...seconds };
    return finding('warn', 'SL-225', `After frame ${frame} no new picture comes for ${(seconds.endSeconds - seconds.startSeconds).toFixed(2)} s.`, place);
  });
  const variable = measures.pace.isVariable ? [finding('warn', 'SL-221', 'The frame rate is variable; every picture keeps its time.', { streamIndex })] : [];
  return [...variable, ...limited(gaps, (more) => finding('warn', 'SL-225', `The picture has ${more} more gaps.`, { streamIndex }))];
}

/** Judges a sound track by its decoded samples. @param filmSeconds when the film's first picture comes, or the first sound where there are none, on the source's clock */
export function judgeSound(sound: AudioFindings, filmSeconds: number): Finding[] {
  const { streamIndex, startSeconds } = sound.inspection;
  if (sound.failure !== null) return [finding('warn', 'SL-233', `This sound track cannot be decoded and is left out: ${sound.failure}.`, { streamIndex })];
  const found: Finding[] = [];
  const leaps = [startSeconds - filmSeconds, ...sound.gaps.map(({ jumpSeconds }) => jumpSeconds)];
  if (leaps.some((seconds) => Math.abs(seconds) > LONGEST_FILM_SECONDS)) {
    found.push(finding('refuse', 'SL-270', 'Times of this sound track leap by more than a day.', { streamIndex }));
  }
  if (sound.formChange !== undefined) found.push(formFinding(sound, sound.formChange, filmSeconds));
  if (sound.isDamaged) found.push(finding('warn', 'SL-241', 'The decoder reports errors in this sound track.', { streamIndex }));
  if (sound.gapCount > 0) {
    const message = `Times of this sound track jump in ${sound.gapCount} ${sound.gapCount === 1 ? 'place' : 'places'}; sound is placed by time.`;
    found.push(finding('warn', 'SL-226', message, { streamIndex, startSeconds: since(filmSeconds, sound.gaps[0].atSeconds) }));
  }
  return found;
}

function formFinding({ inspection }: AudioFindings, { atSeconds, channels }: NonNullable<AudioFindings['formChange']>, filmSeconds: number): Finding {
  const { streamIndex, sampleRate } = inspection;
  const startSeconds = atSeconds === null ? null : since(filmSeconds, atSeconds);
  const from = startSeconds === null ? '' : `, first at ${startSeconds.toFixed(2)} s`;
  const form = `${channels} ${channels === 1 ? 'channel' : 'channels'} at ${sampleRate} Hz`;
  const message = `Channels or sampling rate of this sound track change on the way${from}; all of it is taken as ${form}.`;
  return finding('warn', 'SL-253', message, { streamIndex, ...(startSeconds === null ? {} : { startSeconds }) });
}

/** Places count from the film's first picture. */
function since(filmSeconds: number, atSeconds: number): number {
  return Number((atSeconds - filmSeconds).toFixed(6));
}

function limited(findings: Finding[], sumUp: (more: number) => Finding): Finding[] {
  if (findings.length <= MOST_PLACES) return findings;
  return [...findings.slice(0, MOST_PLACES), sumUp(findings.length - MOST_PLACES)];
}

function secondsOf(startTicks: number, endTicks: number, timeBase: TimeBase) {
  const round = (ticks: number) => Number(ticksToSeconds(ticks, timeBase).toFixed(6));
  return { startSeconds: round(startTicks), endSeconds: round(endTicks) };
}
