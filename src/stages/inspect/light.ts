import type { Chromaticity, LightFacts, MasteringDisplay } from '../../media/hdr.ts';
import { integerAt, type JsonObject, ratioAt, textAt } from './json-access.ts';

const CHROMATICITY_STEPS = 50_000;
const LUMINANCE_STEPS = 10_000;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffffffff;

/** Reads what ffprobe shows as side data of a stream or a picture; null when there is nothing, or nothing that makes sense. */
export function readLight(sideData: readonly JsonObject[]): LightFacts | null {
  const ofKind = (kind: string) => sideData.find((item) => textAt(item, 'side_data_type') === kind);
  const display = ofKind('Mastering display metadata');
  const level = ofKind('Content light level metadata');
  const mastering = display ? readMastering(display) : null;
  const content = level ? readContent(level) : null;
  return mastering === null && content === null ? null : { mastering, content };
}

function readMastering(data: JsonObject): MasteringDisplay | null {
  const chromaticity = (name: string): Chromaticity | null => {
    const x = stepsAt(data, `${name}_x`, CHROMATICITY_STEPS, MAX_U16);
    const y = stepsAt(data, `${name}_y`, CHROMATICITY_STEPS, MAX_U16);
    return x === null || y === null ? null : { x, y };
  };
  const [red, green, blue, white] = ['red', 'green', 'blue', 'white_point'].map(chromaticity);
  const maxLuminance = stepsAt(data, 'max_luminance', LUMINANCE_STEPS, MAX_U32);
  const minLuminance = stepsAt(data, 'min_luminance', LUMINANCE_STEPS, MAX_U32);
  if (!red || !green || !blue || !white || maxLuminance === null || minLuminance === null) return null;
  return { red, green, blue, white, maxLuminance, minLuminance };
}

function readContent(data: JsonObject): LightFacts['content'] {
  const [maxCll, maxFall] = [integerAt(data, 'max_content'), integerAt(data, 'max_average')];
  const isSane = (value: number | null): value is number => value !== null && value >= 0 && value <= MAX_U16;
  return isSane(maxCll) && isSane(maxFall) && maxCll + maxFall > 0 ? { maxCll, maxFall } : null;
}

/** A ratio as a whole number of steps; null when it is missing or out of range. */
function stepsAt(data: JsonObject, key: string, perUnit: number, most: number): number | null {
  const ratio = ratioAt(data, key);
  if (ratio === null) return null;
  const steps = Math.round((ratio.num * perUnit) / ratio.den);
  return steps <= most ? steps : null;
}
