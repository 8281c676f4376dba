import { PICTURE_BYTES } from '../../model/frame-index.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { checkPicture } from './checks.ts';
import { decodeKeyPictures } from './key-pictures.ts';
import { renditionFault, type ValidateRenditionInput } from './rendition-fault.ts';
import { idrFrames } from './rendition-tracks.ts';
import { ObjectInTurn } from './stored-objects.ts';

/** Errors in levels of 8-bit luma, mean over a 32×18 picture. */
export type PictureProof = { readonly compared: number; readonly largestError: number; readonly meanError: number };

/** Decodes every IDR of the finished file, those after joins among them, and holds each to the fingerprint of the picture that the encoder was fed. */
export async function provePictures(input: ValidateRenditionInput, path: string, ctx: StageContext): Promise<PictureProof> {
  const frames = idrFrames(input.plan);
  const fingerprints = new ObjectInTurn(ctx);
  const fedAt = fingerprintReader(input, fingerprints);
  let largestError = 0;
  let errorSum = 0;
  let compared = 0;
  const onPicture = async (seen: Uint8Array, index: number): Promise<void> => {
    if (index >= frames.length) throw renditionFault(input, `more than ${frames.length} key pictures come out of the decoder`);
    const frame = frames[index];
    const before = frame === 0 ? null : await fedAt(frame - 1);
    const { error, message } = checkPicture(seen, await fedAt(frame), before);
    if (message !== null) throw renditionFault(input, message, frame);
    largestError = Math.max(largestError, error);
    errorSum += error;
    compared++;
  };
  const complaints = await decodeKeyPictures({ path, heightPx: input.rung.heightPx }, onPicture, ctx).finally(() => fingerprints.close());
  if (complaints.length > 0) throw renditionFault(input, `the decoder reports: ${complaints[0]}`);
  if (compared !== frames.length) throw renditionFault(input, `${compared} of ${frames.length} key pictures come out of the decoder`);
  return { compared, largestError: rounded(largestError), meanError: rounded(errorSum / compared) };
}

/** Fingerprints by frame number, asked for in ascending order. Only those asked for are read. */
function fingerprintReader(input: ValidateRenditionInput, fingerprints: ObjectInTurn): (frame: number) => Promise<Uint8Array> {
  const { chunks } = input.plan;
  let at = 0;
  return async (frame) => {
    while (frame >= chunks[at].endFrameExclusive) at++;
    const index = frame < chunks[at].startFrame ? at - 1 : at;
    const { startFrame, endFrameExclusive } = chunks[index];
    const key = input.chunks[index].fingerprintKey;
    const source = await fingerprints.source(key);
    const wantedBytes = (endFrameExclusive - startFrame) * PICTURE_BYTES;
    if (source.sizeBytes !== wantedBytes) throw renditionFault(input, `${key} has ${source.sizeBytes} bytes where ${wantedBytes} are needed`, frame);
    const start = (frame - startFrame) * PICTURE_BYTES;
    return source.read(start, start + PICTURE_BYTES);
  };
}

function rounded(error: number): number {
  return Math.round(error * 1000) / 1000;
}
