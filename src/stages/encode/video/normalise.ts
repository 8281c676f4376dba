import type { PlannedRung } from '../../../model/ladder.ts';
import type { VideoTrack } from '../../../model/source.ts';

/** Exact on every CPU: the scaler's fast paths round differently from machine to machine. */
const SCALER_FLAGS = 'bicubic+accurate_rnd+bitexact';

/** Turns the picture upright. Clockwise degrees, as a player would show it. */
const UPRIGHT = { 0: [], 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] } as const;

const HDR_TRANSFERS = new Set(['smpte2084', 'arib-std-b67']);

/**
 * Filters that turn a decoded picture of the source into the picture that a rung's encoder is fed:
 * upright, square pixels, 8-bit 4:2:0, limited range BT.709.
 */
export function normaliseFilters(video: VideoTrack, rung: Pick<PlannedRung, 'widthPx' | 'heightPx'>): string[] {
  const turned = video.rotationDegrees === 90 || video.rotationDegrees === 270;
  const width = turned ? rung.heightPx : rung.widthPx;
  const height = turned ? rung.widthPx : rung.heightPx;
  const { color } = video;
  const size = `${width}:${height}:flags=${SCALER_FLAGS}`;
  const upright = [...UPRIGHT[video.rotationDegrees], 'setsar=1'];
  if (HDR_TRANSFERS.has(color.transfer)) return [`scale=${size}`, ...toneMapFilters(video), ...upright];
  const colors = `in_range=${color.range}:out_range=tv:in_color_matrix=${scalerMatrix(color.matrix)}:out_color_matrix=bt709`;
  return [`scale=${size}:${colors}`, 'format=yuv420p', ...upright];
}

/** PQ and HLG to BT.709, graded around the 203 cd/m² reference white of ITU-R BT.2408. */
function toneMapFilters(video: VideoTrack): string[] {
  const { color } = video;
  const matrix = color.matrix === 'bt2020c' ? 'bt2020c' : 'bt2020nc';
  return [
    `zscale=transferin=${color.transfer}:primariesin=bt2020:matrixin=${matrix}:rangein=${color.range === 'pc' ? 'full' : 'limited'}:transfer=linear:npl=203`,
    'format=gbrpf32le',
    'zscale=primaries=bt709',
    'tonemap=hable:desat=0',
    'zscale=transfer=bt709:matrix=bt709:range=limited',
    'format=yuv420p',
  ];
}

/** Names of colour matrices as the scaler spells them. */
function scalerMatrix(matrix: string): string {
  if (matrix === 'bt709') return 'bt709';
  if (matrix === 'bt2020nc' || matrix === 'bt2020c') return 'bt2020';
  if (matrix === 'smpte240m') return 'smpte240m';
  if (matrix === 'fcc') return 'fcc';
  return 'smpte170m';
}
