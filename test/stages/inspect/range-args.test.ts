import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileInput } from '../../../src/model/media-input.ts';
import { complaintArgs, rangeArgs } from '../../../src/stages/inspect/range-args.ts';
import { videoTrack } from '../../support/video-track.ts';

const VIDEO = videoTrack({
  streamIndex: 2,
  timeBase: { num: 1, den: 90_000 },
  color: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt2020nc', range: 'pc' },
});
const WHOLE = { entryPtsTicks: null, startPtsTicks: null, endPtsTicks: null };

function graphOf(args: readonly string[]): string {
  return args[args.indexOf('-filter_complex') + 1];
}

test('a whole film is neither entered nor trimmed', () => {
  const args = rangeArgs(fileInput('/film.mp4'), VIDEO, WHOLE, 0);
  assert.equal(args.includes('-ss'), false);
  assert.doesNotMatch(graphOf(args), /trim/);
});

test('a range is entered half a tick late and chosen by whole ticks', () => {
  const args = rangeArgs(fileInput('/film.mp4'), VIDEO, { entryPtsTicks: 232_500, startPtsTicks: 232_500, endPtsTicks: 457_500 }, 7500);
  assert.deepEqual(args.slice(0, 6), ['-copyts', '-noaccurate_seek', '-seek_timestamp', '1', '-ss', '2.583339']);
  assert.ok(args.indexOf('-noautorotate') < args.indexOf('-i'), 'the decoder is told not to turn the picture');
  assert.deepEqual(args.slice(args.indexOf('-threads'), args.indexOf('-threads') + 2), ['-threads', '1']);
  assert.match(graphOf(args), /^\[0:2\]trim=start_pts=232500:end_pts=457500,split=4\[exact\]/);
});

test('hashes are of the decoded picture: nothing but the choice of frames stands before them', () => {
  const graph = graphOf(rangeArgs(fileInput('/film.mp4'), { ...VIDEO, rotationDegrees: 90 }, WHOLE, 0));
  const [first] = graph.split(';');
  assert.equal(first, '[0:2]split=4[exact][all][any][looks]');
});

test('pictures are turned upright after they were made small', () => {
  const graph = graphOf(rangeArgs(fileInput('/film.mp4'), { ...VIDEO, rotationDegrees: 90 }, WHOLE, 0));
  assert.match(graph, /\[all\]scale=1920:1080:[^,]*,field=type=top,field=type=top,scale=36:64:[^;]*,format=gray,transpose=clock\[luma\]/);
  assert.match(graph, /\[small\]scale=284:160:[^;]*,format=yuvj420p,transpose=clock\[jpeg\]/);
  assert.match(graph, /\[wide\]scale=16:1080:[^;]*format=gray\[rows\]/, 'bars are looked for in the stored picture');
});

test('every output keeps every time', () => {
  const args = rangeArgs(fileInput('/film.mp4'), VIDEO, WHOLE, 0);
  assert.equal(args.filter((arg) => arg === 'passthrough').length, 5);
  assert.equal(args.filter((arg) => arg === '1:90000').length, 5);
  assert.ok(args.join(' ').includes('in_color_matrix=bt2020') && graphOf(args).includes('in_range=pc'));
});

test('looking for damage decodes as a range is decoded and keeps nothing', () => {
  const args = complaintArgs(fileInput('/film.mp4'), VIDEO, { entryPtsTicks: null, startPtsTicks: null, endPtsTicks: 90 });
  assert.deepEqual(args.slice(args.indexOf('-threads'), args.indexOf('-threads') + 2), ['-threads', '1']);
  assert.match(graphOf(args), /^\[0:2\]trim=end_pts=90\[out\]$/);
  assert.deepEqual(args.slice(-3), ['-f', 'null', '-']);
});
