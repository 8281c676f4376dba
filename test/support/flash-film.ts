import type { FilmSpec } from './title-folder.ts';

/** The ordinary case: two rungs, two languages of sound, two of text, segments of uneven length. */
export const FLASH_FILM: FilmSpec = {
  seconds: 16,
  fps: 30,
  rungs: [
    { name: '360p', widthPx: 640, heightPx: 360 },
    { name: '180p', widthPx: 320, heightPx: 180 },
  ],
  idrFrames: [0, 72, 150, 186, 330, 400],
  audio: [
    { language: 'eng', beepHz: 1000 },
    { language: 'deu', beepHz: 400, title: 'Kommentar "B"' },
  ],
  texts: [
    { language: 'eng', srt: '1\n00:00:00,500 --> 00:00:08,000\n<i>First</i> line & more\n\n2\n00:00:09,000 --> 00:00:15,000\nSecond line\n' },
    { language: 'spa', srt: '1\n00:00:00,500 --> 00:00:15,000\nPrimera línea\n' },
  ],
};

/** Frames left out, so the frame rate is variable; the picture starts later than the sound. */
export const UNEVEN_FILM: FilmSpec = {
  ...FLASH_FILM,
  seconds: 12,
  idrFrames: [0, 59, 137, 189],
  droppedOf30: [7, 8, 9, 19],
  videoStartSeconds: 0.2,
  audio: [{ language: 'und', beepHz: 1000 }],
  texts: [],
};
