/** Frames of one camera take, `[startFrame, endFrameExclusive)` in presentation order. */
export type Shot = {
  readonly startFrame: number;
  readonly endFrameExclusive: number;
  readonly startSeconds: number;
};
