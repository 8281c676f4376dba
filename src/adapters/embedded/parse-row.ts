import { ScenelineError } from '../../model/errors.ts';

/** The JSON of a row that `what` names. Throws SL-906 when it is none, or not what `isWhole` asks of it. */
export function parseRow<T>(what: string, text: unknown, isWhole: (value: T) => boolean = () => true): T {
  const damaged = (cause?: unknown) => new ScenelineError('SL-906', `The row of ${what} is damaged.`, { cause });
  let value: T;
  try {
    value = JSON.parse(String(text));
  } catch (error) {
    throw damaged(error);
  }
  if (value === null || typeof value !== 'object' || !isWhole(value)) throw damaged();
  return value;
}
