import { type JsonObject, numberAt, objectAt, textAt } from './json-access.ts';

export type Orientation = {
  /** Clockwise turn a player applies to show the picture upright. */
  readonly rotationDegrees: 0 | 90 | 180 | 270;
  /** The file asks for more than a turn by right angles: mirroring, or a skewed matrix. */
  readonly isUnusual: boolean;
};

/** Reads a display matrix as ffprobe shows it, or the older `rotate` tag. */
export function readOrientation(stream: JsonObject, sideData: readonly JsonObject[]): Orientation {
  const matrix = sideData.find((item) => textAt(item, 'side_data_type') === 'Display Matrix');
  const counterClockwise = matrix ? numberAt(matrix, 'rotation') : null;
  const clockwise = matrix ? (counterClockwise === null ? Number.NaN : -counterClockwise) : (numberAt(objectAt(stream, 'tags'), 'rotate') ?? 0);
  const isMirrored = matrix !== undefined && determinantSign(matrix.displaymatrix) < 0;
  const turns = Math.round(clockwise / 90);
  const isRightAngle = Number.isFinite(clockwise) && Math.abs(clockwise) <= 360 && Math.abs(clockwise - turns * 90) < 1;
  if (!isRightAngle) return { rotationDegrees: 0, isUnusual: true };
  return { rotationDegrees: ((((turns % 4) + 4) % 4) * 90) as Orientation['rotationDegrees'], isUnusual: isMirrored };
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
