import { type JsonObject, numberAt, objectAt, textAt } from './json-access.ts';

export type Orientation = {
  /** Clockwise turn a player applies to show the picture upright. */
  readonly rotationDegrees: 0 | 90 | 180 | 270;
  /** A player turns the picture over, lines from bottom to top, before it applies the turn. */
  readonly isMirrored: boolean;
  /** The file asks for something else than mirroring and right angles, which is not done. */
  readonly isUnusual: boolean;
};

/** Reads a display matrix as ffprobe shows it, or the older `rotate` tag. ffprobe tells the turn of the upper edge; what is left is the mirror. */
export function readOrientation(stream: JsonObject, sideData: readonly JsonObject[]): Orientation {
  const matrix = sideData.find((item) => textAt(item, 'side_data_type') === 'Display Matrix');
  const counterClockwise = matrix ? numberAt(matrix, 'rotation') : null;
  const clockwise = matrix ? (counterClockwise === null ? Number.NaN : -counterClockwise) : (numberAt(objectAt(stream, 'tags'), 'rotate') ?? 0);
  const isMirrored = matrix !== undefined && determinantSign(matrix.displaymatrix) < 0;
  const turns = Math.round(clockwise / 90);
  const isRightAngle = Number.isFinite(clockwise) && Math.abs(clockwise) <= 360 && Math.abs(clockwise - turns * 90) < 1;
  if (!isRightAngle) return { rotationDegrees: 0, isMirrored: false, isUnusual: true };
  return { rotationDegrees: ((((turns % 4) + 4) % 4) * 90) as Orientation['rotationDegrees'], isMirrored, isUnusual: false };
}

/** Negative for a matrix that mirrors (ISO/IEC 14496-12 section 8.2.2: a b u, c d v, x y w in fixed point); 0 when it cannot be read. */
function determinantSign(printed: unknown): number {
  if (typeof printed !== 'string') return 0;
  const rows = printed
    .slice(0, 400)
    .split('\n')
    .flatMap((line) => {
      const match = /^[0-9a-f]{8}:\s+(-?\d{1,10})\s+(-?\d{1,10})\s+-?\d{1,10}\s*$/.exec(line);
      return match ? [[Number(match[1]), Number(match[2])]] : [];
    });
  if (rows.length < 2) return 0;
  return Math.sign(rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0]);
}
