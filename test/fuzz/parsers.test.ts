import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLongRuns, fuzzParser, PARSERS, type Parser } from './parsers.ts';

const INPUTS = 3000;

for (const parser of PARSERS) {
  test(`${parser.name}: mangled input is read or refused, soon`, async () => {
    const { fault } = await fuzzParser(parser, 20, INPUTS);
    assert.equal(fault, null, `${fault?.words}\ncorpus line: ${fault?.line}`);
  });
}

for (const parser of PARSERS) {
  test(`${parser.name}: long runs of one thing are read in proportion to their length`, () => checkLongRuns(parser));
}

test('a parser that looks again from each blank of a long run is found out', async () => {
  const feed = (input: Uint8Array) =>
    Buffer.from(input)
      .toString('latin1')
      .replace(/[ \t]+$/gm, '');
  await assert.rejects(checkLongRuns({ name: 'slow', seeds: () => [Buffer.from('abcdef')], feed }), /times the CPU/);
});

test('a parser that trips over a letter is found out', async () => {
  const feed = (input: Uint8Array) => {
    if (input.includes(0x3c)) throw new TypeError('tripped');
  };
  const broken: Parser = { name: 'broken', seeds: () => [Buffer.from('abcdefgh')], feed };
  const { fault } = await fuzzParser(broken, 1, INPUTS);
  assert.match(fault?.words ?? '', /tripped/);
});
