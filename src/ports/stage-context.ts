import type { StageName } from '../model/stage.ts';
import type { BlobStore } from './blob-store.ts';
import type { Clock } from './clock.ts';
import type { Files } from './files.ts';
import type { MediaTools } from './media-tools.ts';

/** What a stage gets besides its input. Nothing else of the world is visible to it. */
export type StageContext = {
  readonly tools: MediaTools;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly files: Files;
  /** Id of this attempt: new objects go under keys that contain it. */
  readonly attemptId: string;
  /** An empty folder of this attempt's own, removed afterwards. */
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  /** Frames of this job done so far. */
  readonly onFrames: (frames: number) => void;
  /** Adds to the cost of a stage. */
  readonly spend: (stage: StageName, cpuSeconds: number) => void;
  /** To be called between steps that each hold tables of a whole title: gives back what the last one has left. */
  readonly reclaimMemory: () => void;
};
