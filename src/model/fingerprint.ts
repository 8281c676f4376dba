/**
 * Makes the 32×18 luma fingerprint of the picture that enters these ffmpeg filters. One definition for what is fed, what is encoded and what is verified:
 * only pictures made the same way can be held to each other. Part of every content address.
 */
export const FINGERPRINT_FILTERS = ['scale=32:18:flags=area+accurate_rnd+bitexact', 'format=yuv420p', 'extractplanes=y', 'format=gray'] as const;
