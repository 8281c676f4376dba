import type { JobHandlers } from '../job-handlers.ts';
import { assembleHandler, packageHandler, publishHandler } from './deliver.ts';
import { type HandlerDeps, titleFilesReader } from './deps.ts';
import { encodeHandler } from './encode.ts';
import { inspectAudioHandler, inspectRangeHandler, scanHandler, stitchHandler } from './inspect.ts';
import { planHandler } from './plan.ts';
import { audioHandler, textHandler } from './tracks.ts';

/** Every kind of job with the stages that carry it out. */
export function createHandlers(deps: HandlerDeps): JobHandlers {
  const titleFiles = titleFilesReader(deps);
  return {
    scan: scanHandler(deps),
    'inspect-range': inspectRangeHandler(deps),
    'inspect-audio': inspectAudioHandler(deps),
    stitch: stitchHandler(deps),
    plan: planHandler(deps),
    encode: encodeHandler(deps, titleFiles),
    audio: audioHandler(deps, titleFiles),
    text: textHandler(deps, titleFiles),
    assemble: assembleHandler(deps, titleFiles),
    package: packageHandler(deps, titleFiles),
    publish: publishHandler(deps, titleFiles),
  };
}
