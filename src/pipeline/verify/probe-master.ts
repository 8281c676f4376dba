import { fileInput } from '../../model/media-input.ts';
import type { SourceFacts } from '../../model/source.ts';
import { firstPictureArgs, parseFirstPicture, wantsFirstPicture, withFirstPicture } from '../../stages/inspect/first-picture.ts';
import { PROBE_LIMITS } from '../../stages/inspect/limits.ts';
import { DocumentBytes, parseProbeDocument, probeArgs } from '../../stages/inspect/probe-document.ts';
import { readFacts } from '../../stages/inspect/source-facts.ts';
import type { VerifyWorld } from './master-pictures.ts';

/** Facts of the master, read from it and not from any report. Throws RangeError when it has neither pictures nor sound, SL-301 when it cannot be read. */
export async function probeMaster(sourcePath: string, { tools, scratchDir, signal }: VerifyWorld): Promise<SourceFacts> {
  const source = fileInput(sourcePath);
  const ask = async (args: readonly string[]): Promise<string> => {
    const document = new DocumentBytes();
    const outputs = { 1: (bytes: Uint8Array) => document.write(bytes) };
    await tools.run({ tool: 'ffprobe', args, outputs, cwd: scratchDir, limits: PROBE_LIMITS, signal });
    return document.text;
  };
  const probed = readFacts(parseProbeDocument(await ask(probeArgs(source))));
  const asked = wantsFirstPicture(probed) ? parseFirstPicture(await ask(firstPictureArgs(source, probed.facts.video!.streamIndex))) : null;
  const { facts } = asked ? withFirstPicture(probed, asked) : probed;
  const { video } = facts;
  if (video === null ? facts.audio.length === 0 : video.timeBase.num < 1) throw new RangeError('the master has no picture track');
  return facts;
}
