import type { Report } from '../../src/model/report.ts';

/** A valid report of an empty title. */
export function exampleReport(changes: Partial<Report> = {}): Report {
  return {
    generator: 'sceneline',
    version: 1,
    title: 'film-00000000',
    revision: 'r1',
    protection: 'none',
    source: { path: '/film.mp4', sha256: '00', sizeBytes: 1, facts: {}, frames: 0, timeBase: { num: 1, den: 24 }, audio: [] },
    encoderBuild: 'build',
    findings: [],
    shots: [],
    chunks: [],
    plan: { videoStartTicks: 0, audio: [], text: [] },
    renditions: [],
    package: { hls: 'package/master.m3u8', dash: 'package/manifest.mpd', tracks: [] },
    files: [],
    cost: {
      wallSeconds: 0,
      cpuSeconds: { ingest: 0, inspect: 0, plan: 0, encode: 0, validate: 0, assemble: 0, package: 0, publish: 0 },
      framesEncoded: 0,
      framesReused: 0,
      attempts: 0,
      losses: 0,
    },
    ...changes,
  };
}
