import { decodeAs } from '../../media/subtitles/decode-text.ts';
import { readSubtitles } from '../../media/subtitles/read.ts';
import { normaliseCues } from '../../media/webvtt/normalise.ts';
import type { TextPlan } from '../../model/plan.ts';
import { type Sidecar, sidecarKey } from '../../model/sidecar.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { storeText, type TextObject } from './text.ts';

export type SidecarInput = { readonly sidecar: Sidecar; readonly text: TextPlan; readonly outKey: string };

/**
 * Makes the WebVTT file of a sealed sidecar. Its zero is that of the title, as in a player that is given film and file.
 * Throws SL-905 when its bytes are gone from the store.
 */
export async function convertSidecar({ sidecar, text, outKey }: SidecarInput, ctx: StageContext): Promise<TextObject> {
  const bytes = await ctx.blobs.read(sidecarKey(sidecar.sha256));
  return storeText(normaliseCues(readSubtitles(decodeAs(bytes, sidecar.encoding), sidecar.form), 0), { text, outKey }, ctx);
}
