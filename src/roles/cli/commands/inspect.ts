import type { Command } from 'commander';
import { ROLE_WORDS } from '../../../media/cmaf/role.ts';
import type { Inspection } from '../../../model/inspection.ts';
import type { AudioTrack } from '../../../model/source.ts';
import { inspectSource } from '../../../pipeline/inspect-source.ts';
import { sealSource } from '../../../stages/ingest/seal.ts';
import { openLaptop } from '../../all-in-one.ts';
import { ensureMediaTools } from '../../doctor/ensure-media-tools.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, stateFolder } from '../options.ts';
import { ProgressView } from '../progress.ts';
import { findingLines } from '../summary.ts';
import { formatSeconds, printable } from '../terminal.ts';

export function inspectCommand(command: Command, invocation: Invocation): void {
  command.argument('<SOURCE>', 'master video file').action(async (source: string, options: CommonOptions) => {
    const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);
    const seal = await sealSource(source, () => {}, invocation.signal);
    const tools = await ensureMediaTools(invocation.env, say);
    const laptop = await openLaptop(stateFolder(options, invocation.env));
    try {
      let frames = 0;
      const onFrames = (done: number) => {
        frames = done;
      };
      const view = new ProgressView(process.stderr, async () => ({ stage: 'inspect', jobsDone: 0, jobsTotal: 0, framesDone: frames, framesTotal: 0 }));
      view.start();
      const request = { deps: { ...laptop, tools }, seal, attemptId: laptop.random.id(), signal: invocation.signal, onFrames };
      const outcome = await inspectSource(request).finally(() => view.stop());
      if (options.json) process.stdout.write(`${JSON.stringify({ source: seal, ...outcome })}\n`);
      else if (outcome.inspection) process.stdout.write(`${describe(outcome.inspection)}\n`);
      if (outcome.refused) {
        invocation.setStatus(3);
        process.stderr.write(`The source is refused:\n${findingLines(outcome.findings).join('\n')}\n`);
      }
    } finally {
      laptop.close();
    }
  });
}

function roleOf({ role }: Pick<AudioTrack, 'role'>): string {
  return role === undefined ? '' : ` (${ROLE_WORDS[role].label})`;
}

function describe(inspection: Inspection): string {
  const { facts, audio } = inspection;
  const { video } = facts;
  const lines = [`${printable(facts.container)}, ${formatSeconds(facts.durationSeconds)}${facts.title ? `, "${printable(facts.title)}"` : ''}`];
  if (video) {
    const turned = video.rotationDegrees ? `, turned ${video.rotationDegrees}°` : '';
    lines.push(
      `video  ${video.codec} ${video.profile}, ${video.widthPx}×${video.heightPx}${turned}, ${video.nominalFps.toFixed(3)} fps, ${video.pixelFormat}, ${video.color.primaries}/${video.color.transfer}/${video.color.matrix}, ${inspection.frameCount} frames`,
    );
  }
  for (const track of facts.audio) {
    const heard = audio.find((entry) => entry.streamIndex === track.streamIndex);
    const loudness = heard?.loudnessLufs === null || heard === undefined ? 'silent' : `${heard.loudnessLufs.toFixed(1)} LUFS`;
    lines.push(`audio  ${track.codec} ${track.channelLayout} ${track.sampleRate} Hz, ${printable(track.language)}${roleOf(track)}, ${loudness}`);
  }
  for (const track of facts.text) lines.push(`text   ${track.codec}, ${printable(track.language)}${roleOf(track)}`);
  if (video) lines.push('', `${inspection.shots.length} shots:`);
  for (const shot of inspection.shots)
    lines.push(`  ${shot.startSeconds.toFixed(3).padStart(10)} s  frames ${shot.startFrame} to ${shot.endFrameExclusive - 1}`);
  if (inspection.findings.length > 0) lines.push('', ...findingLines(inspection.findings));
  return lines.join('\n');
}
