import type { ChunkQuality } from './quality.ts';

/** One proven result: a chunk at one rung. Found again by its content address. */
export type EncodedChunk = {
  readonly address: string;
  /** fMP4, one fragment per segment. */
  readonly objectKey: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly frameCount: number;
  /** 32×18 luma of every picture fed to the encoder, `frameCount * 576` bytes. */
  readonly fingerprintKey: string;
  /** SHA-256 of the sample description; must be the same over a rendition. */
  readonly headerSha256: string;
  /** The attempt that made it. */
  readonly attemptId: string;
  /** Missing where it was recorded before pictures were scored, and where the ffmpeg cannot score. Never decides anything. */
  readonly quality?: ChunkQuality;
};
