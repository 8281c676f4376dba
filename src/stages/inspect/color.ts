import type { ColorFacts } from '../../model/source.ts';

type RawColor = { readonly primaries: string; readonly transfer: string; readonly matrix: string; readonly range: string };

const UNKNOWN = new Set(['', 'unknown', 'unspecified', 'reserved', 'undefined']);

/** Formats whose name alone says that they use the full range of values. */
const FULL_RANGE_FORMAT = /^(yuvj|rgb|bgr|gbr|argb|abgr|x2rgb|x2bgr|0rgb|0bgr|pal8|gray|ya8|ya16|xyz)/;

/**
 * Completes colour tags. What is missing is taken from what is there, else from the picture's size as players do:
 * BT.709 from 720 lines up, below that the 525- or 625-line system.
 */
export function completeColor(raw: RawColor, pixelFormat: string, heightPx: number): { color: ColorFacts; isAssumed: boolean } {
  const known = {
    primaries: knownOrNull(raw.primaries),
    transfer: knownOrNull(raw.transfer),
    matrix: knownOrNull(raw.matrix),
  };
  const isRgb = /^(rgb|bgr|gbr|argb|abgr|x2rgb|x2bgr|0rgb|0bgr|pal8)/.test(pixelFormat);
  const family = familyOf(known, heightPx);
  const color: ColorFacts = {
    primaries: known.primaries ?? family.primaries,
    transfer: known.transfer ?? family.transfer,
    matrix: isRgb ? 'gbr' : (known.matrix ?? family.matrix),
    range: raw.range === 'pc' || (raw.range !== 'tv' && FULL_RANGE_FORMAT.test(pixelFormat)) ? 'pc' : 'tv',
  };
  const isAssumed = known.primaries === null || known.transfer === null || (known.matrix === null && !isRgb);
  return { color, isAssumed };
}

type Family = { readonly primaries: string; readonly transfer: string; readonly matrix: string };
const BT709: Family = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709' };
const BT2020: Family = { primaries: 'bt2020', transfer: 'bt709', matrix: 'bt2020nc' };
const LINES_525: Family = { primaries: 'smpte170m', transfer: 'smpte170m', matrix: 'smpte170m' };
const LINES_625: Family = { primaries: 'bt470bg', transfer: 'smpte170m', matrix: 'bt470bg' };

function familyOf(known: { readonly primaries: string | null; readonly matrix: string | null; readonly transfer: string | null }, heightPx: number): Family {
  const named = known.matrix ?? known.primaries;
  if (named?.startsWith('bt2020')) return BT2020;
  if (named === null && (known.transfer === 'smpte2084' || known.transfer === 'arib-std-b67')) return BT2020;
  if (named === 'bt709') return BT709;
  if (named === 'bt470bg') return LINES_625;
  if (named === 'smpte170m' || named === 'bt470m') return LINES_525;
  if (heightPx >= 720) return BT709;
  return heightPx === 576 || heightPx === 288 ? LINES_625 : LINES_525;
}

function knownOrNull(name: string): string | null {
  return UNKNOWN.has(name) ? null : name;
}
