import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../model/error-codes.ts';
import type { Report } from '../../model/report.ts';
import { STAGE_NAMES } from '../../model/stage.ts';
import { formatBytes, formatSeconds } from '../cli/terminal.ts';
import { type Metric, type RungView, rungViews, secondsOnTimeline, shotsOnTimeline, titleSeconds } from './film.ts';
import { type Html, html } from './html.ts';
import type { FramePictures } from './pictures.ts';
import { clock, type Plot, plotHtml, roundTicks } from './plot.ts';
import { missingScores } from './words.ts';

/** Nothing may be fetched and nothing may run, whatever the page holds. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/** The first line of every page of ours. */
export const PAGE_MARK = '<!doctype html><!-- sceneline report -->';
const MOST_SHOTS = 1000;

type PageView = {
  readonly report: Report;
  readonly rungs: readonly RungView[];
  readonly endSeconds: number;
  /** On the title's timeline. */
  readonly shots: Report['shots'];
  readonly pictures: readonly FramePictures[];
};

/** The page of a finished title: everything is in it, nothing is fetched. Pure but for its own style sheet. */
export function reportPage(report: Report, pictures: readonly FramePictures[]): string {
  const rungs = rungViews(report);
  const view: PageView = { report, rungs, endSeconds: titleSeconds(report, rungs), shots: shotsOnTimeline(report), pictures };
  const { name, about } = headline(view);
  const style = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');
  const body = html`<header><h1><bdi>${name}</bdi></h1><p>${about}</p></header>
<main>
${renditionSection(view)}
${rateSection(view)}
${scoreSection(view, 'ssim')}
${scoreSection(view, 'vmaf')}
${pictureSection(view)}
${shotSection(view)}
${findingSection(report)}
${proofSection(report)}
${costSection(report)}
${sourceSection(report)}
</main>
<footer>Made by Sceneline from report.json of title ${report.title}, revision ${report.revision}.</footer>`;
  const head = html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${name} · Sceneline report</title>`;
  return `${PAGE_MARK}\n${head.text}\n<style>${style}</style></head>\n<body>\n${body.text}\n</body></html>\n`;
}

function headline({ report, shots, endSeconds }: PageView): { name: string; about: string } {
  const { title, video } = report.source.facts as { title?: unknown; video?: { widthPx?: unknown; heightPx?: unknown; codec?: unknown } | null };
  const file = report.source.path.split('/').at(-1);
  const master = video ? `master ${video.widthPx}×${video.heightPx} ${video.codec}` : '';
  const about = [clock(endSeconds), `${count(report.source.frames)} frames`, `${count(shots.length)} shots`, `${count(report.chunks.length)} chunks`, master];
  return { name: (typeof title === 'string' && title) || file || 'Untitled', about: about.filter(Boolean).join(' · ') };
}

function renditionSection({ report, rungs }: PageView): Html {
  const colors = new Map(rungs.map(({ rendition }, i) => [rendition.name, i]));
  const withVmaf = report.renditions.some(({ quality }) => quality?.vmaf);
  const rows = report.renditions.map((rendition) => {
    const { file, width, height, codec, bitsPerSecond, bytes, recipe, quality } = rendition;
    const color = colors.get(String(recipe.picturesFrom ?? rendition.name));
    const dot = color === undefined ? null : html`<i class="dot c${color}"></i>`;
    const score = (value: number | undefined, digits: number) => html`<td class="n">${value === undefined ? '–' : value.toFixed(digits)}</td>`;
    return html`<tr><td>${dot}<bdi>${file}</bdi></td><td class="n">${rate(bitsPerSecond)}</td>
${score(quality?.ssim?.mean, 3)}${score(quality?.ssim?.worst, 3)}${withVmaf ? [score(quality?.vmaf?.mean, 1), score(quality?.vmaf?.worst, 1)] : null}
<td class="n">${formatBytes(bytes)}</td><td class="n">${width}×${height}</td><td>${codec}</td></tr>`;
  });
  const heads = ['SSIM', 'worst', ...(withVmaf ? ['VMAF', 'worst'] : [])].map((head) => html`<th class="n">${head}</th>`);
  return html`<section><h2>Renditions</h2><div class="scroll"><table>
<thead><tr><th>File</th><th class="n">Rate</th>${heads}<th class="n">Bytes</th><th class="n">Size</th><th>Codec</th></tr></thead><tbody>${rows}</tbody></table></div>
${note(missingScores(report))}</section>`;
}

function rateSection(view: PageView): Html {
  const { rungs } = view;
  const most = Math.max(0, ...rungs.flatMap(({ rates }) => rates.map(([, bits]) => bits)));
  if (most === 0) return html``;
  const ticks = roundTicks(most / 1e6);
  const lines = rungs.map(({ rates }, color) => ({ color, points: rates.map(([at, bits]) => [at, bits / 1e6] as const) }));
  const range = [0, ticks[ticks.length - 1]] as const;
  const plot = { ...commonPlot(view), label: 'Bit rate over time', range, ticks, format: (value: number) => `${value}`, lines, badges: [] };
  return html`<section><h2>Bit rate <small>Mbit/s, each segment</small></h2>${legend(rungs)}${plotHtml(plot)}</section>`;
}

function scoreSection(view: PageView, metric: Metric): Html {
  const { rungs, pictures } = view;
  const values = rungs.flatMap(({ scores }) => scores[metric].map(([, score]) => score));
  if (values.length === 0) return html``;
  const top = metric === 'ssim' ? 1 : 100;
  const losses = roundTicks(top - Math.min(...values));
  const ticks = losses.map((loss) => Number((top - loss).toFixed(6))).filter((tick) => tick >= 0);
  const low = ticks[ticks.length - 1];
  const digits = Math.max(0, ...ticks.map((tick) => String(tick).split('.')[1]?.length ?? 0));
  const lines = rungs.map(({ scores }, color) => ({ color, points: scores[metric] }));
  const badges = pictures.flatMap(({ seconds, scores }, i) => {
    const worst = Math.min(...scores.map(({ picture }) => picture[metric] ?? Number.POSITIVE_INFINITY));
    return Number.isFinite(worst) ? [{ at: [seconds, worst] as const, text: String(i + 1), target: `worst-${i + 1}` }] : [];
  });
  const plot = {
    ...commonPlot(view),
    label: 'Quality over time',
    range: [low, top] as const,
    ticks,
    format: (value: number) => value.toFixed(digits),
    lines,
    badges,
  };
  const about =
    metric === 'ssim' ? 'SSIM of luma, about one picture a second held to the picture fed; 1 is equal' : 'VMAF 0.6.1 of one of them in each segment, by itself';
  return html`<section><h2>Quality <small>${about}</small></h2>${legend(rungs)}${plotHtml(plot)}</section>`;
}

function commonPlot({ rungs, shots, endSeconds }: PageView): Pick<Plot, 'endSeconds' | 'borders' | 'hints'> {
  const hints = shots.slice(0, MOST_SHOTS).map(({ startSeconds }, shot) => {
    const scores = rungs.map(({ rendition }) => `${rendition.name} ${shotWords(rendition.quality?.shots[shot])}`);
    const endOfShot = shots[shot + 1]?.startSeconds ?? endSeconds;
    return { startSeconds, endSeconds: endOfShot, text: [`Shot ${shot + 1}, ${clock(startSeconds)} to ${clock(endOfShot)}`, ...scores].join(' · ') };
  });
  return { endSeconds, borders: shots.slice(1).map(({ startSeconds }) => startSeconds), hints };
}

function shotWords(shot: NonNullable<Report['renditions'][number]['quality']>['shots'][number] | undefined): string {
  return shot?.ssim ? `SSIM ${shot.ssim.mean.toFixed(3)} (worst ${shot.ssim.worst.toFixed(3)})` : 'no score';
}

function legend(rungs: readonly RungView[]): Html {
  return html`<p class="legend">${rungs.map(({ rendition }, i) => html`<span><i class="dot c${i}"></i>${rendition.name}</span>`)}</p>`;
}

function pictureSection({ pictures, report }: PageView): Html {
  if (pictures.length === 0) return html``;
  const figures = pictures.map(({ frame, seconds, shot, scores, encoded, master, detail }, i) => {
    const place = `Frame ${frame} at ${clock(seconds)}${shot < 0 ? '' : `, shot ${shot + 1}`}`;
    const image = (bytes: Uint8Array | null, what: string) => {
      if (bytes === null) return null;
      const data = Buffer.from(bytes).toString('base64');
      return html`<div><img alt="${`${place}: ${what}`}" src="data:image/jpeg;base64,${data}"><span>${what}</span></div>`;
    };
    const rungs = scores.map(({ rendition, picture }, rung) => {
      const vmaf = picture.vmaf === undefined ? '' : `, VMAF ${picture.vmaf.toFixed(1)}`;
      return image(encoded[rung], `${rendition.name}, SSIM ${picture.ssim.toFixed(3)}${vmaf}`);
    });
    const name = scores[0]?.rendition.name ?? '';
    const closer = detail && html`<div class="pair closer">${image(detail.master, 'master, detail')}${image(detail.encoded, `${name}, detail`)}</div>`;
    return html`<figure id="worst-${i + 1}"><figcaption><b class="badge still">${i + 1}</b> ${place}</figcaption><div class="pair">${image(master, 'master')}${rungs}</div>${closer}</figure>`;
  });
  const hint = pictures.some(({ master }) => master !== null) ? null : `Give the master with --against to see it beside them; it was ${report.source.path}.`;
  return html`<section><h2>Worst frames <small>of the scored ones, one of a shot for each rung; below, where they differ most</small></h2>${note(hint)}${figures}</section>`;
}

function shotSection({ shots, rungs }: PageView): Html {
  if (shots.length === 0) return html``;
  const scored = rungs.filter(({ rendition }) => rendition.quality?.ssim);
  const row = (shot: number) => {
    const { startFrame, endFrameExclusive, startSeconds } = shots[shot];
    const cells = scored.map(({ rendition }) => {
      const ssim = rendition.quality?.shots[shot]?.ssim;
      return html`<td class="n">${ssim ? ssim.mean.toFixed(3) : '–'}</td><td class="n">${ssim ? ssim.worst.toFixed(3) : '–'}</td>`;
    });
    return html`<tr><td class="n">${shot + 1}</td><td class="n">${clock(startSeconds)}</td><td class="n">${startFrame}</td><td class="n">${endFrameExclusive - startFrame}</td>${cells}</tr>`;
  };
  const shown = shots.slice(0, MOST_SHOTS).map((_, shot) => row(shot));
  const heads = scored.map(({ rendition }) => html`<th class="n">${rendition.name}</th><th class="n">worst</th>`);
  const rest = shots.length > MOST_SHOTS ? note(`Only the first ${count(MOST_SHOTS)}; report.json has them all.`) : null;
  return html`<section><details><summary><h2>Shots <small>${count(shots.length)}</small></h2></summary><div class="scroll"><table>
<thead><tr><th class="n">Shot</th><th class="n">At</th><th class="n">Frame</th><th class="n">Frames</th>${heads}</tr></thead><tbody>${shown}</tbody></table></div>${rest}</details></section>`;
}

function findingSection(report: Report): Html {
  const items = report.findings.map(({ code, severity, message, place }) => {
    const at = place.startSeconds === undefined ? '' : ` at ${clock(secondsOnTimeline(report, place.startSeconds))}`;
    const title = code in ERROR_CODES ? ERROR_CODES[code as keyof typeof ERROR_CODES].title : '';
    return html`<li class="${severity}"><b>${severity}</b> <span>${message}</span> <small>${code} ${title}${at}</small></li>`;
  });
  return html`<section><h2>Findings</h2>${items.length === 0 ? note('None: nothing in the master was worth a remark.') : html`<ul class="findings">${items}</ul>`}</section>`;
}

function proofSection({ renditions, encoderBuild }: Report): Html {
  const items = renditions.map(({ file, frames, validation }) => {
    const { joins, pictures, audio } = validation as { joins?: unknown; pictures?: { compared?: unknown }; audio?: unknown };
    const parts = [`${count(frames)} frames, every one at its time`];
    if (typeof joins === 'number') parts.push(`${joins === 1 ? '1 join' : `${count(joins)} joins`} without gap or overlap`);
    if (typeof pictures?.compared === 'number') parts.push(`${count(pictures.compared)} pictures compared again after joining`);
    if (Array.isArray(audio) && audio.length > 0) parts.push(`sound to the sample in ${audio.length === 1 ? 'one track' : `${audio.length} tracks`}`);
    return html`<li><b>${file}</b> ${parts.join('; ')}</li>`;
  });
  return html`<section><h2>Proof</h2><ul class="proof">${items}</ul><p class="soft">Encoder build ${encoderBuild.slice(0, 16)}. To prove it again: sceneline verify DIR --against MASTER</p></section>`;
}

function costSection({ cost }: Report): Html {
  const whole = STAGE_NAMES.reduce((sum, stage) => sum + cost.cpuSeconds[stage], 0);
  const bars = STAGE_NAMES.filter((stage) => cost.cpuSeconds[stage] > 0).map((stage) => {
    const share = (100 * cost.cpuSeconds[stage]) / whole;
    return html`<tr><td>${stage}</td><td class="n">${formatSeconds(cost.cpuSeconds[stage])}</td><td class="n">${share.toFixed(1)} %</td><td class="bar"><i style="width:${share.toFixed(1)}%"></i></td></tr>`;
  });
  const facts = `${formatSeconds(cost.wallSeconds)} of work, ${formatSeconds(whole)} CPU; ${count(cost.framesEncoded)} frames encoded, ${count(cost.framesReused)} reused; ${count(cost.attempts)} attempts, ${count(cost.losses)} lost.`;
  return html`<section><h2>Cost</h2><p>${facts}</p><table class="cost"><tbody>${bars}</tbody></table></section>`;
}

function sourceSection({ source }: Report): Html {
  return html`<section><h2>Master</h2><p><bdi>${source.path}</bdi></p><p class="soft">${formatBytes(source.sizeBytes)}, SHA-256 <code>${source.sha256}</code></p></section>`;
}

function note(text: string | null): Html {
  return text === null ? html`` : html`<p class="soft">${text}</p>`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function rate(bitsPerSecond: number): string {
  return bitsPerSecond < 1e6 ? `${Math.round(bitsPerSecond / 1e3)} kbit/s` : `${(bitsPerSecond / 1e6).toFixed(2)} Mbit/s`;
}
