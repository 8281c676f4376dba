import type { RenditionQuality, Report } from '../../model/report.ts';

/** A rendition's scores as a few words; empty where there are none. */
export function qualityWords(quality: RenditionQuality | undefined): string {
  if (!quality?.ssim) return '';
  const vmaf = quality.vmaf ? `, VMAF ${quality.vmaf.mean.toFixed(1)} (worst ${quality.vmaf.worst.toFixed(1)})` : '';
  return `SSIM ${quality.ssim.mean.toFixed(3)} (worst ${quality.ssim.worst.toFixed(3)})${vmaf}`;
}

/** What is missing of a title's scores, as a sentence; null when nothing is. */
export function missingScores(report: Report): string | null {
  const missing = report.renditions.filter(({ recipe }) => (recipe.picturesFrom ?? null) === null).map(({ quality }) => quality?.chunksWithoutScore ?? null);
  if (missing.includes(null)) return 'This title was made before pictures were scored.';
  const chunks = missing.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  if (chunks === 0) return null;
  return `${chunks} encoded chunks have no score: they were made before pictures were scored, or by an ffmpeg that cannot.`;
}
