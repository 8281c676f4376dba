import type { PlannedRung } from '../../../model/ladder.ts';
import { type ColorFacts, isHdr, isWide, type VideoTrack } from '../../../model/source.ts';
import { uprightFilters } from '../../../model/upright.ts';

/** Exact on every CPU: the scaler's fast paths round differently from machine to machine. */
const SCALER_FLAGS = 'bicubic+accurate_rnd+bitexact';

/**
 * Filters that make one whole picture of the two fields of each coded one, with the help of the picture before and the one after; progressive pictures in
 * between stay as they are. Empty for a progressive film. Times and time base stay.
 */
export function deinterlaceFilters(video: Pick<VideoTrack, 'fieldOrder' | 'timeBase'>): string[] {
  if (video.fieldOrder === 'progressive') return [];
  return ['bwdif=mode=send_frame:parity=auto:deint=interlaced', `settb=${video.timeBase.num}/${video.timeBase.den}`];
}

/** How many pictures before and after a picture its filters read. */
export function neighbourCount(video: Pick<VideoTrack, 'fieldOrder'>): 0 | 1 {
  return video.fieldOrder === 'progressive' ? 0 : 1;
}

/**
 * Filters that turn a decoded (and deinterlaced) picture of the source into the picture that a rung's encoder is fed:
 * upright, square pixels, limited range 4:2:0, 8-bit BT.709; at an HDR rung 10-bit BT.2020 with the source's own transfer characteristics.
 */
export function normaliseFilters(video: VideoTrack, rung: Pick<PlannedRung, 'widthPx' | 'heightPx' | 'hdr'>): string[] {
  const turned = video.rotationDegrees === 90 || video.rotationDegrees === 270;
  const width = turned ? rung.heightPx : rung.widthPx;
  const height = turned ? rung.widthPx : rung.heightPx;
  const { color } = video;
  const size = `${video.changesSize ? fitted(width, height) : `${width}:${height}`}:flags=${SCALER_FLAGS}`;
  const upright = [...(video.changesSize ? [`pad=${width}:${height}:-1:-1:black:eval=frame`] : []), ...uprightFilters(video), 'setsar=1'];
  const from = `in_range=${color.range}:out_range=tv:in_color_matrix=${scalerMatrix(color.matrix)}`;
  if (rung.hdr) return [`scale=${size}:${from}:out_color_matrix=bt2020`, 'format=yuv420p10le', ...upright];
  if (isHdr(color)) return [`scale=${size}`, ...toneMapFilters(video), ...upright];
  if (isWide(color)) return [`scale=${size}`, primariesFilter(color), 'format=yuv420p', ...upright];
  return [`scale=${size}:${from}:out_color_matrix=bt709`, 'format=yuv420p', ...upright];
}

/** The largest even size of a picture's own shape in that box; worked out again for every picture that has another size than the one before. */
function fitted(width: number, height: number): string {
  return `'min(${width},2*round(${height}*dar/2))':'min(${height},2*round(${width}/dar/2))':eval=frame`;
}

/** BT.2020 and P3 to BT.709, through linear light. */
function primariesFilter({ primaries, matrix, range }: ColorFacts): string {
  const from = `transferin=bt709:primariesin=${primaries}:matrixin=${matrix}:rangein=${range === 'pc' ? 'full' : 'limited'}`;
  return `zscale=${from}:transfer=bt709:primaries=bt709:matrix=bt709:range=limited`;
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
