import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JOB_KINDS } from '../../src/model/job.ts';
import { STAGE_NAMES } from '../../src/model/stage.ts';
import { TITLE_FLOW } from '../../src/pipeline/title-flow.ts';

test('the flow and the folders of the stages name the same steps', () => {
  const folders = readdirSync(join(import.meta.dirname, '../../src/stages'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(TITLE_FLOW.map(({ step }) => step).sort(), folders.map(({ name }) => name).sort());
});

test('the flow has the stages of the model in their order', () => {
  assert.deepEqual(
    TITLE_FLOW.map(({ step }) => step),
    STAGE_NAMES,
  );
});

test('every kind of job carries out a step, and every step says in one sentence what it does', () => {
  const kinds = new Set<string>(TITLE_FLOW.flatMap(({ jobKinds }) => jobKinds));
  assert.deepEqual(kinds, new Set(JOB_KINDS));
  for (const { does } of TITLE_FLOW) assert.match(does, /^[A-Z][^.]+\.$/);
});
