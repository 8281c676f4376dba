import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseS3Url, writeS3Url } from '../../../../src/adapters/cluster/s3/s3-url.ts';
import { endingOf } from '../../../../src/adapters/cluster/s3/seal-sources.ts';
import { mangledTexts } from '../../../support/mangle-text.ts';

test('an address is a bucket and a key, taken as they are written', () => {
  for (const [url, bucket, key] of [
    ['s3://films/a.mkv', 'films', 'a.mkv'],
    ['s3://my.films-1/2026/Жизнь 影 %2e%2e?v=1#x.mov', 'my.films-1', '2026/Жизнь 影 %2e%2e?v=1#x.mov'],
    ['s3://abc/...', 'abc', '...'],
  ]) {
    assert.deepEqual(parseS3Url(url), { bucket, key });
    assert.equal(writeS3Url(parseS3Url(url)), url);
  }
});

test('what is no address is refused with words', () => {
  const hostile = [
    '',
    's3://',
    's3://films',
    's3://films/',
    's3:///a',
    'S3://films/a',
    'https://films/a',
    ' s3://films/a',
    's3://fi/a',
    's3://Films/a',
    's3://films_x/a',
    's3://-films/a',
    's3://films./a',
    's3://a..b/a',
    's3://a.-b/a',
    's3://user:secret@films/a',
    's3://films:9000/a',
    `s3://${'a'.repeat(64)}/a`,
    's3://films//a',
    's3://films/a/',
    's3://films/a//b',
    's3://films/.',
    's3://films/..',
    's3://films/../other/a',
    's3://films/a/../../b',
    's3://films/a\nb',
    's3://films/a\0b',
    's3://films/\ud800',
    `s3://films/${'ä'.repeat(513)}`,
    `s3://films/${'a/'.repeat(100_000)}a`,
  ];
  for (const url of hostile) assert.throws(() => parseS3Url(url), { code: 'SL-101' }, JSON.stringify(url.slice(0, 80)));
  for (const url of mangledTexts('s3://films/2026/a.mkv', 2000)) {
    try {
      const { bucket, key } = parseS3Url(url);
      assert.match(bucket, /^[a-z0-9.-]{3,63}$/);
      assert.ok(!key.split('/').some((part) => part === '' || part === '.' || part === '..'));
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'SL-101');
    }
  }
});

test('an ending is a short word behind the last dot, or nothing', () => {
  for (const [path, ending] of [
    ['/films/A b.MKV', '.mkv'],
    ['s3://films/a.tar.mp4', '.mp4'],
    ['/films.d/a', ''],
    ['/a.m p', ''],
    ['/a.\r\nX-Evil: 1', ''],
    ['/a.verylongending', ''],
    ['', ''],
  ]) {
    assert.equal(endingOf(path), ending);
  }
});
