import { DEMO_FPS, DEMO_SAMPLE_RATE, DEMO_TRUTH } from './truth.ts';

export type DemoSize = { readonly widthPx: number; readonly heightPx: number; readonly durationSeconds: number };

const SCALE_FLAGS = 'accurate_rnd+bitexact+full_chroma_int';
const smooth = `bicubic+${SCALE_FLAGS}`;
const blocky = `neighbor+${SCALE_FLAGS}`;

/** A scene: ffmpeg's own picture generator at a size of its own, then what moves it, then how it is enlarged. */
type Scene = { readonly source: string; readonly move?: string; readonly flags: string };

const SCENES: readonly Scene[] = [
  { source: 'testsrc2=size=640x360', flags: smooth },
  { source: 'mandelbrot=size=640x360:start_scale=2:end_scale=0.02:end_pts=300', flags: smooth },
  { source: 'smptehdbars=size=640x360', move: `drawgrid=x=40:y=30:w=160:h=120:t=4:c=white,scroll=horizontal=0.006`, flags: smooth },
  { source: 'life=size=160x90:mold=24:seed=7:ratio=0.12:death_color=#5a2a82:life_color=#ffd24a', flags: blocky },
  { source: 'gradients=size=480x270:seed=4:speed=0.02:nb_colors=4:c0=#20305a:c1=#d9a441:c2=#7a1f3d:c3=#3fae9a', flags: smooth },
  { source: 'rgbtestsrc=size=480x270', move: 'scroll=vertical=0.01', flags: smooth },
  { source: 'cellauto=size=192x108:rule=30:random_seed=5:scroll=1', move: 'format=yuv420p,lutyuv=y=60+val*0.35:u=150:v=110', flags: blocky },
  { source: 'testsrc2=size=640x360:alpha=255', move: 'hue=h=150:s=0.7,scroll=horizontal=0.021:vertical=0.013', flags: smooth },
  { source: 'sierpinski=size=480x270:seed=3', move: 'hue=h=0', flags: smooth },
  { source: 'colorspectrum=size=480x270', move: 'scroll=horizontal=-0.008', flags: smooth },
  { source: 'mandelbrot=size=640x360:start_x=-1.74:start_y=-0.01:start_scale=0.6:end_scale=0.01:end_pts=300:inner=convergence', flags: smooth },
  { source: 'testsrc=size=640x360:decimals=3', flags: smooth },
];

/** First frame of every scene, and the end of the last. */
const BORDERS = [0, ...DEMO_TRUTH.cutFrames, DEMO_TRUTH.fade!.changeFrame, DEMO_TRUTH.frames].sort((a, b) => a - b);

/**
 * The filter graph of the film, labels `[video]`, `[beepA]` and `[beepB]`.
 * Everything is generated: no file, no font, no chance.
 */
export function filmGraph(size: DemoSize, tones: readonly [number, number]): string {
  const change = DEMO_TRUTH.fade!.changeFrame;
  const first = BORDERS.indexOf(change);
  const half = (from: number, to: number) => SCENES.slice(from, to).map((_, i) => `[s${from + i}]`);
  const length = 2 * (DEMO_TRUTH.fade!.endFrameExclusive - change);
  return [
    ...SCENES.map((scene, i) => `${scenePicture(scene, size, BORDERS[i + 1] - BORDERS[i])}[s${i}]`),
    `${half(0, first).join('')}concat=n=${first}[a]`,
    `${half(first, SCENES.length).join('')}concat=n=${SCENES.length - first}[b]`,
    `${counterPicture(size)},split[c0][c1]`,
    `[c0]trim=end_frame=${change}[ca]`,
    `[c1]trim=start_frame=${change}:end_frame=${DEMO_TRUTH.frames},setpts=PTS-STARTPTS[cb]`,
    `[a][ca]overlay=x=0:y=0,fade=t=out:start_frame=${DEMO_TRUTH.fade!.startFrame}:nb_frames=${length / 2}[fa]`,
    `[b][cb]overlay=x=0:y=0,fade=t=in:start_frame=0:nb_frames=${length / 2}[fb]`,
    `[fa][fb]concat=n=2,trim=end_frame=${Math.round(size.durationSeconds * DEMO_FPS)},${flashes()},setsar=1[video]`,
    `${beeps(tones[0], size.durationSeconds)}[beepA]`,
    `${beeps(tones[1], size.durationSeconds)}[beepB]`,
  ].join(';');
}

function scenePicture(scene: Scene, size: DemoSize, frames: number): string {
  const enlarge = `scale=${size.widthPx}:${size.heightPx}:flags=${scene.flags}:out_color_matrix=bt709:out_range=tv`;
  const steps = [
    `${scene.source}:rate=${DEMO_FPS}`,
    `trim=end_frame=${frames}`,
    scene.move,
    enlarge,
    'format=yuv420p',
    'setsar=1',
    `settb=1/${DEMO_FPS}`,
    'setpts=N',
  ];
  return steps.filter(Boolean).join(',');
}

/** Time and frame number, cut out of the corner of a test picture, which draws its digits without any font. */
function counterPicture(size: DemoSize): string {
  const even = (px: number) => 2 * Math.round(px / 2);
  const box = `${even(size.widthPx * 0.21)}:${even(size.heightPx * 0.128)}`;
  return `testsrc2=size=480x270:rate=${DEMO_FPS},crop=104:38:0:0,scale=${box}:flags=${blocky}:out_color_matrix=bt709:out_range=tv,format=yuv420p,settb=1/${DEMO_FPS},setpts=N`;
}

function flashes(): string {
  const period = 2 * DEMO_FPS;
  return `drawbox=c=white:t=fill:enable='gte(n,${DEMO_FPS})*lt(mod(n-${DEMO_FPS},${period}),${DEMO_TRUTH.flashLengthFrames})'`;
}

/** Beeps that begin with their loudest sample exactly on every odd second. */
function beeps(toneHz: number, durationSeconds: number): string {
  const wave = `if(gte(t,1)*lt(mod(t-1,2),${DEMO_TRUTH.beepSeconds}),0.5*cos(2*PI*${toneHz}*(t-1)),0)`;
  return `aevalsrc=exprs='${wave}|${wave}':sample_rate=${DEMO_SAMPLE_RATE}:channel_layout=stereo:duration=${durationSeconds}`;
}
