import type { ErrorCode } from '../../model/error-codes.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { AssembleInput } from './assemble-rendition.ts';
import { placeOfFrame } from './places.ts';

export type ValidateRenditionInput = Omit<AssembleInput, 'title' | 'chapters' | 'outKey'> & {
  /** The finished file. */
  readonly objectKey: string;
};

/** A fault of the finished file, with its place in words. */
export function renditionFault(input: ValidateRenditionInput, message: string, frame: number | null = null, code: ErrorCode = 'SL-304'): ScenelineError {
  const place = frame === null ? '' : ` at ${placeOfFrame(frame, input.ptsTicks, input.plan)}`;
  const evidence = { objectKeys: [input.objectKey], ...(frame === null ? {} : { firstBadFrame: frame }) };
  return new ScenelineError(code, `Rendition ${input.rung.name}${place}: ${message}.`, { evidence });
}
